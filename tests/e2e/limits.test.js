'use strict';
/*
 * Every limit, at its edge: the last that is allowed, the first that is not, and that all goes on afterwards.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer } = require('./lib/server.js');
const { until } = require('./lib/wait.js');

const ERRORS = (code) => `spectate_errors_total{code="${code}"}`;
const RECEIVED = 'spectate_positions_received_total';
const CLOSED = (reason) => `spectate_sessions_closed_total{reason="${reason}"}`;

/* A position of exactly `size` bytes. */
function positionOfSize(size) {
  const text = '{"userId":1,"lat":2,"lng":3,"pad":""}';
  return text.replace('""', `"${'x'.repeat(size - text.length)}"`);
}

test('a session that would follow more runners than it may follows what it did before', async (t) => {
  const server = await startServer(t, ['--max-follows', '3']);
  const client = await server.client();
  client.follow([1, 2]);
  client.follow([2, 3, 1]);
  client.follow([3, 4]);
  assert.strictEqual((await client.next()).error.code, 'too_many_follows');
  client.follow([5, 6, 7, 8]);
  assert.strictEqual((await client.next()).error.code, 'too_many_follows');
  for (const id of [1, 2, 3, 4, 5]) client.publish(id, id, id);
  assert.deepStrictEqual(
    (await client.take(3)).map((position) => position.userId),
    [1, 2, 3],
  );
  await client.expectNothingMore();
  assert.strictEqual(await server.metric(ERRORS('too_many_follows')), 2);
});

test('when the server knows as many runners as it may, new ones are refused and known ones go on', async (t) => {
  const server = await startServer(t, ['--max-runners', '3']);
  const client = await server.client();
  client.follow([1, 2]);
  client.publish(3, 1, 1);
  client.publish(4, 1, 1); // what is followed keeps no runner out
  client.follow([3, 5]);
  assert.strictEqual((await client.next()).error.code, 'too_many_runners');
  for (const id of [3, 1, 2]) client.publish(id, id, id);
  assert.deepStrictEqual(
    (await client.take(2)).map((position) => position.userId),
    [1, 2],
  );
  client.publish(6, 1, 1);
  assert.strictEqual((await client.next()).error.code, 'too_many_runners');
  await client.expectNothingMore();
  assert.strictEqual(await server.metric('spectate_runners'), 4);
});

test('runners that nobody follows and nobody published for are forgotten, and make room', async (t) => {
  const server = await startServer(t, ['--max-runners', '2']);
  const first = await server.client();
  first.follow([1, 2]);
  await first.ping();
  await first.close(1000);
  await server.showsMetrics({ spectate_runners: 0, spectate_audiences: 0 });
  const second = await server.client();
  second.follow([3, 4]);
  second.publish(4, 1, 1);
  assert.strictEqual((await second.next()).userId, 4);
});

test('a session that sends too fast is told, and may go on when it slows down', async (t) => {
  const server = await startServer(t, ['--max-messages-per-second', '5', '--max-faults', '1000']);
  const peer = await server.rawSession();
  const messages = Array.from({ length: 50 }, (_, i) => frames.text({ userId: 1, lat: i, lng: 0 }));
  await peer.write(frames.text({ initialRequest: true, following: [1] }), ...messages);
  const got = [];
  for (let i = 0; i < 50; i++) got.push(await peer.message());
  const positions = got.filter((message) => !message.error);
  const refused = got.filter((message) => message.error?.code === 'too_many_messages');
  assert.strictEqual(positions.length + refused.length, 50);
  assert.ok(positions.length >= 4 && refused.length > 0, `${positions.length} positions, ${refused.length} refused`);
  assert.deepStrictEqual(
    positions.slice(0, 4).map((position) => position.lat),
    [0, 1, 2, 3],
  );
  assert.strictEqual(await server.metric(ERRORS('too_many_messages')), refused.length);
  const answer = await until(async () => {
    await peer.write(frames.text({ userId: 1, lat: -1, lng: -1 }));
    const message = await peer.message();
    return !message.error && message;
  }, 'a message to be taken again');
  assert.strictEqual(answer.lat, -1);
});

test('a message may be as large as it may be, and one byte more closes the session with 1009', async (t) => {
  const server = await startServer(t, ['--max-message-bytes', '1000']);
  const client = await server.client();
  client.follow([1]);
  client.send(positionOfSize(1000));
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 2, lng: 3 });
  client.send(positionOfSize(1001));
  assert.deepStrictEqual(await client.closed(), { code: 1009, reason: 'message too big' });
  const values = await server.becomesIdle();
  assert.strictEqual(values.get(ERRORS('message_too_big')), 1);
  assert.strictEqual(values.get(CLOSED('message_too_big')), 1);
});

