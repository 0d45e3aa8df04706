'use strict';
/*
 * The measurement of followers that stop reading, so small that it shows only that it works. Nothing about time is looked at.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { Program, ROOT, SPECTATE } = require('./lib/program.js');

test('sleepers wake to the newest, and nobody who reads misses anything', async () => {
  const options = ['--seconds', '1', '--pairs', '1', '--pair-seconds', '1', '--readers', '10', '--stalled', '6'];
  const run = new Program(path.join(ROOT, 'bench/stall/run'), [...options, '--build', path.dirname(SPECTATE)]);
  assert.strictEqual(await run.ended(), 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^\| missing at them; closed \| 0; 0 \|$/m);
  assert.match(run.stdout, /^\| of them woke to exactly the newest of each \| 3 \|$/m);
  assert.match(run.stdout, /^\| positions that came to them behind a newer one \| 0 \|$/m);
  for (const stalled of [0, 6])
    assert.match(run.stdout, new RegExp(`^\\| ${stalled} \\| [\\d.]+ \\| [\\d.]+ \\| [\\d.]+ \\| 0 \\|$`, 'm'));
});
