'use strict';
/*
 * `every`: at most one position of each runner in so many milliseconds, the newest.
 */
const assert = require('node:assert');
const test = require('node:test');
const { startServer } = require('./lib/server.js');

/* Publish numbers from `first` on until the follower has got `count` messages; returns these and the last number. */
async function publishUntil(feed, follower, first, count) {
  const got = [];
  let number = first;
  while (got.length < count) {
    feed.publish(1, number++, 0);
    await feed.ping();
    if (follower.texts.length > 0) got.push(await follower.next());
  }
  return { got, last: number - 1 };
}

test('with a pace, few positions come of many, each newer than the one before, and the last one comes', async (t) => {
  const server = await startServer(t);
  const [feed, follower] = [await server.client(), await server.client()];
  follower.follow([1], { every: 200 });
  await follower.ping();
  const { got, last } = await publishUntil(feed, follower, 1, 3);
  assert.ok(got.length < last, 'nothing was left out');
  for (let i = 1; i < got.length; i++) assert.ok(got[i].lat > got[i - 1].lat);
  if (got.at(-1).lat < last) assert.strictEqual((await follower.next()).lat, last);
  await follower.expectNothingMore();
  await server.showsMetrics({ spectate_positions_superseded_total: 0 });
});

test('a pace of 0 ends it: what waits comes at once, and then everything', async (t) => {
  const server = await startServer(t);
  const [feed, follower] = [await server.client(), await server.client()];
  follower.follow([1], { every: 60000 });
  await follower.ping();
  for (let i = 1; i <= 5; i++) feed.publish(1, i, 0);
  await feed.ping();
  follower.follow([], { every: 0 });
  assert.strictEqual((await follower.next()).lat, 5);
  for (let i = 6; i <= 9; i++) feed.publish(1, i, 0);
  assert.deepStrictEqual(
    (await follower.take(4)).map((position) => position.lat),
    [6, 7, 8, 9],
  );
  await follower.expectNothingMore();
});

test('the same set at the same pace is one audience', async (t) => {
  const server = await startServer(t, ['--workers', '1']);
  for (const every of [500, 450, 1000]) {
    const follower = await server.client();
    follower.follow([1, 2], { every });
    await follower.ping();
  }
  await server.showsMetrics({ spectate_followers: 3, spectate_audiences: 2 });
});

test('a pace that is none is told, and changes nothing', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  for (const every of [-1, 60001, '1s', true]) {
    client.follow([1], { every });
    assert.strictEqual((await client.next()).error.code, 'bad_pace');
  }
  client.publish(1, 1, 1);
  await client.expectNothingMore();
});
