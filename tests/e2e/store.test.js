'use strict';
/*
 * Positions on disk: acknowledged once they are there, known after a restart, and no condition for what is live.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { hold } = require('./lib/held_file.js');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');
const { until } = require('./lib/wait.js');

const V1 = { protocols: ['spectate.v1'] };

async function join(server) {
  const client = await server.client(V1);
  client.welcome = await client.next();
  return client;
}

async function publish(client, message, stored = true) {
  client.send({ type: 'position', id: 'p', ...message });
  assert.deepStrictEqual(await client.next(), { type: 'ack', id: 'p', stored });
}

/* The newest of everybody, as one who comes now is told: { id: position }. */
async function newest(server) {
  const client = await join(server);
  const known = {};
  client.send({ type: 'follow', groups: ['*'] });
  for (;;) {
    const message = await client.next();
    assert.strictEqual(message.type, 'snapshot');
    for (const position of message.positions) known[position.userId] = position;
    if (message.cursor !== undefined) break;
  }
  client.ws.terminate();
  return known;
}

forEachWorkerCount((suffix, workers) => {
  test(`what was acknowledged is there after a power cut, with all that it says${suffix}`, async (t) => {
    const args = [...workers, '--data', path.join(temporaryFolder(), 'new')];
    const now = Date.now();
    const ann = { userId: 'ann', lat: -48.8568123, lng: 2.2927001, time: now - 5000, altitude: -35.25, speed: 3.75, battery: 0 };
    const seven = { userId: 7, lat: 1, lng: 2, time: now - 4000, accuracy: 4.5, heading: 359.99 };
    const first = await startServer(t, args);
    const runner = await join(first);
    assert.strictEqual(runner.welcome.store, true);
    await publish(runner, ann);
    await publish(runner, seven);
    await publish(runner, { ...seven, lat: 9, time: now - 4500 }); // late: of the track
    await publish(runner, { ...seven, lat: 9 }); // once more
    await first.cut();
    const second = await startServer(t, args);
    assert.deepStrictEqual(await newest(second), { ann, 7: seven });
    const again = await join(second);
    await publish(again, { ...seven, lat: 9 });
    await publish(again, { ...seven, lat: 3, time: now - 3000 });
    assert.deepStrictEqual(await newest(second), { ann, 7: { ...seven, lat: 3, time: now - 3000 } });
  });
});

test('a position of the prototype is kept too, but for one that lies nowhere', async (t) => {
  const args = ['--data', temporaryFolder()];
  const first = await startServer(t, args);
  const client = await first.client();
  client.follow([7, 8]);
  client.publish(7, 48.8568, 2.2927);
  client.publish(8, 100, 200);
  assert.strictEqual((await client.next()).userId, 7);
  assert.strictEqual((await client.next()).lat, 100);
  await first.showsMetrics({ spectate_store_positions_total: 2, spectate_store_passed_over_total: 1 });
  await first.cut();
  const known = await newest(await startServer(t, args));
  assert.deepStrictEqual(Object.keys(known), ['7']);
  assert.deepStrictEqual([known[7].lat, known[7].lng], [48.8568, 2.2927]);
});

test('who was silent before the restart is so after it', async (t) => {
  const args = ['--data', temporaryFolder(), '--stale-time', '100ms', '--lost-time', '200ms', '--publish-every-unfollowed', '0'];
  const first = await startServer(t, args);
  await publish(await join(first), { userId: 7, lat: 1, lng: 2 });
  await until(async () => (await newest(first))[7].status === 'lost', '7 to be lost');
  await first.cut();
  const second = await startServer(t, args);
  await until(async () => (await newest(second))[7].status === 'lost', '7 to be lost again');
});

test('an end in good order stores what nobody was told of yet', async (t) => {
  const args = ['--data', temporaryFolder(), '--store-gather', '1s'];
  const first = await startServer(t, args);
  const runner = await join(first);
  for (let i = 0; i < 1000; i++) runner.send({ type: 'position', userId: i, lat: 1, lng: 2 });
  runner.send({ type: 'ping', id: 'last' });
  await until(async () => (await runner.next()).type === 'pong', 'all to be read');
  await first.stop();
  const second = await startServer(t, args);
  assert.strictEqual(Object.keys(await newest(second)).length, 1000);
});

test('what was imported is as old as it says: nobody is live by it, nor shown after position-ttl', async (t) => {
  const data = temporaryFolder();
  const line = (userId, age) => `${JSON.stringify({ userId, lat: 1, lng: 2, time: Date.now() - age })}\n`;
  const file = temporaryFile(t, 'old.ndjson', line(1, 3600_000) + line(2, 48 * 3600_000));
  const imported = await spectate(['import', '--data', data, file]);
  assert.strictEqual(imported.code, 0, imported.stderr);
  const server = await startServer(t, ['--data', data]);
  assert.deepStrictEqual(Object.keys(await newest(server)), ['1']);
  await until(async () => (await newest(server))[1].status === 'lost', '1 to be lost at once, and not a minute after the start', 20_000);
});

test('a purely live server keeps nothing, and says so', async (t) => {
  const data = temporaryFolder();
  const server = await startServer(t, ['--data', data, '--store', 'none']);
  const runner = await join(server);
  assert.strictEqual(runner.welcome.store, false);
  await publish(runner, { userId: 7, lat: 1, lng: 2 }, false);
  assert.deepStrictEqual(fs.readdirSync(data), []);
  assert.strictEqual(await server.metric('spectate_store_well'), 0);
});

test('two servers do not share a folder', async (t) => {
  const data = temporaryFolder();
  await startServer(t, ['--data', data]);
  const second = new Program(SPECTATE, ['serve', '--listen', '127.0.0.1:0', '--data', data]);
  assert.strictEqual(await second.ended(), 3);
  assert.match(second.stderr, /^\S+ error store\.not_open .*spectate\.db: another process has it open$/m);
});

test('what is live does not wait for the disk; who wants to know is told that it is not stored', async (t) => {
  const data = temporaryFolder();
  const server = await startServer(t, ['--data', data, '--store-queue', '1000']);
  const [runner, spectator] = [await join(server), await join(server)];
  spectator.send({ type: 'follow', runners: [7] });
  assert.deepStrictEqual((await spectator.next()).positions, []);
  const holder = await hold(t, path.join(data, 'spectate.db'));
  runner.send({ type: 'position', id: 1, userId: 7, lat: 1, lng: 2 });
  assert.strictEqual((await spectator.next()).positions[0].lat, 1);
  for (let i = 0; i < 1001; i++) runner.send({ type: 'position', userId: 1, lat: 1, lng: 2 });
  runner.send({ type: 'position', id: 2, userId: 7, lat: 3, lng: 2 });
  assert.strictEqual((await spectator.next()).positions[0].lat, 3);
  const answers = [await runner.next(), await runner.next()];
  for (const id of [1, 2]) {
    const answer = answers.find((it) => it.id === id);
    assert.deepStrictEqual([answer.type, answer.code], ['error', 'not_stored']);
  }
  assert.match((await server.get('/readyz')).body, /^ready, but positions are not kept: another process holds the file/);
  holder.kill();
  await until(async () => {
    runner.send({ type: 'position', id: 3, userId: 7, lat: 4, lng: 2 });
    return (await runner.next()).type === 'ack';
  }, 'the disk to be there again');
  assert.strictEqual((await server.get('/readyz')).body, 'ready\n');
  server.endIsChecked = true; // the log has the errors that it should
  server.program.kill('SIGTERM');
  assert.strictEqual(await server.program.ended(), 0);
  assert.match(server.program.stderr, / error store\./);
});
