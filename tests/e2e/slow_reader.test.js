'use strict';
/*
 * A follower that does not read: it delays nobody, holds hardly any memory, and gets the newest positions when it reads again.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { startServer } = require('./lib/server.js');
const { until } = require('./lib/wait.js');

const RUNNERS = [1, 2, 3, 4, 5];
const NO_RATE_LIMIT = ['--max-messages-per-second', '0'];
const LAG_BYTES = 64 * 1024;
const follow = (ids) => frames.text({ initialRequest: true, following: ids });

/* Publishes positions of all runners in turn, numbered by lat from 0, and knows how many. */
class Feed {
  constructor(client) {
    this.client = client;
    this.count = 0;
  }

  async publish(count) {
    for (let i = 0; i < count; i++, this.count++)
      this.client.publish(RUNNERS[this.count % RUNNERS.length], this.count, 0);
    await this.client.ping();
  }

  /* Publish in portions until the metrics fulfil `look`. */
  async until(server, look) {
    do await this.publish(500);
    while (!look(await server.metrics()));
  }

  newestOf(runner) {
    const at = RUNNERS.indexOf(runner);
    return this.count - 1 - ((this.count - 1 - at) % RUNNERS.length);
  }
}

const isBehind = (values) => values.get('spectate_behind_followers') === 1;

async function stuckReader(server, ids = RUNNERS) {
  const peer = await server.rawSession(follow(ids), frames.frame(frames.PING));
  assert.strictEqual((await peer.frame()).opcode, frames.PONG);
  peer.socket.pause();
  return peer;
}

async function nextPosition(peer) {
  const { opcode, payload } = await peer.frameButPings();
  assert.strictEqual(opcode, frames.TEXT);
  return JSON.parse(payload.toString());
}

/* Read on until the newest of each runner has come: all positions, in the order of their arrival. */
async function readAll(peer, feed, runners = RUNNERS) {
  const got = [];
  const missing = new Set(runners);
  peer.socket.resume();
  while (missing.size > 0) {
    const position = await nextPosition(peer);
    assert.ok(runners.includes(position.userId));
    got.push(position);
    if (position.lat === feed.newestOf(position.userId)) missing.delete(position.userId);
  }
  return got;
}

function assertNeverBack(positions) {
  const newest = new Map();
  for (const { userId, lat } of positions) {
    assert.ok(lat > (newest.get(userId) ?? -1), `${lat} of ${userId} after ${newest.get(userId)}`);
    newest.set(userId, lat);
  }
}

test('a reader that stops gets the newest of each runner when it reads again, and nothing older after it', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  await feed.until(server, isBehind);
  await feed.publish(2000);
  const got = await readAll(stuck, feed);
  assertNeverBack(got);
  assert.ok(got.length < feed.count, 'nothing was superseded');
  await server.showsMetrics({
    spectate_behind_followers: 0,
    spectate_queued_bytes: 0,
    spectate_positions_received_total: feed.count,
    spectate_positions_delivered_total: got.length,
    spectate_positions_superseded_total: feed.count - got.length,
  });
});

test('once it has caught up it gets everything again', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  for (let round = 0; round < 3; round++) {
    await feed.until(server, isBehind);
    await readAll(stuck, feed);
    await server.showsMetrics({ spectate_behind_followers: 0 });
    const before = feed.count;
    await feed.publish(50);
    for (let i = 0; i < 50; i++) assert.strictEqual((await nextPosition(stuck)).lat, before + i);
    stuck.socket.pause();
  }
});

test('a reader that stops delays nobody', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const [neighbour] = await server.clients(1);
  neighbour.follow(RUNNERS);
  await neighbour.ping();
  const stuck = await stuckReader(server);
  await feed.until(server, isBehind);
  await feed.publish(2000);
  const got = await neighbour.take(feed.count);
  assert.deepStrictEqual(
    got.map((position) => position.lat),
    [...Array(feed.count).keys()],
  );
  const values = await server.metrics();
  assert.strictEqual(values.get('spectate_audiences'), 1);
  stuck.destroy();
});

test('readers that stop hold hardly any memory, however many they are and however long', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const stuck = await Promise.all(Array.from({ length: 20 }, () => stuckReader(server)));
  let most = 0;
  await feed.until(server, (values) => {
    most = Math.max(most, values.get('spectate_queued_bytes'));
    return values.get('spectate_behind_followers') === stuck.length;
  });
  for (let i = 0; i < 10; i++) {
    await feed.publish(500);
    most = Math.max(most, await server.metric('spectate_queued_bytes'));
  }
  assert.ok(most < 2 * LAG_BYTES, `${most} bytes were queued`);
  /* One whose kernel still took a little may lag again for a moment. */
  await feed.until(server, (values) => values.get('spectate_queued_bytes') < 20_000);
  for (const peer of stuck) peer.destroy();
  await server.showsMetrics({ spectate_sessions: 1, spectate_queued_bytes: 0 });
});

