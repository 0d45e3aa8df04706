'use strict';
/*
 * What operators learn of the store, and the copies that it makes for them.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Operators } = require('./lib/operators.js');
const { spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');
const { operatorsArgs } = require('./lib/tokens.js');

async function startWithOperators(t, args = []) {
  const server = await startServer(t, [...operatorsArgs(t), ...args]);
  return { server, operators: await Operators.of(server) };
}

async function publish(server, userId) {
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  client.send({ type: 'position', id: 1, userId, lat: 1, lng: 2, time: 1777626000000 });
  assert.strictEqual((await client.next()).stored, true);
}

test('operators see how the store is', async (t) => {
  const { server, operators } = await startWithOperators(t, ['--data', temporaryFolder(t)]);
  await publish(server, 7);
  await publish(server, 7);
  const { identity, boot, oldestMs, ...store } = await operators.get('/store');
  assert.match(identity, /^[0-9a-f]{16}$/);
  assert.strictEqual(boot, 1);
  assert.strictEqual(oldestMs, 0);
  assert.deepStrictEqual(store, { health: 'well', stored: 2, duplicates: 1, refused: 0, lost: 0, erased: 0, commits: 2, failures: 0, queued: 0, queuedJobs: 0 });
  const live = await startWithOperators(t);
  assert.deepStrictEqual(await live.operators.get('/store'), { health: 'none' });
  assert.strictEqual((await live.operators.ask('POST', '/backup', { name: 'a.db' })).status, 409);
});

test('a copy that operators ask for is whole, private, and takes no name that is taken', async (t) => {
  const data = temporaryFolder(t);
  const { server, operators } = await startWithOperators(t, ['--data', data]);
  await publish(server, 7);
  const file = path.join(data, 'backups', 'one-1.db');
  const { backup, bytes } = await operators.post('/backup', { name: 'one-1.db' });
  assert.strictEqual(backup, 'backups/one-1.db');
  assert.strictEqual(bytes, fs.statSync(file).size);
  assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600);
  assert.strictEqual(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
  const again = await operators.ask('POST', '/backup', { name: 'one-1.db' });
  assert.strictEqual(again.status, 409);
  assert.match(again.body, /there is a file of that name/);
  const restored = temporaryFolder(t);
  fs.copyFileSync(file, path.join(restored, 'spectate.db'));
  const { stdout } = await spectate(['export', '--data', restored]);
  assert.strictEqual(stdout, '{"userId":7,"lat":1,"lng":2,"time":1777626000000}\n');
  await operators.post('/backup', { name: 'two' });
});

test('a name leads nowhere else', async (t) => {
  const data = temporaryFolder(t);
  const { operators } = await startWithOperators(t, ['--data', data]);
  for (const name of ['', '.', '..', '../a', 'a/b', '/tmp/a', '.hidden', '-rf', 'a b', 'a\u0000b', 'é', 'x'.repeat(101)])
    assert.strictEqual((await operators.ask('POST', '/backup', { name })).status, 400, name);
  assert.strictEqual((await operators.ask('POST', '/backup', {})).status, 400);
  assert.strictEqual((await operators.ask('POST', '/backup', { name: 'a' }, null)).status, 401);
  assert.ok(!fs.existsSync(path.join(data, 'backups')));
});

test('where a copy can not be written, it is said, and the next one can be', async (t) => {
  const data = temporaryFolder(t);
  const { server, operators } = await startWithOperators(t, ['--data', data]);
  fs.writeFileSync(path.join(data, 'backups'), 'a file');
  const refused = await operators.ask('POST', '/backup', { name: 'a' });
  assert.strictEqual(refused.status, 503);
  assert.match(refused.body, /backups.*: .*(Not a directory|unable to open)/i);
  fs.rmSync(path.join(data, 'backups'));
  await operators.post('/backup', { name: 'a' });
  server.endIsChecked = true; // the log has the error that it should
  server.program.kill('SIGTERM');
  assert.strictEqual(await server.program.ended(), 0);
  assert.match(server.program.stderr, / error backup\.failed /);
});
