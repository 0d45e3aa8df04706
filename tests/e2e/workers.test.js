'use strict';
/*
 * Several workers: to a client they are one server.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');
const { startServer } = require('./lib/server.js');
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

test('connections are spread evenly over the workers', async (t) => {
  const server = await startServer(t, WORKERS);
  const clients = await Promise.all(Array.from({ length: 30 }, () => server.client()));
  for (const client of clients) {
    client.follow([1]);
    await client.ping();
  }
  /* One audience per worker: all three have followers. */
  await server.showsMetrics({ spectate_followers: 30, spectate_audiences: 3 });
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