test('a reader that stops for a moment, within its budget, loses nothing', async (t) => {
  const server = await startServer(t, [
    ...NO_RATE_LIMIT,
    '--lag-bytes',
    '64M',
    '--max-queued-bytes',
    '64M',
    '--lag-time',
    '1h',
  ]);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  await feed.until(server, (values) => values.get('spectate_queued_bytes') > 100_000);
  stuck.socket.resume();
  for (let i = 0; i < feed.count; i++) assert.strictEqual((await nextPosition(stuck)).lat, i);
  await server.showsMetrics({ spectate_queued_bytes: 0, spectate_positions_superseded_total: 0 });
});

test('a reader that lags for longer than lag-time gets only the newest, however few bytes it lags', async (t) => {
  const server = await startServer(t, [
    ...NO_RATE_LIMIT,
    '--lag-bytes',
    '64M',
    '--max-queued-bytes',
    '64M',
    '--lag-time',
    '100ms',
  ]);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  await feed.until(server, isBehind);
  await feed.publish(100);
  const got = await readAll(stuck, feed);
  assertNeverBack(got);
  await server.showsMetrics({ spectate_positions_superseded_total: feed.count - got.length });
});

test('a pong, an error and a close frame are not dropped for a reader that is behind', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  await feed.until(server, isBehind);
  await stuck.write(frames.frame(frames.PING, 'are you there'), frames.text('{'));
  await server.showsMetrics({ 'spectate_errors_total{code="bad_json"}': 1 });
  await feed.publish(500);
  stuck.socket.resume();
  const order = [];
  while (order.length < 3) {
    const { opcode, payload } = await stuck.frameButPings();
    const message = opcode === frames.TEXT ? JSON.parse(payload.toString()) : undefined;
    if (opcode === frames.PONG) order.push(`pong ${payload}`);
    else if (message.error) order.push(message.error.code);
    else if (message.lat === feed.newestOf(message.userId)) order.push('newest');
  }
  assert.deepStrictEqual(order, ['pong are you there', 'bad_json', 'newest']);
  await stuck.write(frames.closeFrame(1000));
  let last;
  do last = await stuck.frameButPings();
  while (last.opcode !== frames.CLOSE);
  assert.strictEqual(last.payload.readUInt16BE(0), 1000);
});

test('runners that change while a reader is behind, and ones that it follows meanwhile, are all there afterwards', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server, [1, 2]);
  await feed.until(server, isBehind);
  await stuck.write(follow([3, 4, 5]));
  await server.showsMetrics({ spectate_follow_messages_total: 2 });
  await feed.publish(500);
  assertNeverBack(await readAll(stuck, feed));
});

test('a reader that is behind and goes leaves nothing', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  for (const leave of [(socket) => socket.end(), (socket) => socket.destroy(), (socket) => socket.resetAndDestroy()]) {
    const stuck = await stuckReader(server);
    await feed.until(server, isBehind);
    leave(stuck.socket);
    stuck.socket.resume();
    await server.showsMetrics({
      spectate_sessions: 1,
      spectate_followers: 0,
      spectate_audiences: 0,
      spectate_queued_bytes: 0,
    });
    stuck.destroy();
  }
});

test('with slow-close, a reader that stays behind is closed, and one that reads is not', async (t) => {
  const server = await startServer(t, [...NO_RATE_LIMIT, '--slow-close', '300ms', '--close-timeout', '100ms']);
  const feed = new Feed(await server.client());
  await stuckReader(server);
  await feed.until(server, (values) => values.get('spectate_sessions_closed_total{reason="too_slow"}') === 1);
  await server.showsMetrics({ spectate_followers: 0, spectate_sessions: 1, spectate_connections: 2 });
});

