'use strict';
/*
 * The end of the server: clients are told, nothing pending is lost, and no client can hold it up.
 */
const assert = require('node:assert');
const net = require('node:net');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { inTime, until } = require('./lib/wait.js');

const GOING_AWAY = { code: 1001, reason: 'the server is going away' };

function connectionError(server) {
  const attempt = new Promise((resolve) => {
    const socket = net.connect({ host: server.host, port: server.port });
    socket.on('error', (error) => resolve(error.code));
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
  return inTime(attempt, () => 'a connection to be taken or refused');
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  forEachWorkerCount((workers, args) => {
    test(`on ${signal} all clients get 1001, and the server ends with status 0${workers}`, async (t) => {
      const server = await startServer(t, args);
      const clients = await server.clients(50);
      for (const client of clients) client.follow([1]);
      await Promise.all(clients.map((client) => client.ping()));
      server.program.kill(signal);
      for (const client of clients) assert.deepStrictEqual(await client.closed(), GOING_AWAY);
      await server.endsWith(0);
      assert.match(server.program.stderr, / server\.stopped /);
      assert.strictEqual(await connectionError(server), 'ECONNREFUSED');
    });
  });
}

test('a server without clients ends at once', async (t) => {
  const server = await startServer(t);
  server.program.kill('SIGTERM');
  await server.endsWith(0);
});

test('what was accepted before the signal is delivered before the close frame', async (t) => {
  const server = await startServer(t);
  const [runner, follower] = await server.clients(2);
  follower.follow([1]);
  await follower.ping();
  for (let i = 0; i < 100; i++) runner.publish(1, i, i);
  await runner.ping();
  server.program.kill('SIGTERM');
  assert.deepStrictEqual(await follower.closed(), GOING_AWAY);
  assert.deepStrictEqual(
    follower.texts.map((text) => JSON.parse(text).lat),
    [...Array(100).keys()],
  );
  await server.endsWith(0);
});

test('new connections are refused while it waits for the clients', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession();
  server.program.kill('SIGTERM');
  assert.strictEqual((await peer.closeFrame()).code, 1001);
  assert.strictEqual(await connectionError(server), 'ECONNREFUSED');
  await peer.write(frames.closeFrame(1001));
  await peer.ended();
  peer.socket.end();
  await server.endsWith(0);
});

test('a client that never answers does not hold it up for longer than shutdown-timeout', async (t) => {
  const server = await startServer(t, ['--shutdown-timeout', '300ms', '--close-timeout', '1h']);
  const silent = await server.rawSession();
  const deaf = await server.rawSession();
  const mute = await server.raw();
  deaf.socket.pause();
  server.program.kill('SIGTERM');
  assert.strictEqual((await silent.closeFrame()).code, 1001);
  await server.endsWith(0);
  mute.destroy();
});

test('a client that is behind does not hold it up', async (t) => {
  const server = await startServer(t, ['--shutdown-timeout', '500ms', '--max-messages-per-second', '0']);
  const stuck = await server.rawSession(frames.text({ initialRequest: true, following: [1] }));
  stuck.socket.pause();
  const publisher = await server.client();
  await until(async () => {
    for (let i = 0; i < 500; i++) publisher.publish(1, i, 0);
    await publisher.ping();
    return (await server.metric('spectate_behind_followers')) === 1;
  }, 'the reader to fall behind');
  server.program.kill('SIGTERM');
  await server.endsWith(0);
});

for (const [first, second] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
]) {
  test(`${second} after ${first} ends it at once, with status 1`, async (t) => {
    const server = await startServer(t, ['--shutdown-timeout', '1h', '--close-timeout', '1h']);
    const peer = await server.rawSession();
    server.program.kill(first);
    assert.strictEqual((await peer.closeFrame()).code, 1001);
    server.program.kill(second);
    await server.endsWith(1);
  });
}

test('HTTP connections, idle ones and ones in the middle of a request, do not hold it up', async (t) => {
  const server = await startServer(t, ['--shutdown-timeout', '1h', '--close-timeout', '1h']);
  const [idle, busy, fresh] = [await server.raw(), await server.raw(), await server.raw()];
  await idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await idle.httpAnswer();
  await busy.write('GET /heal');
  server.program.kill('SIGTERM');
  for (const peer of [idle, busy, fresh]) await peer.ended();
  await server.endsWith(0);
});

test('clients that are killed while the server writes to them do no harm', async (t) => {
  const server = await startServer(t, ['--max-messages-per-second', '0']);
  const publisher = await server.client();
  for (let round = 0; round < 10; round++) {
    const clients = await server.clients(10);
    for (const client of clients) client.follow([1]);
    await Promise.all(clients.map((client) => client.ping()));
    for (let i = 0; i < 300; i++) {
      publisher.publish(1, i, round);
      if (i % 30 === 0) clients[i / 30].socket.resetAndDestroy();
    }
    await publisher.ping();
  }
  server.program.kill('SIGTERM');
  assert.deepStrictEqual(await publisher.closed(), GOING_AWAY);
  await server.endsWith(0);
});

test('SIGPIPE does not end it', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  server.program.kill('SIGPIPE');
  await client.settle();
});
