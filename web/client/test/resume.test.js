/*
 * Who was away gets all that it missed, once, or is told that it does not.
 */
import assert from 'node:assert';
import test from 'node:test';
import { FakeNetwork, Witness, publish, startServer, step, steps, temporaryFolder, until } from './lib/world.js';

const keeping = () => ['--data', temporaryFolder()];

test('what happened while the connection was broken comes in its order, and nothing twice', async (t) => {
  const server = await startServer(t, keeping());
  const spectator = new Witness(t, server.url);
  spectator.client.follow([7, 8]);
  await spectator.live();
  await publish(server, steps(7, 1, 10));
  await spectator.has(10);
  for (let i = 1; i <= 5; i++) {
    spectator.cut();
    await publish(server, steps(7, 10 * i + 1, 10 * i + 10));
    await spectator.has(10 * i + 10);
  }
  assert.deepStrictEqual(spectator.positions, steps(7, 1, 60));
  assert.deepStrictEqual(spectator.all('reset'), []);
});

test('it comes back after a restart of the server, and misses nothing', async (t) => {
  const args = keeping();
  const first = await startServer(t, args);
  const spectator = new Witness(t, first.url);
  spectator.client.follow(7);
  await spectator.live();
  await publish(first, steps(7, 1, 3));
  await spectator.has(3);
  await first.cut();
  await spectator.stateIs('reconnecting');
  const second = await startServer(t, ['--listen', first.authority, ...args]);
  await publish(second, steps(7, 4, 6));
  assert.deepStrictEqual(await spectator.has(6), steps(7, 1, 6));
});

test('a server that goes away says when to come back, and that is when', async (t) => {
  const server = await startServer(t, keeping());
  const spectator = await new Witness(t, server.url).live();
  await server.stop();
  const { atMs, why } = await spectator.stateIs('reconnecting');
  assert.strictEqual(why.code, 1001);
  assert.ok(why.hint.exactlyMs > 0);
  assert.ok(atMs > Date.now() - 30_000);
});

test('a server that keeps nothing resets, and how things stand comes instead', async (t) => {
  const server = await startServer(t);
  const spectator = new Witness(t, server.url);
  spectator.client.follow(7);
  await spectator.live();
  await publish(server, [step(7, 1)]);
  await spectator.has(1);
  spectator.cut();
  await publish(server, steps(7, 2, 5));
  await spectator.told('reset', (it) => it.reason === 'not_kept');
  assert.deepStrictEqual((await spectator.has(2)).at(-1), step(7, 5));
  assert.strictEqual(spectator.all('positions').at(-1).isSnapshot, true);
});

test('whom it follows and follows no more while it is away counts when it is back', async (t) => {
  const server = await startServer(t, keeping());
  await publish(server, [...steps('new', 1, 3), step(8, 1)]);
  const network = new FakeNetwork();
  const spectator = new Witness(t, server.url, { network });
  spectator.client.follow([7, 8]);
  await spectator.live();
  await spectator.has(1);
  network.onLine = false;
  spectator.cut();
  await spectator.stateIs('offline');
  spectator.client.follow('new');
  spectator.client.unfollow(8);
  await publish(server, [...steps(7, 1, 4), step(8, 2)]);
  network.say('online');
  const [, ...missed] = await spectator.has(6);
  assert.deepStrictEqual(missed, [...steps(7, 1, 4), step('new', 3)]);
  assert.deepStrictEqual(spectator.all('reset'), []);
});

test('a browser that is online again connects at once', async (t) => {
  const server = await startServer(t);
  const network = new FakeNetwork();
  const hours = { baseMs: 3_600_000, capMs: 3_600_000 };
  const environment = { now: Date.now, random: () => 1, setTimeout, clearTimeout };
  const spectator = await new Witness(t, server.url, { network, backoff: hours, environment }).live();
  network.onLine = false;
  spectator.cut();
  await spectator.stateIs('offline');
  network.say('online');
  await spectator.stateIs('live');
});

test('a connection on which nothing comes any more is given up, and another one opened', async (t) => {
  const server = await startServer(t, [...keeping(), '--heartbeat-interval', '300ms', '--close-timeout', '200ms']);
  const spectator = new Witness(t, server.url, { answerTimeoutMs: 300 });
  spectator.client.follow(7);
  await spectator.live();
  spectator.socket.pause();
  await publish(server, [step(7, 1)]);
  const { why } = await spectator.stateIs('reconnecting');
  assert.strictEqual(why.reason, 'silent');
  assert.deepStrictEqual(await spectator.has(1), [step(7, 1)]);
});

test('a quiet connection is asked, answers, and stays', async (t) => {
  const server = await startServer(t, ['--heartbeat-interval', '200ms']);
  const spectator = await new Witness(t, server.url).live();
  const before = await server.metric('spectate_messages_received_total');
  await until(async () => (await server.metric('spectate_messages_received_total')) >= before + 3, 'three pings');
  assert.deepStrictEqual([spectator.sockets.length, spectator.client.state.name], [1, 'live']);
});

test('closed is closed, until it is opened again', async (t) => {
  const server = await startServer(t, keeping());
  const spectator = new Witness(t, server.url);
  spectator.client.follow(7);
  await spectator.live();
  spectator.client.close();
  assert.deepStrictEqual(spectator.client.state, { name: 'closed', why: { code: 1000, reason: 'closed' } });
  await server.becomesIdle();
  await publish(server, [step(7, 1)]);
  assert.strictEqual(spectator.sockets.length, 1);
  await spectator.live();
  assert.deepStrictEqual(await spectator.has(1), [step(7, 1)]);
});

test('one who is cut fifty times, anywhere, gets exactly the race', async (t) => {
  const runners = [1, 2, 'ann'];
  const server = await startServer(t, [...keeping(), '--lag-time', '30s', '--publish-every-unfollowed', '0']);
  const network = new FakeNetwork();
  const spectator = new Witness(t, server.url, { network });
  spectator.client.follow(runners);
  await spectator.live();
  let isOver = false;
  let count = 0;
  const race = (async () => {
    while (!isOver) {
      count++;
      await publish(server, runners.map((id) => step(id, count)));
    }
  })();
  for (let cuts = 0; cuts < 50; cuts++) {
    const before = spectator.positions.length;
    await spectator.until(() => spectator.positions.length > before + (cuts % 7), 'the race to go on');
    spectator.cut();
    await spectator.stateIs('reconnecting');
    network.say('online');
    await spectator.stateIs('live');
  }
  isOver = true;
  await race;
  const positions = await spectator.has(count * runners.length);
  for (const id of runners) assert.deepStrictEqual(positions.filter((it) => it.userId === id), steps(id, 1, count));
  assert.deepStrictEqual(spectator.all('reset'), []);
});