test('readers that stop, of all runners or of some, wake to exactly the newest of what they follow', async (t) => {
  const server = await startServer(t, NO_RATE_LIMIT);
  const feed = new Feed(await server.client());
  const sets = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? RUNNERS : [RUNNERS[i % 5], RUNNERS[(i + 2) % 5]]));
  const stuck = await Promise.all(sets.map((set) => stuckReader(server, set)));
  await feed.until(server, (values) => values.get('spectate_behind_followers') === stuck.length);
  await feed.publish(1000);
  const all = await Promise.all(stuck.map((peer, i) => readAll(peer, feed, sets[i])));
  for (const got of all) assertNeverBack(got);
  await server.showsMetrics({ spectate_behind_followers: 0, spectate_queued_bytes: 0 });
  await feed.publish(RUNNERS.length);
  for (const [i, peer] of stuck.entries())
    for (const runner of [...sets[i]].sort((a, b) => feed.newestOf(a) - feed.newestOf(b)))
      assert.deepStrictEqual(await nextPosition(peer), { userId: runner, lat: feed.newestOf(runner), lng: 0 });
});

test('what a reader misses is counted while it is stuck, and told when it ends', async (t) => {
  const server = await startServer(t, [...NO_RATE_LIMIT, '--log-level', 'debug']);
  const feed = new Feed(await server.client());
  const stuck = await stuckReader(server);
  await feed.until(server, isBehind);
  await feed.until(server, (values) => values.get('spectate_positions_superseded_total') > 1000);
  stuck.destroy();
  const values = await server.showsMetrics({ spectate_followers: 0 });
  const missed = values.get('spectate_positions_superseded_total');
  await server.program.printed(new RegExp(` session.superseded .*it was too slow for ${missed} positions`));
});

/*
 * How old what a reader gets is, in positions that were published meanwhile. It takes one position of five from buffers without
 * end: without a bound, what it gets would be older and older.
 */
async function ages(feed, reader, rounds) {
  const got = [];
  for (let i = 0; i < rounds; i++) {
    await feed.publish(RUNNERS.length);
    const { userId, lat } = await nextPosition(reader);
    got.push({ userId, age: feed.count - 1 - lat });
  }
  return got;
}

test('what a slow reader gets is fresh, however deep the buffers before it, and of every runner', async (t) => {
  const server = await startServer(t, [...NO_RATE_LIMIT, '--fresh-time', '200ms']);
  const feed = new Feed(await server.client());
  const reader = await server.rawSession(follow(RUNNERS));
  await ages(feed, reader, 2000);
  await server.showsMetrics({ spectate_slow_followers: 1 });
  const got = await ages(feed, reader, 6000); // long against the bound on any machine
  const sorted = got.map(({ age }) => age).sort((a, b) => a - b);
  assert.ok(sorted[sorted.length * 0.95] < feed.count / 4, `${sorted[sorted.length * 0.95]} of ${feed.count}`);
  assert.deepStrictEqual([...new Set(got.map(({ userId }) => userId))].sort(), RUNNERS);
});

const UNANSWERED = 'spectate_sessions_closed_total{reason="heartbeat_timeout"}';

test('a reader that stops with room in its buffers gets nothing more, and is not taken for dead', async (t) => {
  const server = await startServer(t, [...NO_RATE_LIMIT, '--fresh-time', '200ms', '--heartbeat-interval', '100ms']);
  const feed = new Feed(await server.client());
  const reader = await server.rawSession(follow(RUNNERS));
  await feed.publish(1000);
  for (let i = 0; i < 1000; i++) await nextPosition(reader); // and answers
  await feed.until(server, isBehind);
  const sent = await server.metric('spectate_pings_sent_total');
  await feed.until(server, (values) => values.get('spectate_pings_sent_total') > sent + 5);
  assert.strictEqual(await server.metric(UNANSWERED), 0);
  assertNeverBack(await readAll(reader, feed));
  await server.showsMetrics({ spectate_behind_followers: 0 });
});

test('a reader that answers no ping gets positions nevertheless', async (t) => {
  const server = await startServer(t, [...NO_RATE_LIMIT, '--fresh-time', '100ms']);
  const feed = new Feed(await server.client());
  const reader = await server.rawSession(follow(RUNNERS));
  let newest = -1;
  const readOn = (async () => {
    while (newest < Infinity) {
      const { opcode, payload } = await reader.frame();
      if (opcode === frames.TEXT) newest = JSON.parse(payload.toString()).lat;
      else if (opcode === frames.CLOSE) return;
    }
  })();
  await feed.until(server, (values) => values.get('spectate_slow_followers') === 1);
  await feed.until(server, (values) => values.get('spectate_slow_followers') === 0);
  const before = feed.count;
  await feed.publish(1000);
  await until(() => newest === before + 999, 'the newest');
  await reader.write(frames.closeFrame(1000));
  await readOn;
});
