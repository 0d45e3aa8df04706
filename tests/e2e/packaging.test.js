'use strict';
/*
 * The unit for systemd, as systemd-analyze sees it, where that is installed.
 */
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { ROOT, SPECTATE } = require('./lib/program.js');
const { temporaryFile } = require('./lib/temporary.js');

const UNIT = path.join(ROOT, 'packaging/systemd/spectate.service');
const MOST_EXPOSED = 20; // of 100

const analyze = (...args) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const skip = analyze('--version').status !== 0 && 'no systemd-analyze';

test('the unit is one that systemd takes, and it takes away what the server does not need', { skip }, async (t) => {
  const unit = fs.readFileSync(UNIT, 'utf8').replace(/^ExecStart=\S+/m, `ExecStart=${SPECTATE}`);
  const file = temporaryFile(t, 'spectate.service', unit);
  const verified = analyze('verify', file);
  assert.deepStrictEqual([verified.status, verified.stderr], [0, '']);
  const exposed = analyze('security', '--offline=true', `--threshold=${MOST_EXPOSED}`, file);
  assert.strictEqual(exposed.status, 0, exposed.stdout);
});
