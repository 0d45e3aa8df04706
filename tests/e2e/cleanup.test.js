'use strict';
/*
 * When a session ends, however it ends, nothing of it remains: no follow, no audience, no buffer, no descriptor.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { Program } = require('./lib/program.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');

const CLIENTS = 40;
const CLOSED = (reason) => `spectate_sessions_closed_total{reason="${reason}"}`;

/* Clients in a ring: each follows itself, the next, and runner 1000, and each has published. */
async function ring(server, count = CLIENTS) {
  const clients = await server.clients(count);
  for (const [i, client] of clients.entries()) client.follow([i, (i + 1) % count, 1000]);
  await Promise.all(clients.map((client) => client.ping()));
  for (const [i, client] of clients.entries()) client.publish(i, i, i);
  await Promise.all(clients.map((client) => client.take(2)));
  return clients;
}

const WAYS_TO_GO = {
  'a close frame': { leave: (client) => client.close(1000, 'bye'), reason: 'client_close' },
  'the end of its stream': { leave: (client) => client.socket.end(), reason: 'client_gone' },
  'its socket destroyed': { leave: (client) => client.socket.destroy(), reason: 'client_gone' },
  'a reset': { leave: (client) => client.socket.resetAndDestroy(), reason: 'reset' },
  'a frame that breaks the rules': {
    leave: (client) => client.socket.write(Buffer.from([0xff, 0xff])),
    reason: 'bad_frame',
  },
};

forEachWorkerCount((workers, args) => {
  for (const [name, { leave, reason }] of Object.entries(WAYS_TO_GO)) {
    test(`when half of the clients leave by ${name}, nothing of them remains and the others see all${workers}`, async (t) => {
      const server = await startServer(t, args);
      const before = server.descriptors();
      const clients = await ring(server);
      const [leaving, staying] = [clients.slice(0, CLIENTS / 2), clients.slice(CLIENTS / 2)];
      for (const client of leaving) leave(client);
      await server.showsMetrics({
        [CLOSED(reason)]: leaving.length,
        spectate_sessions: staying.length,
        spectate_followers: staying.length,
        spectate_connections: staying.length + 1,
        spectate_queued_bytes: 0,
      });
      staying[0].publish(1000, 1, 2);
      for (const client of staying) assert.deepStrictEqual(await client.next(), { userId: 1000, lat: 1, lng: 2 });
      for (const client of staying) leave(client);
      const values = await server.becomesIdle();
      assert.strictEqual(values.get(CLOSED(reason)), CLIENTS);
      assert.strictEqual(values.get('spectate_sessions_opened_total'), CLIENTS);
      await server.descriptorsFallTo(before);
    });
  }

  test(`when client processes are killed in the middle of a flood, nothing of them remains${workers}`, async (t) => {
    const server = await startServer(t, [...args, '--max-messages-per-second', '0']);
    const before = server.descriptors();
    const crowd = path.join(__dirname, 'lib/crowd_main.js');
    const processes = Array.from({ length: 4 }, () => new Program(process.execPath, [crowd, server.url, '25']));
    t.after(() => processes.forEach((program) => program.kill('SIGKILL')));
    await server.showsMetrics({ spectate_sessions: 100, spectate_followers: 100 });
    await Promise.all(processes.map((program) => program.printed(/flooding/, 'stdout')));
    const witness = await server.client();
    for (const program of processes.slice(0, 2)) program.kill('SIGKILL');
    await server.showsMetrics({ spectate_sessions: 51, spectate_followers: 50 });
    for (const program of processes.slice(2)) program.kill('SIGKILL');
    await Promise.all(processes.map((program) => program.ended()));
    await witness.settle();
    witness.destroy();
    await server.becomesIdle();
    await server.descriptorsFallTo(before);
  });

  test(`clients that break off while they are written to, or in the middle of a message, leave nothing${workers}`, async (t) => {
    const server = await startServer(t, [...args, '--max-messages-per-second', '0']);
    const before = server.descriptors();
    const publisher = await server.client();
    const half = frames.text('x'.repeat(5000)).subarray(0, 3000);
    for (let round = 0; round < 20; round++) {
      const peers = await Promise.all(
        Array.from({ length: 5 }, () => server.rawSession(frames.text({ initialRequest: true, following: [1] }))),
      );
      await Promise.all(peers.map((peer) => peer.write(half)));
      for (let i = 0; i < 20; i++) publisher.publish(1, i, round);
      for (const peer of peers) peer.socket.resetAndDestroy();
      for (let i = 0; i < 20; i++) publisher.publish(1, i, round);
    }
    await publisher.close(1000);
    await server.becomesIdle();
    await server.descriptorsFallTo(before);
  });

  test(`connections that come and go by the thousand leave nothing${workers}`, async (t) => {
    const server = await startServer(t, args);
    const before = server.descriptors();
    for (let round = 0; round < 10; round++) {
      const clients = await server.clients(100);
      for (const [i, client] of clients.entries()) client.follow([i, round]);
      for (const client of clients) client.publish(round, 1, 1);
      for (const client of clients) client.destroy();
    }
    const values = await server.becomesIdle();
    assert.strictEqual(values.get('spectate_sessions_opened_total'), 1000);
    await server.descriptorsFallTo(before);
  });
});

test('a client that does not answer a close frame is cut off', async (t) => {
  const server = await startServer(t, ['--close-timeout', '200ms', '--max-faults', '1']);
  const peer = await server.rawSession(frames.text('x'), frames.text('x'));
  await peer.message();
  await peer.message();
  assert.strictEqual((await peer.closeFrame()).code, 1008);
  await peer.ended();
  await server.becomesIdle();
});

test('a client that answers a close frame and does not end its stream is cut off', async (t) => {
  const server = await startServer(t, ['--close-timeout', '200ms']);
  const peer = await server.rawSession(frames.closeFrame(1000));
  await peer.closeFrame();
  await peer.ended();
  await server.becomesIdle();
});