test('fragments count together, and a length that is announced is refused before it comes', async (t) => {
  const server = await startServer(t, ['--max-message-bytes', '1000']);
  const fragments = await server.rawSession();
  await fragments.write(
    frames.frame(frames.TEXT, 'x'.repeat(600), { fin: false }),
    frames.frame(frames.CONTINUATION, 'x'.repeat(401), { fin: false }),
  );
  assert.strictEqual((await fragments.closeFrame()).code, 1009);
  for (const length of [1001, 70_000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const announced = await server.rawSession();
    await announced.write(frames.frame(frames.TEXT, '', { length }));
    assert.strictEqual((await announced.closeFrame()).code, 1009, `${length}`);
  }
});

test('many fragments without bytes take no memory', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession();
  const empty = frames.frame(frames.CONTINUATION, '', { fin: false });
  await peer.write(
    frames.frame(frames.TEXT, '', { fin: false }),
    ...Array(20_000).fill(empty),
    frames.frame(frames.PING, 'x'),
  );
  assert.strictEqual((await peer.frame()).opcode, frames.PONG);
  assert.ok((await server.metric('spectate_queued_bytes')) < 1000);
});

test('connections over max-connections get 503 and Retry-After, and there is room again when one leaves', async (t) => {
  const server = await startServer(t, ['--max-connections', '3']);
  const clients = await server.clients(3);
  const refused = await server.raw();
  const answer = await refused.httpAnswer();
  assert.strictEqual(answer.status, 503);
  assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/);
  assert.match(answer.body, /^too_many_connections: /);
  await refused.ended();
  refused.destroy();
  clients[0].publish(1, 2, 3);
  await clients[0].ping();
  clients[1].destroy();
  clients[2].destroy();
  const values = await server.showsMetrics({ spectate_sessions: 1, spectate_connections: 2 });
  assert.ok(values.get(ERRORS('too_many_connections')) >= 1);
  assert.ok(values.get(CLOSED('refused')) >= 1);
});

test('connections over max-connections-per-address get 503, others are let in', async (t) => {
  const server = await startServer(t, ['--max-connections-per-address', '2']);
  const clients = await server.clients(2);
  const refused = await server.raw();
  const answer = await refused.httpAnswer();
  assert.strictEqual(answer.status, 503);
  assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/);
  assert.match(answer.body, /^too_many_connections_per_address: /);
  refused.destroy();
  const elsewhere = await server.get('/metrics', { localAddress: '127.0.0.2' });
  assert.strictEqual(elsewhere.status, 200);
  clients[0].destroy();
  const values = await server.showsMetrics({ spectate_sessions: 1 });
  assert.ok(values.get(ERRORS('too_many_connections_per_address')) >= 1);
});

test('connections that are refused and stay do not keep others out', async (t) => {
  const server = await startServer(t, ['--max-connections', '2', '--close-timeout', '200ms']);
  const clients = await server.clients(2);
  const lingering = await Promise.all(Array.from({ length: 20 }, () => server.raw()));
  await Promise.all(lingering.map((peer) => peer.httpAnswer()));
  clients[0].destroy();
  await server.showsMetrics({ spectate_sessions: 1, spectate_connections: 2 });
});

test('a session that lets answers pile up is closed with 1008 and leaves nothing', async (t) => {
  const server = await startServer(t, [
    '--max-queued-bytes',
    '64K',
    '--lag-bytes',
    '16K',
    '--max-messages-per-second',
    '0',
  ]);
  const peer = await server.rawSession();
  peer.socket.pause();
  const pings = Buffer.concat(Array(2000).fill(frames.frame(frames.PING, 'x'.repeat(125))));
  let ended = false;
  const queueFull = server.showsMetrics({ [CLOSED('queue_full')]: 1 }).finally(() => (ended = true));
  peer.socket.on('error', () => {});
  while (!ended && !peer.socket.destroyed) {
    peer.socket.write(pings);
    await new Promise((resolve) => setImmediate(resolve));
    if (peer.socket.writableLength > 4_000_000) await server.metrics();
  }
  const values = await queueFull;
  assert.strictEqual(values.get(ERRORS('queue_full')), 1);
  assert.strictEqual(values.get('spectate_sessions'), 0);
  peer.destroy();
  await server.becomesIdle();
});

test('more new connections in a second than may are turned away with 503 and Retry-After', async (t) => {
  const server = await startServer(t, ['--max-connects-per-second', '1']);
  const clients = await Promise.allSettled(Array.from({ length: 20 }, () => server.client()));
  const refused = clients.filter((client) => client.status === 'rejected');
  assert.ok(refused.length >= 15, `${refused.length} of 20 were turned away`);
  for (const { reason } of refused) assert.match(reason.message, /503/);
  await until(async () => {
    try {
      return (await server.metric(ERRORS('too_many_new_connections'))) >= refused.length;
    } catch {
      return false; /* turned away itself */
    }
  }, 'the refusals in the metrics');
});

