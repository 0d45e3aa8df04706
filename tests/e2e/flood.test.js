'use strict';
/*
 * The measurement of a flood of bad tokens, so small that it shows only that it works. Nothing about time is looked at.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { Program, ROOT, SPECTATE } = require('./lib/program.js');

test('a flood is measured, beside none and one elsewhere', async () => {
  const options = ['--rounds', '1', '--seconds', '1', '--rate', '500', '--users', '5', '--positions', '20'];
  const run = new Program(path.join(ROOT, 'bench/flood/run'), [...options, '--build', path.dirname(SPECTATE)]);
  assert.strictEqual(await run.ended(), 0, run.stdout + run.stderr);
  assert.match(run.stderr, /^1 with  .*'refused': [1-9]/m);
  for (const name of ['without', 'elsewhere', 'with'])
    assert.match(run.stdout, new RegExp(`^\\| ${name} (\\| [\\d.]+ ){5}\\|$`, 'm'));
});
