import assert from 'node:assert';
import test from 'node:test';
import { verdictOf } from '../../dist/ending.js';
import { addressesOf, refusalOf } from '../../dist/http.js';
import { TransportChoice } from '../../dist/transport_choice.js';

function choose(allowed = ['websocket', 'sse']) {
  const world = { nowMs: 0 };
  world.choice = new TransportChoice(allowed, () => world.nowMs);
  world.fail = () => {
    const name = world.choice.next();
    world.choice.failed(name);
    return name;
  };
  return world;
}

test('two WebSockets that do not open, then events, then in turns', () => {
  const { fail } = choose();
  assert.deepStrictEqual([fail(), fail(), fail(), fail(), fail(), fail()], ['websocket', 'websocket', 'sse', 'websocket', 'sse', 'websocket']);
});

test('a WebSocket that opened is the choice, however often it breaks', () => {
  const { choice, fail } = choose();
  fail();
  choice.opened('websocket');
  assert.deepStrictEqual([fail(), fail(), fail()], ['websocket', 'websocket', 'sse']);
});

test('events that came stay the choice', () => {
  const { choice, fail } = choose();
  fail();
  fail();
  choice.opened('sse');
  assert.strictEqual(choice.next(), 'sse');
  choice.opened('sse');
  assert.strictEqual(choice.next(), 'sse');
});

test('after five minutes on events a WebSocket has one try', () => {
  const world = choose();
  world.fail();
  world.fail();
  world.choice.opened('sse');
  world.nowMs = 300_000;
  assert.strictEqual(world.fail(), 'websocket');
  assert.strictEqual(world.choice.next(), 'sse');
});

test('what is not allowed is not chosen', () => {
  const [sockets, events] = [choose(['websocket']), choose(['sse'])];
  for (let i = 0; i < 5; i++) assert.deepStrictEqual([sockets.fail(), events.fail()], ['websocket', 'sse']);
});

test('each end means what protocol.md says', () => {
  const verdicts = { later: [0, 1000, 1001, 1006, 1011, 1013, 429, 503], much_later: [1008], token: [401, 4401, 4403] };
  verdicts.stop = [400, 403, 414, 1002, 1003, 1007, 1009];
  for (const [verdict, codes] of Object.entries(verdicts))
    for (const code of codes) assert.strictEqual(verdictOf({ code, reason: '' }), verdict, code);
});

test('addresses of a WebSocket and of requests, from either', () => {
  assert.deepStrictEqual(addressesOf('wss://race.example'), { webSocket: 'wss://race.example/', http: 'https://race.example/' });
  assert.deepStrictEqual(addressesOf('http://a:8080/live/#x'), { webSocket: 'ws://a:8080/live/', http: 'http://a:8080/live/' });
  assert.throws(() => addressesOf('ftp://a/'), TypeError);
  assert.throws(() => addressesOf('/relative'), TypeError);
});

test('a refusal is read as a problem, as a line, or as a status', async () => {
  const refused = (body, headers = {}) => refusalOf(new Response(body, { status: 503, headers }));
  const problem = await refused('{"code":"store_busy","detail":"later","index":3}', { 'Retry-After': '7' });
  assert.deepStrictEqual([problem.error.code, problem.error.index, problem.retryAfterMs], ['store_busy', 3, 7000]);
  assert.strictEqual((await refused('too_many_connections: come back later')).error.code, 'too_many_connections');
  for (const other of ['', '<html>', 'null', '7', '{}']) {
    const { error, retryAfterMs } = await refused(other, { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' });
    assert.deepStrictEqual([error.code, retryAfterMs], ['http_503', undefined]);
  }
});