/* So many requests from 127.0.0.9, most of which are turned away for this; how many. */
async function floodFromElsewhere(server, count, code) {
  const ask = () => server.get('/healthz', { localAddress: '127.0.0.9' });
  const answers = await Promise.all(Array.from({ length: count }, ask));
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length >= count / 2, `${refused.length} of ${count} were turned away`);
  for (const { body } of refused) assert.match(body, new RegExp(`^${code}: `));
  return refused.length;
}

test('an address that connects too fast is turned away, and leaves the others what all may', async (t) => {
  const server = await startServer(t, [
    '--max-connects-per-second-per-address',
    '10',
    '--max-connects-per-second',
    '20',
  ]);
  const refused = await floodFromElsewhere(server, 200, 'too_many_new_connections_per_address');
  const client = await server.client();
  client.follow([1]);
  client.publish(1, 2, 3);
  assert.strictEqual((await client.next()).lat, 2);
  const values = await server.metrics();
  assert.strictEqual(values.get(ERRORS('too_many_new_connections_per_address')), refused);
  assert.strictEqual(values.get(ERRORS('too_many_new_connections')), 0);
});

test('an address that has its connections leaves the others what all may', async (t) => {
  const server = await startServer(t, ['--max-connections-per-address', '2', '--max-connects-per-second', '20']);
  await server.clients(2, { localAddress: '127.0.0.9' });
  await floodFromElsewhere(server, 200, 'too_many_connections_per_address');
  assert.strictEqual((await server.get('/healthz')).status, 200);
  assert.strictEqual(await server.metric(ERRORS('too_many_new_connections')), 0);
});

test('messages of all sessions of one address are limited together, and others are heard', async (t) => {
  const server = await startServer(t, ['--max-messages-per-second-per-address', '20', '--max-faults', '1000']);
  const flood = await server.clients(10, { localAddress: '127.0.0.9' });
  const begin = Date.now();
  for (const client of flood) for (let i = 0; i < 50; i++) client.publish(7, i, i);
  const code = ERRORS('too_many_messages_per_address');
  const values = await until(async () => {
    const now = await server.metrics();
    return now.get(RECEIVED) + now.get(code) === 500 && now;
  }, 'all messages to be taken or refused');
  const seconds = Math.ceil((Date.now() - begin) / 1000);
  assert.ok(values.get(RECEIVED) <= 20 * (1 + seconds), `${values.get(RECEIVED)} of 500 were taken`);
  const client = await server.client();
  client.follow([1]);
  client.publish(1, 2, 3);
  assert.strictEqual((await client.next()).lat, 2);
});

test('an answer to a handshake that does not fit the queue any more opens no WebSocket', async (t) => {
  const most = 64 << 10;
  const server = await startServer(t, ['--max-queued-bytes', String(most), '--lag-bytes', '16K']);
  const request = (method) => `${method} /healthz HTTP/1.1\r\nHost: x\r\n\r\n`;
  const probe = await server.raw();
  await probe.write(request('GET'));
  const whole = (await probe.take((bytes) => {
    const end = bytes.indexOf('alive\n');
    return end < 0 ? undefined : { size: end + 6 };
  }, 'an answer')).size;
  probe.destroy();
  /* Answers fill the socket, and then the queue to within six bytes; behind them, in one read, comes a WebSocket that speaks. */
  const peer = await server.raw();
  peer.socket.pause();
  const queued = await until(async () => {
    await peer.write(request('GET').repeat(50));
    return (await server.metric('spectate_queued_bytes')) || undefined;
  }, 'a full socket');
  const left = Math.floor((most - queued) / (whole - 'alive\n'.length));
  const short = Math.min(left, Math.max(0, Math.ceil((left * whole - (most - queued)) / 'alive\n'.length)));
  const follow = frames.text({ initialRequest: true, following: [1] });
  await peer.write(request('GET').repeat(left - short), request('HEAD').repeat(short), handshake(), follow);
  await server.showsMetrics({ 'spectate_sessions_closed_total{reason="queue_full"}': 1, spectate_sessions: 0, spectate_followers: 0 });
  peer.destroy();
  await server.becomesIdle();
});

test('who asks for the metrics all the time is turned away for a moment, and everything else is answered', async (t) => {
  const server = await startServer(t, ['--max-queued-bytes', '1M']);
  const request = (path) => `HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const asked = 600;
  const peer = await server.raw();
  await peer.write(request('/metrics').repeat(asked), request('/healthz'));
  const answers = [];
  for (let i = 0; i < asked; i++) answers.push(await peer.httpAnswer('HEAD'));
  assert.strictEqual((await peer.httpAnswer('HEAD')).status, 200);
  assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200, 503]);
  assert.ok(answers.find(({ status }) => status === 503).headers['retry-after']);
  assert.ok((await server.metrics()).size > 0);
});
