/*
 * Where no WebSocket gets through: server-sent events and POST, and the same promises.
 */
import assert from 'node:assert';
import test from 'node:test';
import { WebSocket } from 'ws';
import { FakeNetwork, Witness, authArgs, issuerOf, publish, startServer, step, steps, temporaryFolder } from './lib/world.js';

const keeping = () => ['--data', temporaryFolder()];

/* What stands between lets no WebSocket through. */
class Blocked extends WebSocket {
  constructor(_url, protocols) {
    super('ws://127.0.0.1:1/', protocols);
  }
}

/* fetch, whose streams a test can break. */
function breakable() {
  const open = new Set();
  const it = async (url, { signal, ...options } = {}) => {
    const controller = new AbortController();
    signal?.addEventListener('abort', () => controller.abort());
    open.add(controller);
    return fetch(url, { ...options, signal: controller.signal });
  };
  it.break = () => {
    for (const controller of open) controller.abort();
    open.clear();
  };
  return it;
}

test('WebSockets that do not open are given up for events, which say so', async (t) => {
  const server = await startServer(t, keeping());
  await publish(server, [step(7, 1)]);
  const spectator = new Witness(t, server.url, { WebSocket: Blocked });
  spectator.client.follow(7);
  await spectator.live();
  assert.strictEqual(spectator.client.state.transport, 'sse');
  assert.strictEqual(spectator.sockets.length, 2);
  assert.deepStrictEqual(await spectator.has(1), [step(7, 1)]);
  await publish(server, [step(7, 2)]);
  assert.deepStrictEqual((await spectator.has(2))[1], step(7, 2));
});

test('a stream that breaks is opened again where it was', async (t) => {
  const server = await startServer(t, keeping());
  const broken = breakable();
  const network = new FakeNetwork();
  const spectator = new Witness(t, server.url, { transports: ['sse'], fetch: broken, network });
  spectator.client.follow([7, 'a,b & ä']);
  await spectator.live();
  await publish(server, [...steps(7, 1, 3), step('a,b & ä', 1)]);
  await spectator.has(4);
  broken.break();
  await publish(server, steps(7, 4, 6));
  network.say('online');
  const [, , , , ...missed] = await spectator.has(7);
  assert.deepStrictEqual(missed, steps(7, 4, 6));
  assert.deepStrictEqual(spectator.all('reset'), []);
});

test('somebody more leads to a reset, somebody fewer to none', async (t) => {
  const server = await startServer(t, keeping());
  await publish(server, [step(7, 1), step(8, 1), step(9, 1)]);
  const spectator = new Witness(t, server.url, { transports: ['sse'] });
  spectator.client.follow([7, 8]);
  await spectator.live();
  await spectator.has(2);
  spectator.client.follow(9);
  await spectator.told('reset', (it) => it.reason === 'follow_changed');
  await spectator.has(5);
  spectator.client.unfollow([8]);
  await server.showsMetrics({ spectate_event_streams: 1 });
  await publish(server, [step(8, 2), step(7, 2)]);
  await spectator.until(() => spectator.client.runner(7).position.time === step(7, 2).time);
  assert.strictEqual(spectator.all('reset').length, 1);
});

test('whom it follows while the stream opens is not forgotten', async (t) => {
  const server = await startServer(t, keeping());
  await publish(server, [step(7, 1), step(8, 1)]);
  const slow = async (...args) => {
    const response = await fetch(...args);
    if (slow.during) slow.during();
    slow.during = undefined;
    return response;
  };
  const spectator = new Witness(t, server.url, { transports: ['sse'], fetch: slow });
  slow.during = () => spectator.client.follow(8);
  spectator.client.follow(7);
  await spectator.live();
  await spectator.until(() => spectator.client.runner(8));
  assert.deepStrictEqual(spectator.client.runner(8).position, step(8, 1));
});

test('what is published goes by POST, and waits until it is on disk', async (t) => {
  const server = await startServer(t, keeping());
  const runner = new Witness(t, server.url, { transports: ['sse'] });
  for (const position of steps(7, 1, 100)) await runner.client.publish(position);
  const bad = { ...step(7, 101), speed: 5000 };
  await runner.client.publish(bad);
  await runner.live();
  await runner.queueIs(0);
  assert.deepStrictEqual(runner.all('error').map((it) => [it.code, it.positions]), [['bad_position', [bad]]]);
  assert.deepStrictEqual(runner.client.queue.lastAcknowledged, { position: step(7, 100), isStored: true });
});

test('without anybody to follow it is live only when the server is there', async (t) => {
  const server = await startServer(t);
  const runner = await new Witness(t, server.url, { transports: ['sse'] }).live();
  await server.stop();
  await runner.client.publish(step(7, 1));
  await runner.stateIs('reconnecting');
  await runner.told('state', (it) => it.name === 'connecting' && it.attempt > 1);
  assert.strictEqual(runner.client.queue.length, 1);
});

test('a token goes in a header, the next one when it expires, and none in an address', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, [...keeping(), '--token-leeway', '0']));
  const first = await issuer.token({ sub: '7', exp: Math.floor(Date.now() / 1000) + 2 });
  const next = await issuer.token({ sub: '7' });
  const given = [];
  const token = () => given[given.push(given.length === 0 ? first : next) - 1];
  const runner = new Witness(t, server.url, { transports: ['sse'], token });
  runner.client.follow(7);
  await runner.live();
  await runner.told('state', (it) => it.name === 'reconnecting' && it.why.reason === 'token_expired');
  await runner.client.publish(step(7, 1));
  await runner.has(1);
  await runner.queueIs(0);
  assert.ok(runner.urls.length > 2 && runner.urls.every((url) => !url.includes(first) && !url.includes(next)));
});

test('a bad token is the end of it, and a refused follow set too', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer));
  const bad = new Witness(t, server.url, { transports: ['sse'], token: 'nonsense' });
  bad.client.follow(7);
  bad.client.open();
  assert.deepStrictEqual((await bad.stateIs('closed')).why, { code: 401, reason: 'bad_token' });
  const large = new Witness(t, server.url, { transports: ['sse'], token: await issuer.token({ sub: '7' }) });
  large.client.follow(Array.from({ length: 2000 }, (_, i) => `runner-number-${i}`));
  large.client.open();
  assert.strictEqual((await large.stateIs('closed')).why.code, 414);
});

test('a server that is full says when to come back', async (t) => {
  const server = await startServer(t, ['--max-connections', '2']);
  const others = await server.clients(2);
  const spectator = new Witness(t, server.url, { transports: ['sse'] });
  spectator.client.follow(7);
  spectator.client.open();
  const { why } = await spectator.stateIs('reconnecting');
  assert.deepStrictEqual([why.code, why.hint.atLeastMs > 0], [503, true]);
  for (const other of others) await other.close();
  await spectator.stateIs('live');
});
