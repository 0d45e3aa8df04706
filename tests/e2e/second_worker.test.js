'use strict';
/*
 * The measurement of what a second worker adds, so coarse that it shows only that it works, and puts away what it made; where
 * threads cannot be given shares of a core, that it says so. Nothing about time is looked at.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Program, ROOT, SPECTATE } = require('./lib/program.js');

const CANNOT = 3;
const TINY = ['--rounds', '1', '--followers', '5', '--runners', '5', '--percent', '10', '--p99-ms', '100000'];
const COARSE = ['--low', '100', '--high', '409600', '--per-doubling', '1'];

const groups = (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder).filter((it) => it.startsWith('spectate-bench-')) : []);

test('one worker and two are held to shares and compared, or it is said why not', async () => {
  const before = groups('/sys/fs/cgroup/cpu');
  const run = new Program(path.join(ROOT, 'bench/workers/run'), [...TINY, ...COARSE, '--build', path.dirname(SPECTATE)]);
  if ((await run.ended()) === CANNOT) {
    assert.match(run.stderr, /^skipped: threads cannot be given shares of a core here: ./m);
    return;
  }
  for (const count of [1, 2]) assert.match(run.stdout, new RegExp(`^\\| 1 \\| ${count} \\| [\\d,]+ \\|`, 'm'), run.stderr);
  assert.match(run.stdout, /^Two workers deliver [\d.]+ times what one delivers/m);
  assert.deepStrictEqual(groups('/sys/fs/cgroup/cpu'), before);
});
