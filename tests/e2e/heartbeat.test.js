'use strict';
/*
 * The heartbeat: quiet sessions are asked for a sign of life, and the dead ones closed.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { startServer } = require('./lib/server.js');
const { until } = require('./lib/wait.js');

const QUICK = ['--heartbeat-interval', '200ms'];
const TIMED_OUT = 'spectate_sessions_closed_total{reason="heartbeat_timeout"}';

test('a client that does not answer two pings is closed with 1001', async (t) => {
  const server = await startServer(t, [...QUICK, '--close-timeout', '200ms']);
  const peer = await server.rawSession(frames.text({ initialRequest: true, following: [1] }));
  for (let i = 0; i < 2; i++) assert.strictEqual((await peer.frame()).opcode, frames.PING);
  assert.deepStrictEqual(await peer.closeFrame(), { code: 1001, reason: 'no sign of life' });
  await peer.ended();
  const values = await server.becomesIdle();
  assert.strictEqual(values.get(TIMED_OUT), 1);
});

test('clients that answer pings live on, as does one that sends anything else', async (t) => {
  const server = await startServer(t, QUICK);
  const answering = await server.client();
  const talking = await server.rawSession();
  for (let i = 0; i < 8; i++) {
    while ((await talking.frame()).opcode !== frames.PING);
    await talking.write(frames.frame(frames.PONG, 'of no use'));
  }
  await until(async () => (await server.metric('spectate_pings_sent_total')) >= 16, 'sixteen pings');
  const values = await server.metrics();
  assert.strictEqual(values.get(TIMED_OUT), 0);
  assert.strictEqual(values.get('spectate_sessions'), 2);
  await answering.settle();
});

test('a byte in the middle of a message is a sign of life', async (t) => {
  const server = await startServer(t, QUICK);
  const peer = await server.rawSession();
  const message = frames.text({ initialRequest: true, following: [1, 2, 3] });
  for (let i = 0; i < 10; i++) {
    assert.strictEqual((await peer.frame()).opcode, frames.PING);
    await peer.write(message.subarray(i, i + 1));
  }
  assert.strictEqual(await server.metric(TIMED_OUT), 0);
});

test('a client that talks all the time gets no ping', async (t) => {
  const server = await startServer(t, ['--heartbeat-interval', '5s']);
  const client = await server.client();
  client.follow([1]);
  const end = Date.now() + 300;
  for (let i = 0; Date.now() < end; i++) {
    client.publish(1, i, i);
    await client.next();
  }
  assert.strictEqual(await server.metric('spectate_pings_sent_total'), 0);
});

test('a client whose socket is full is slow, not dead', async (t) => {
  /* An interval in which a socket can be filled. */
  const server = await startServer(t, ['--heartbeat-interval', '1s', '--max-messages-per-second', '0']);
  const stuck = await server.rawSession(frames.text({ initialRequest: true, following: [1] }));
  stuck.socket.pause();
  const publisher = await server.client();
  await until(async () => {
    for (let i = 0; i < 500; i++) publisher.publish(1, i, 0);
    await publisher.ping();
    return (await server.metric('spectate_behind_followers')) === 1;
  }, 'the reader to fall behind');
  const silent = await server.rawSession();
  await server.showsMetrics({ [TIMED_OUT]: 1 });
  assert.strictEqual((await server.metrics()).get('spectate_followers'), 1);
  silent.destroy();
  publisher.publish(1, -1, -1);
  stuck.socket.resume();
  for (;;) {
    const frame = await stuck.frame();
    if (frame.opcode === frames.PING) await stuck.write(frames.frame(frames.PONG));
    else if (JSON.parse(frame.payload.toString()).lat === -1) break;
  }
});

test('who has answered a heartbeat is known to answer pings: when it stalls it is slow, not dead', async (t) => {
  const server = await startServer(t, ['--heartbeat-interval', '300ms', '--fresh-time', '200ms']);
  const stuck = await server.rawSession(frames.text({ initialRequest: true, following: [1] }));
  const ping = await stuck.frame();
  assert.strictEqual(ping.opcode, frames.PING);
  await stuck.write(frames.frame(frames.PONG, ping.payload));
  /* Now it stalls; what is sent to it fits the system's buffers, and has probes in it. */
  stuck.socket.pause();
  const publisher = await server.client();
  for (let i = 0; i < 1000; i++) publisher.publish(1, i, 0);
  await publisher.ping();
  await server.rawSession(); // silent for a shorter time
  await until(async () => {
    for (let i = 0; i < 10; i++) publisher.publish(1, i, 1);
    return (await server.metric(TIMED_OUT)) === 1;
  }, 'the silent one to be closed');
  assert.strictEqual((await server.metrics()).get('spectate_followers'), 1);
});
