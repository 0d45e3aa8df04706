/*
 * Positions reach the server, sooner or later, and none is let go before the server has it.
 */
import assert from 'node:assert';
import test from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import { IndexedDbStorage, MemoryStorage } from '../dist/index.js';
import { FakeNetwork, Witness, authArgs, issuerOf, startServer, step, steps, temporaryFolder, until } from './lib/world.js';

const keeping = () => ['--data', temporaryFolder()];

async function trackOf(server, id) {
  const response = await fetch(`http://${server.authority}/v1/runners/${id}/track`);
  return response.ok ? (await response.json()).positions : [];
}

const withoutId = (positions) => positions.map(({ userId, ...rest }) => rest);

test('a position is gone from the queue once it is on disk', async (t) => {
  const server = await startServer(t, keeping());
  const runner = await new Witness(t, server.url, { userId: 7 }).live();
  const { lat, lng, time } = step(7, 1);
  await runner.client.publish({ lat, lng, time, accuracy: 4.5, battery: 80, speed: null, heading: NaN, type: 'other' });
  assert.strictEqual(runner.client.queue.length, 1);
  await runner.queueIs(0);
  assert.deepStrictEqual(runner.client.queue.lastAcknowledged, {
    position: { ...step(7, 1), accuracy: 4.5, battery: 80 },
    isStored: true,
  });
  assert.strictEqual((await trackOf(server, 7)).length, 1);
});

test('a server that keeps nothing accepts, and says so', async (t) => {
  const server = await startServer(t);
  const runner = await new Witness(t, server.url).live();
  await runner.client.publish(step(7, 1));
  await runner.queueIs(0);
  assert.strictEqual(runner.client.queue.lastAcknowledged.isStored, false);
});

test('what was taken without a network comes when there is one, the newest first, and all of it', async (t) => {
  const server = await startServer(t, keeping());
  const spectator = new Witness(t, server.url);
  spectator.client.follow(7);
  await spectator.live();
  const network = new FakeNetwork();
  const runner = await new Witness(t, server.url, { network }).live();
  network.onLine = false;
  runner.cut();
  await runner.stateIs('offline');
  for (const position of steps(7, 1, 2500)) await runner.client.publish(position);
  assert.strictEqual(runner.client.queue.length, 2500);
  network.say('online');
  await runner.queueIs(0);
  assert.deepStrictEqual((await spectator.has(1))[0], step(7, 2500));
  assert.deepStrictEqual(withoutId(await trackOf(server, 7)), withoutId(steps(7, 1, 2500)));
  assert.deepStrictEqual(runner.all('error'), []);
});

test('a page that is closed leaves its queue to the next one', async (t) => {
  const server = await startServer(t, keeping());
  const indexedDB = new IDBFactory();
  const before = new Witness(t, server.url, { storage: new IndexedDbStorage({ indexedDB }) });
  for (const position of steps(7, 1, 20)) await before.client.publish(position);
  before.client.close();
  const after = new Witness(t, server.url, { storage: new IndexedDbStorage({ indexedDB }) });
  await after.told('queue', (it) => it.length === 20);
  await after.live();
  await after.queueIs(0);
  assert.strictEqual((await trackOf(server, 7)).length, 20);
  assert.deepStrictEqual(await new IndexedDbStorage({ indexedDB }).load(), []);
});

test('a server that dies in the middle of it gets the rest when it is back', async (t) => {
  const args = keeping();
  const first = await startServer(t, args);
  const runner = await new Witness(t, first.url).live();
  for (const position of steps(7, 1, 300)) await runner.client.publish(position);
  await first.cut();
  for (const position of steps(7, 301, 400)) await runner.client.publish(position);
  const second = await startServer(t, ['--listen', first.authority, ...args]);
  await runner.queueIs(0);
  assert.deepStrictEqual(withoutId(await trackOf(second, 7)), withoutId(steps(7, 1, 400)));
});

test('a position that the server will never take is given up and told, and the others arrive', async (t) => {
  const server = await startServer(t, keeping());
  const runner = new Witness(t, server.url);
  const bad = { ...step(7, 3), speed: 5000 };
  for (const position of [...steps(7, 1, 2), bad, ...steps(7, 4, 6)]) await runner.client.publish(position);
  await runner.live();
  await runner.queueIs(0);
  const { code, positions, isFinal } = await runner.told('error');
  assert.deepStrictEqual([code, positions, isFinal], ['bad_position', [bad], true]);
  assert.deepStrictEqual(withoutId(await trackOf(server, 7)), withoutId([...steps(7, 1, 2), ...steps(7, 4, 6)]));
});

test('positions of somebody else, whom the token does not let publish, are given up and told', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, keeping()));
  const runner = new Witness(t, server.url, { token: () => issuer.token({ sub: '7' }) });
  for (const position of [...steps(8, 1, 3), ...steps(7, 1, 3)]) await runner.client.publish(position);
  await runner.live();
  await runner.queueIs(0);
  const given = runner.all('error').flatMap((it) => it.positions);
  assert.deepStrictEqual(new Set(given.map((it) => it.userId)), new Set([8]));
  assert.strictEqual(given.length, 3);
  assert.strictEqual(runner.client.queue.lastAcknowledged.position.userId, 7);
});

test('the server says in which pace it wants positions', async (t) => {
  const server = await startServer(t, ['--publish-every-unfollowed', '7s']);
  const runner = await new Witness(t, server.url, { userId: 7 }).live();
  await runner.client.publish({ lat: 1, lng: 2 });
  const rate = await runner.told('rate');
  assert.strictEqual(rate.userId, 7);
  assert.strictEqual(runner.client.wantedEvery('7'), rate.every);
});

test('what is no position is refused at once', async (t) => {
  const runner = new Witness(t, 'ws://127.0.0.1:1/');
  await assert.rejects(runner.client.publish({ lat: 1, lng: 2 }), TypeError);
  await assert.rejects(runner.client.publish({ userId: 7, lat: NaN, lng: 2 }), RangeError);
  await assert.rejects(runner.client.publish({ userId: 7, lat: 1, lng: 181 }), RangeError);
  await assert.rejects(runner.client.publish({ userId: '', lat: 1, lng: 2 }), TypeError);
  assert.strictEqual(runner.client.queue.length, 0);
});

test('storage that fails is told, and what waits is sent all the same', async (t) => {
  const server = await startServer(t, keeping());
  const storage = new MemoryStorage();
  storage.put = () => Promise.reject(new Error('the disk is full'));
  const runner = await new Witness(t, server.url, { storage }).live();
  await runner.client.publish(step(7, 1));
  await runner.queueIs(0);
  assert.match((await runner.told('error', (it) => it.code === 'storage')).message, /disk is full/);
  await until(async () => (await trackOf(server, 7)).length === 1, 'the position on disk');
});
