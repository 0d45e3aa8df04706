'use strict';
/*
 * The prototype's own test client, told again: users who follow themselves and the next, and random positions.
 */
const assert = require('node:assert');
const test = require('node:test');
const { forEachWorkerCount, startServer } = require('./lib/server.js');

const USERS = 100;
const POSITIONS = 1000;

/* The same numbers in each run. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function drawPositions() {
  const random = randomNumbers(20260501);
  return Array.from({ length: POSITIONS }, () => ({
    userId: Math.floor(random() * USERS),
    lat: random() * 100,
    lng: random() * 100,
  }));
}

async function followers(server) {
  const clients = await server.clients(USERS);
  for (const [id, client] of clients.entries()) client.follow([id, id + 1], { userId: id });
  await Promise.all(clients.map((client) => client.ping()));
  return clients;
}

forEachWorkerCount((workers, args) => {
  test(`a hundred users who follow themselves and the next get a thousand random positions, each exactly once, in order${workers}`, async (t) => {
    const server = await startServer(t, args);
    const clients = await followers(server);
    const positions = drawPositions();
    for (const position of positions) clients[position.userId].send(position);
    await Promise.all(clients.map((client) => client.settle()));
    await Promise.all(clients.map((client) => client.settle()));
    let delivered = 0;
    for (const [id, client] of clients.entries()) {
      const got = client.texts.map((text) => JSON.parse(text));
      for (const runner of [id, id + 1]) {
        assert.deepStrictEqual(
          got.filter((position) => position.userId === runner),
          positions.filter((position) => position.userId === runner),
          `what ${id} got of ${runner}`,
        );
      }
      delivered += got.length;
    }
    await server.showsMetrics({
      spectate_positions_received_total: POSITIONS,
      spectate_positions_delivered_total: delivered,
      spectate_positions_superseded_total: 0,
      spectate_runners: USERS + 1,
    });
  });

  test(`positions published by one client for all users arrive in the order in which they were sent, across runners too${workers}`, async (t) => {
    const server = await startServer(t, args);
    const [publisher, spectator] = await server.clients(2);
    const positions = drawPositions();
    spectator.follow(Array.from({ length: USERS }, (_, id) => id));
    await spectator.ping();
    for (const position of positions) publisher.send(position);
    assert.deepStrictEqual(await spectator.take(POSITIONS), positions);
    await spectator.expectNothingMore();
  });
});

test('spectators with the same runners are one audience, and each gets everything', async (t) => {
  const server = await startServer(t);
  const spectators = await server.clients(50);
  const publisher = await server.client();
  for (const [i, spectator] of spectators.entries()) spectator.follow(i % 2 ? [1, '2'] : [2, 1, 2]);
  await Promise.all(spectators.map((spectator) => spectator.ping()));
  await server.showsMetrics({ spectate_audiences: 1, spectate_followers: 50 });
  for (let i = 0; i < 20; i++) publisher.publish(1 + (i % 2), i, -i);
  const got = await Promise.all(spectators.map((spectator) => spectator.take(20)));
  for (const positions of got) assert.deepStrictEqual(positions, got[0]);
  assert.deepStrictEqual(
    got[0].map((position) => position.lat),
    [...Array(20).keys()],
  );
});
