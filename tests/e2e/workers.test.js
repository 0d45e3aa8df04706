'use strict';
/*
 * Several workers: to a client they are one server.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');
const { Operators } = require('./lib/operators.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { OPERATORS_TOKEN } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const WORKERS = ['--workers', '3'];

test('what is published on one worker reaches the followers of all, each runner in order', async (t) => {
  const server = await startServer(t, WORKERS);
  const followers = await Promise.all(Array.from({ length: 12 }, () => server.client()));
  const feeds = await Promise.all(Array.from({ length: 6 }, () => server.client()));
  for (const follower of followers) {
    follower.follow(feeds.map((_, id) => id));
    await follower.ping();
  }
  for (let number = 0; number < 100; number++) feeds.forEach((feed, id) => feed.publish(id, number, 0));
  for (const follower of followers) {
    const next = feeds.map(() => 0);
    for (const { userId, lat } of await follower.take(600)) assert.strictEqual(lat, next[userId]++);
    await follower.expectNothingMore();
  }
  await server.showsMetrics({
    spectate_workers: 3,
    spectate_positions_received_total: 600,
    spectate_positions_delivered_total: 7200,
    spectate_runners: 6,
  });
});

test('a snapshot is there on every worker', async (t) => {
  const server = await startServer(t, WORKERS);
  const [feed, ...late] = await Promise.all(Array.from({ length: 10 }, () => server.client()));
  feed.publish(1, 10, 20);
  for (const client of late) {
    /* Other workers learn of a position a moment later; then the live one or the snapshot comes, either will do. */
    client.follow([1], { snapshot: true });
    assert.deepStrictEqual(await client.next(), { userId: 1, lat: 10, lng: 20 });
  }
});

/* Each runner's phone reconnects, or has several connections: what it sends after the pong is newer, on whatever worker. */
for (const workers of [2, 3]) {
  test(`of a runner that publishes by way of ${workers} workers everybody ends on the newest, and nobody goes back`, async (t) => {
    const RUNNERS = 150;
    const LAST = 4;
    const server = await startServer(t, ['--workers', String(workers)]);
    const ids = Array.from({ length: RUNNERS }, (_, i) => `r${i}`);
    const followers = await Promise.all(Array.from({ length: 6 }, () => server.client()));
    const feeds = await Promise.all(Array.from({ length: LAST }, () => server.client()));
    for (const follower of followers) {
      follower.follow(ids);
      await follower.ping();
    }
    for (const id of ids) {
      for (const [i, feed] of feeds.entries()) {
        feed.publish(id, i + 1, 0);
        await feed.ping();
      }
    }
    for (const follower of followers) {
      const last = new Map();
      while ([...last.values()].filter((lat) => lat === LAST).length < RUNNERS) {
        const { userId, lat } = await follower.next();
        assert.ok(lat > (last.get(userId) ?? 0), `${userId} goes from ${last.get(userId)} back to ${lat}`);
        last.set(userId, lat);
      }
      await follower.expectNothingMore();
    }
  });
}

test('connections are spread evenly over the workers', async (t) => {
  const token = temporaryFile(t, 'operators', `${OPERATORS_TOKEN}\n`);
  const server = await startServer(t, [...WORKERS, '--admin', '127.0.0.1:0', '--admin-token-file', token]);
  await server.clients(60);
  const { sessions } = await (await Operators.of(server)).get('/sessions?limit=100');
  const perWorker = [0, 1, 2].map((worker) => sessions.filter((session) => session.worker === worker).length);
  assert.strictEqual(sessions.length, 60);
  assert.ok(Math.max(...perWorker) - Math.min(...perWorker) <= 2, `by worker: ${perWorker}`);
  await server.showsMetrics(
    Object.fromEntries(perWorker.map((count, worker) => [`spectate_worker_sessions{worker="${worker}"}`, count])),
  );
});

test('killed clients leave nothing behind on any worker', async (t) => {
  const server = await startServer(t, WORKERS);
  const clients = await Promise.all(Array.from({ length: 30 }, () => server.client()));
  for (const [i, client] of clients.entries()) {
    client.follow([i, i + 1]);
    await client.ping();
  }
  for (const client of clients) client.ws.terminate();
  await server.showsMetrics({
    spectate_sessions: 0,
    spectate_followers: 0,
    spectate_audiences: 0,
    spectate_runners: 0,
    spectate_queued_bytes: 0,
  });
});

test('each thread is named after its work', { skip: process.platform !== 'linux' }, async (t) => {
  const server = await startServer(t, WORKERS);
  const threads = `/proc/${server.pid}/task`;
  const names = () => fs.readdirSync(threads).map((id) => fs.readFileSync(`${threads}/${id}/comm`, 'utf8').trim());
  for (const name of ['worker-1', 'worker-2', 'worker-3']) await until(() => names().includes(name), name);
});
