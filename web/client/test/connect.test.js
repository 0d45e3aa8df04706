/*
 * What a follower sees of a connection that holds.
 */
import assert from 'node:assert';
import test from 'node:test';
import { Witness, publish, startServer, step, temporaryFile, temporaryFolder } from './lib/world.js';

test('who follows gets what is known, then what is new', async (t) => {
  const server = await startServer(t);
  await publish(server, [step(7, 1)]);
  const spectator = await new Witness(t, server.url).live();
  assert.strictEqual(spectator.client.state.transport, 'websocket');
  spectator.client.follow([7, 'ann']);
  await spectator.has(1);
  await publish(server, [step('ann', 1)]);
  await publish(server, [step(7, 2)]);
  assert.deepStrictEqual(await spectator.has(3), [step(7, 1), step('ann', 1), step(7, 2)]);
  assert.deepStrictEqual(spectator.all('positions').map((it) => it.isSnapshot), [true, false, false]);
  assert.deepStrictEqual(spectator.client.runner('7').position, step(7, 2));
  assert.deepStrictEqual(spectator.client.runners.map((it) => it.userId), [7, 'ann']);
});

test('whom it follows before it is connected counts when it is', async (t) => {
  const server = await startServer(t);
  await publish(server, [step(7, 1), step(8, 1), step(9, 1)]);
  const spectator = new Witness(t, server.url);
  spectator.client.follow([7, 8, 9]);
  spectator.client.unfollow(8);
  await spectator.live();
  assert.deepStrictEqual((await spectator.has(2)).map((it) => it.userId), [7, 9]);
});

test('a follow, an unfollow and a pace count at once', async (t) => {
  const server = await startServer(t);
  const spectator = await new Witness(t, server.url).live();
  spectator.client.follow(7);
  spectator.client.follow(8);
  await publish(server, [step(7, 1), step(8, 1)]);
  await spectator.has(2);
  spectator.client.unfollow(7);
  assert.strictEqual(spectator.client.runner(7), undefined);
  spectator.client.follow([], { every: 100 });
  spectator.client.follow(9);
  await server.showsMetrics({ spectate_followers: 1 });
  await publish(server, [step(9, 1)]);
  await spectator.has(3);
  await publish(server, [step(7, 2)]);
  await publish(server, [step(8, 2), step(8, 3), step(8, 4)]);
  assert.strictEqual((await spectator.has(4)).at(-1).time, step(8, 4).time);
});

test('groups and everybody', async (t) => {
  const groups = temporaryFile(t, 'groups.json', '{"elite": ["7", "8"]}');
  const server = await startServer(t, ['--groups', groups]);
  await publish(server, [step(7, 1), step(9, 1)]);
  const elite = new Witness(t, server.url);
  elite.client.follow({ groups: ['elite'] });
  await elite.live();
  assert.deepStrictEqual(await elite.has(1), [step(7, 1)]);
  const all = new Witness(t, server.url);
  all.client.follow({ groups: ['*'] });
  await all.live();
  assert.strictEqual((await all.has(2)).length, 2);
  await publish(server, [step(8, 1)]);
  assert.deepStrictEqual((await elite.has(2)).at(-1), { ...step(8, 1) });
});

test('who falls silent is stale, then lost, and live when heard again', async (t) => {
  const server = await startServer(t, ['--stale-time', '300ms', '--lost-time', '900ms']);
  const spectator = await new Witness(t, server.url).live();
  spectator.client.follow(7);
  await publish(server, [{ userId: 7, lat: 1, lng: 2 }]);
  await spectator.has(1);
  await spectator.told('status', (it) => it.status === 'stale');
  await spectator.told('status', (it) => it.status === 'lost');
  assert.strictEqual(spectator.client.runner(7).status, 'lost');
  await publish(server, [{ userId: 7, lat: 1, lng: 3 }]);
  await spectator.has(2);
  assert.strictEqual(spectator.client.runner(7).status, 'live');
});

test('age is by the server\'s clock, however wrong the device\'s is', async (t) => {
  const server = await startServer(t);
  const environment = {
    now: () => Date.now() - 7_200_000,
    random: () => 0,
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer),
  };
  const spectator = new Witness(t, server.url, { environment });
  spectator.client.follow(7);
  await spectator.live();
  const before = Date.now();
  await publish(server, [{ userId: 7, lat: 1, lng: 2 }]);
  await spectator.has(1);
  const { ageMs } = spectator.client.runner(7);
  assert.ok(ageMs >= 0 && ageMs <= Date.now() - before + 60_000, `${ageMs}`);
  assert.ok(Math.abs(spectator.client.serverTimeMs - Date.now()) < 60_000);
});

test('what the server refuses is told, and the connection lives', async (t) => {
  const server = await startServer(t, ['--max-follows', '2']);
  await publish(server, [step(7, 1)]);
  const spectator = await new Witness(t, server.url).live();
  spectator.client.follow([1, 2, 3]);
  await spectator.told('error', (it) => it.code === 'too_many_follows');
  spectator.client.follow(7);
  assert.deepStrictEqual(await spectator.has(1), [step(7, 1)]);
  assert.throws(() => spectator.client.follow(['']), TypeError);
  assert.throws(() => spectator.client.follow(7, { every: -1 }), RangeError);
  assert.strictEqual(spectator.client.state.name, 'live');
});

test('a follow set larger than a message goes in parts', async (t) => {
  const server = await startServer(t, ['--max-message-bytes', '4KiB', '--data', temporaryFolder()]);
  const ids = Array.from({ length: 500 }, (_, i) => `runner-number-${i}`);
  await publish(server, ids.map((id) => step(id, 1)));
  const spectator = new Witness(t, server.url);
  spectator.client.follow(ids);
  await spectator.live();
  assert.deepStrictEqual(new Set((await spectator.has(500)).map((it) => it.userId)), new Set(ids));
  await publish(server, ids.map((id) => step(id, 2)));
  await spectator.has(1000);
  await spectator.cutAndBack();
  await publish(server, ids.map((id) => step(id, 3)));
  assert.strictEqual((await spectator.has(1500)).length, 1500);
  spectator.client.unfollow(ids);
  await server.showsMetrics({ spectate_followers: 0 });
});
