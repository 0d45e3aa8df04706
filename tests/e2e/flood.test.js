'use strict';
/*
 * The measurement of a flood of bad tokens, so small that it shows only that it works. Nothing about time is looked at.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { Program, ROOT, SPECTATE } = require('./lib/program.js');

test('a flood is measured, beside none and one elsewhere', async () => {
  const options = ['--rounds', '1', '--seconds', '1', '--rate', '500', '--least-share', '0', '--users', '5', '--positions', '20'];
  const run = new Program(path.join(ROOT, 'bench/flood/run'), [...options, '--build', path.dirname(SPECTATE)]);
  assert.strictEqual(await run.ended(), 0, run.stdout + run.stderr);
  assert.match(run.stderr, /^1 with  .*'refused': [1-9]/m);
  assert.match(run.stdout, /^\| without \| 0 (\| - ){5}(\| [\d.]+ ){5}\|$/m);
  for (const name of ['elsewhere', 'with'])
    assert.match(run.stdout, new RegExp(`^\\| ${name} (\\| [\\d.]+ ){11}\\|$`, 'm'));
  /* Nobody listens there, and all of it is told. */
  assert.match(run.stdout, /^\| elsewhere \| \d+ \| 0\.0 \| 0\.0 \| 0\.0 \| 100\.0 \| 0\.0 /m);
});

test('a flood that is slower than asked for is no result', async () => {
  const options = ['--rounds', '1', '--seconds', '1', '--rate', '100000000', '--users', '2', '--positions', '20'];
  const run = new Program(path.join(ROOT, 'bench/flood/run'), [...options, '--build', path.dirname(SPECTATE)]);
  assert.strictEqual(await run.ended(), 1, run.stdout + run.stderr);
  assert.match(run.stderr, /^NOT THE FLOOD THAT WAS ASKED FOR \(100000000 a second\): elsewhere, run 1: \d+ a second; with, run 1: \d+/m);
});
