'use strict';
/*
 * The client commands on a server that wants tokens: they show the one in a file, and print none.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const test = require('node:test');
const { track } = require('./lib/gpx.js');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');

async function startWithToken(t) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer));
  const token = await issuer.token({ publish: ['*'], follow: '*' });
  return { server, token, file: temporaryFile(t, 'token', `${token}\n`) };
}

const SIMULATE = ['simulate', '--users', '3', '--messages', '20'];

test('simulate, replay and watch show the token of a file', async (t) => {
  const { server, token, file } = await startWithToken(t);
  const shown = ['--url', server.url, '--token-file', file];
  const simulation = await spectate([...SIMULATE, ...shown]);
  assert.strictEqual(simulation.code, 0, simulation.stderr);
  const replay = await spectate(['replay', ...shown, '--speed', 'max', '--follow', '--quiet', temporaryFile(t, 'a.gpx', track(10))]);
  assert.strictEqual(replay.code, 0, replay.stderr);
  const watcher = new Program(SPECTATE, ['watch', ...shown, '7', '--count', '1']);
  t.after(() => watcher.kill('SIGKILL'));
  await server.showsMetrics({ spectate_followers: 1 });
  if (os.platform() === 'linux') assert.ok(!fs.readFileSync(`/proc/${watcher.pid}/cmdline`, 'utf8').includes(token));
  (await server.client(bearer(token))).publish(7, 1, 2);
  assert.strictEqual(await watcher.ended(), 0, watcher.stderr);
});

test('no command prints the token of a URL', async (t) => {
  const { server, token } = await startWithToken(t);
  const good = `${server.url}?token=${token}`;
  const nobody = `ws://127.0.0.1:1/?token=${token}`;
  const json = temporaryFile(t, 'report.json', '');
  const gpx = temporaryFile(t, 'a.gpx', track(2));
  const expectHidden = (text) => {
    assert.match(text, /\?token=\[redacted\]/);
    assert.ok(!text.includes(token), text);
  };
  const simulation = await spectate([...SIMULATE, '--url', good, '--json', json]);
  assert.strictEqual(simulation.code, 0, simulation.stderr);
  expectHidden(simulation.stdout + simulation.stderr);
  expectHidden(JSON.parse(fs.readFileSync(json, 'utf8')).url);
  for (const args of [SIMULATE, ['replay', gpx]]) {
    const failed = await spectate([...args, '--url', nobody]);
    assert.strictEqual(failed.code, 3);
    expectHidden(failed.stderr);
  }
});

test('a token file that is not there, or holds something else, is a matter of usage', async (t) => {
  for (const file of ['/nowhere/token', temporaryFile(t, 'token', 'a token\nof two lines\n')]) {
    const { code, stderr } = await spectate([...SIMULATE, '--token-file', file]);
    assert.strictEqual(code, 2);
    assert.ok(stderr.startsWith(`simulate: ${file}: `), stderr);
  }
});
