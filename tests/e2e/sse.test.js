'use strict';
/*
 * Server-sent events: the same as on a WebSocket of spectate.v1, for who only watches.
 */
const assert = require('node:assert');
const net = require('node:net');
const test = require('node:test');
const { EventStream } = require('./lib/events.js');
const frames = require('./lib/frame.js');
const { Operators } = require('./lib/operators.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { Spectator } = require('./lib/spectator.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const HOUR_AGO = Date.now() - 3_600_000;
const step = (userId, number) => ({ userId, lat: (1e6 + number) / 1e6, lng: 2, time: HOUR_AGO + number * 100 });
const steps = (userId, from, to) => Array.from({ length: to - from + 1 }, (_, i) => step(userId, from + i));

/* A stream of events that ends with the test. */
async function open(t, where, query, options) {
  const stream = await EventStream.open(where, `/v1/stream?${query}`, options);
  t.after(() => stream.destroy());
  return stream;
}

async function publish(phone, message) {
  phone.send({ type: 'position', id: 'p', ...message });
  assert.strictEqual((await phone.next('ack')).type, 'ack');
}

test('a stream begins with how things stand, and goes on with what is new', async (t) => {
  const server = await startServer(t, ['--stale-time', '500ms', '--lost-time', '20s']);
  const phone = await Spectator.join(server);
  await publish(phone, step(7, 1));
  const stream = await open(t, server, 'follow=7,ann&x=y&follow=%C3%A4');
  const { headers } = stream.response;
  assert.strictEqual(headers['cache-control'], 'no-store, no-transform');
  assert.strictEqual(headers['x-accel-buffering'], 'no');
  assert.deepStrictEqual((await stream.next('snapshot')).positions, [step(7, 1)]);
  assert.ok(stream.retry >= 1000 && stream.retry <= 3000);
  const first = stream.lastId;
  assert.notStrictEqual(first, '');
  await publish(phone, step('ann', 1));
  await publish(phone, step('ä', 2));
  await publish(phone, step('bob', 3));
  assert.deepStrictEqual(await stream.take(2), [step('ann', 1), step('ä', 2)]);
  assert.notStrictEqual(stream.lastId, first);
  const { status, since } = await stream.next('status');
  assert.deepStrictEqual([status, [1, 2].includes((since - HOUR_AGO) / 100)], ['stale', true]);
  await server.showsMetrics({ spectate_sessions: 2, spectate_event_streams: 1, spectate_followers: 1 });
  stream.destroy();
  phone.cut();
  await server.becomesIdle();
  await server.showsMetrics({ spectate_event_streams: 0 });
});

forEachWorkerCount((suffix, workers) => {
  test(`a stream that comes back with its last event gets what it missed, after a restart too${suffix}`, async (t) => {
    const args = [...workers, '--data', temporaryFolder()];
    const first = await startServer(t, args);
    const phone = await Spectator.join(first);
    const stream = await open(t, first, 'follow=7');
    assert.deepStrictEqual((await stream.next('snapshot')).positions, []);
    await publish(phone, step(7, 1));
    assert.deepStrictEqual(await stream.take(1), [step(7, 1)]);
    stream.destroy();
    await phone.publishAll(steps(7, 2, 1000));
    await first.cut();
    const second = await startServer(t, args);
    const back = await open(t, second, 'follow=7&since=nonsense', { headers: { 'last-event-id': stream.lastId } });
    assert.deepStrictEqual(await back.take(999), steps(7, 2, 1000));
    const again = await Spectator.join(second);
    await publish(again, step(7, 1001));
    assert.deepStrictEqual(await back.take(1), [step(7, 1001)]);
    const page = await open(t, second, `follow=7&since=${stream.lastId}`);
    assert.deepStrictEqual(await page.take(1000), steps(7, 2, 1001));
    const reset = await open(t, second, 'follow=7&since=nonsense');
    assert.strictEqual((await reset.next('reset')).reason, 'unknown_cursor');
    assert.deepStrictEqual((await reset.next('snapshot')).positions, [step(7, 1001)]);
  });
});

test('groups and a pace are as on a WebSocket', async (t) => {
  const groups = temporaryFile(t, 'groups.json', '{"elite": ["7", "8"]}');
  const server = await startServer(t, ['--groups', groups]);
  const phone = await Spectator.join(server);
  await publish(phone, step(7, 1));
  await publish(phone, step(9, 1));
  const stream = await open(t, server, 'group=elite&every=300');
  assert.deepStrictEqual((await stream.next('snapshot')).positions, [step(7, 1)]);
  for (let i = 2; i <= 30; i++) await publish(phone, step(7, i));
  const heard = [];
  while (heard.at(-1)?.time !== step(7, 30).time) heard.push(...(await stream.next('positions')).positions);
  assert.ok(heard.length < 29, `${heard.length} of 29`);
  await publish(phone, step(8, 1));
  assert.deepStrictEqual((await stream.next('snapshot')).positions, [step(8, 1)]);
});

test('what is wrong is refused before there is a stream', async (t) => {
  const server = await startServer(t);
  const wrong = [
    ['/v1/stream', 'missing_member'],
    ['/v1/stream?follow=', 'bad_id'],
    [`/v1/stream?follow=${'x'.repeat(65)}`, 'id_too_long'],
    ['/v1/stream?follow=7&every=1s', 'bad_pace'],
  ];
  for (const [path, code] of wrong) {
    const { status, body } = await server.get(path);
    assert.deepStrictEqual([status, body.includes(code)], [400, true], body);
  }
  const post = await server.get('/v1/stream?follow=7', { method: 'POST' });
  assert.deepStrictEqual([post.status, post.headers.allow], [405, 'OPTIONS, GET, HEAD']);
  const head = await server.get('/v1/stream?follow=7', { method: 'HEAD' });
  assert.deepStrictEqual([head.status, head.headers['content-type'], head.body], [200, 'text/event-stream', '']);
  assert.strictEqual((await server.get('/v1/streams')).status, 404);
  await server.becomesIdle();
});

test('what a client says behind its request is not heard', async (t) => {
  const server = await startServer(t);
  const request = 'GET /v1/stream?follow=7 HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const peer = await server.raw();
  await peer.write(request, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', frames.text({ initialRequest: true, following: [8] }));
  assert.strictEqual((await peer.httpAnswer()).headers.connection, 'close');
  await peer.write(Buffer.alloc(100_000, 0x81));
  const phone = await Spectator.join(server);
  await publish(phone, step(8, 1));
  await publish(phone, step(7, 1));
  const seen = await peer.take((bytes) => {
    const text = bytes.toString();
    return text.includes('event: positions') && text.endsWith('\n\n') ? { text, size: bytes.length } : undefined;
  }, 'a position');
  assert.match(seen.text, /^retry: \d+\n\nid: \S+\nevent: snapshot\ndata: .*\n\nid: \S+\nevent: positions\ndata: .*"userId":7.*\n\n$/);
  assert.strictEqual(await server.metric('spectate_http_requests_total{code="200"}'), 1);
});

test('a quiet stream says a comment now and then, and the server ends it with when to come back', async (t) => {
  const server = await startServer(t, ['--heartbeat-interval', '200ms']);
  const streams = [];
  for (let i = 0; i < 5; i++) streams.push(await open(t, server, 'follow=7'));
  for (const stream of streams) {
    await stream.next('snapshot');
    await stream.changed.until(() => stream.comments > 3, 'comments');
  }
  server.program.kill('SIGTERM');
  for (const stream of streams) {
    const { after } = await stream.next('reconnect');
    assert.strictEqual(stream.retry, after);
    await stream.ended();
  }
  assert.ok(new Set(streams.map(({ retry }) => retry)).size > 1);
  await server.endsWith(0);
});

test('a token is needed where tokens are, grants what it grants, and its end is that of the stream', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, ['--token-leeway', '0']));
  const phone = await Spectator.join(server, bearer(await issuer.token({ sub: '7' })));
  await publish(phone, step(7, 1));
  const none = await server.get('/v1/stream?follow=7');
  assert.deepStrictEqual([none.status, JSON.parse(none.body).code === 'token_required'], [401, true], none.body);
  assert.strictEqual((await server.get('/v1/stream?follow=7&token=nonsense')).status, 401);

  const token = await issuer.token({ sub: '8', follow: ['7'] });
  const stream = await open(t, server, `follow=7,9&token=${token}`);
  const { code, ids } = await stream.next('error');
  assert.deepStrictEqual([code, ids], ['not_allowed', [9]]);
  assert.deepStrictEqual((await stream.next('snapshot')).positions, [step(7, 1)]);
  const operators = await Operators.of(server);
  await operators.post('/revoke', { sub: '8' });
  assert.strictEqual((await stream.next('error')).code, 'token_revoked');
  await stream.ended();

  const mortal = await issuer.token({ sub: '7', exp: Math.floor(Date.now() / 1000) + 3 });
  const short = await open(t, server, 'follow=7', bearer(mortal));
  await short.next('snapshot');
  assert.strictEqual((await short.next('error')).code, 'token_expired');
  await short.ended();
});

test('a stream waits for keys as a WebSocket does', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer));
  await issuer.addKey('ES384');
  const token = await issuer.token({ sub: '7' }, { kid: 'ES384' });
  issuer.file();
  server.program.kill('SIGHUP');
  await until(async () => {
    const stream = await EventStream.open(server, '/v1/stream?follow=7', bearer(token)).catch(() => undefined);
    stream?.destroy();
    return stream;
  }, 'the new key to count');
});

test('pages of other origins may read a stream if they may connect', async (t) => {
  const server = await startServer(t, ['--allow-origin', 'https://race.example']);
  const mine = { headers: { origin: 'https://race.example' } };
  const stream = await open(t, server, 'follow=7', mine);
  assert.strictEqual(stream.response.headers['access-control-allow-origin'], 'https://race.example');
  const other = await server.get('/v1/stream?follow=7', { headers: { origin: 'https://evil.example' } });
  assert.deepStrictEqual([other.status, other.headers['access-control-allow-origin']], [403, undefined]);
  const wrong = await server.get('/v1/stream', mine);
  assert.deepStrictEqual([wrong.status, wrong.headers['access-control-allow-origin']], [400, 'https://race.example']);
  const asked = { ...mine.headers, 'access-control-request-method': 'GET', 'access-control-request-headers': 'last-event-id' };
  const preflight = await server.get('/v1/stream?follow=7', { method: 'OPTIONS', headers: asked });
  assert.strictEqual(preflight.status, 204);
  assert.match(preflight.headers['access-control-allow-headers'], /Last-Event-ID/);
});

test('who does not read costs a bound, gets the newest once it reads, and is told how much it did not get', async (t) => {
  const server = await startServer(t, ['--lag-bytes', '16K', '--publish-every-unfollowed', '0']);
  const phone = await Spectator.join(server);
  const slow = await open(t, server, 'follow=7');
  await slow.next('snapshot');
  slow.response.pause();
  let number = 0;
  await until(async () => {
    phone.send({ type: 'positions', positions: steps(7, number + 1, number + 1000) });
    number += 1000;
    return (await server.metric('spectate_behind_followers')) === 1;
  }, 'it to be behind');
  await until(async () => (await server.metric('spectate_queued_bytes')) < 64 * 1024, 'little to be kept for it');
  slow.response.resume();
  let last;
  while (last?.positions.at(-1)?.time !== step(7, number).time) last = await slow.next('positions');
  assert.ok(last.superseded > 0);
  await publish(phone, step(7, number + 1));
  assert.deepStrictEqual((await slow.next('positions')).positions, [step(7, number + 1)]);
});

/* A proxy that holds back what it gets until it has 3000 bytes of it or 100 ms have gone, and cuts it anywhere. */
function startBufferingProxy(t, server) {
  const proxy = net.createServer((client) => {
    const upstream = net.connect(server.port, server.host);
    let held = Buffer.alloc(0);
    const pass = () => {
      for (let at = 0; at < held.length; at += 701) client.write(held.subarray(at, at + 701));
      held = Buffer.alloc(0);
    };
    const timer = setInterval(pass, 100);
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      held = Buffer.concat([held, bytes]);
      if (held.length > 3000) pass();
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(timer);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  t.after(() => proxy.close());
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve({ host: '127.0.0.1', port: proxy.address().port })));
}

test('a stream comes through a proxy that buffers', async (t) => {
  const server = await startServer(t, ['--data', temporaryFolder()]);
  const proxy = await startBufferingProxy(t, server);
  const phone = await Spectator.join(server);
  const stream = await open(t, proxy, 'follow=7');
  await stream.next('snapshot');
  for (let i = 1; i <= 100; i++) await phone.publish(step(7, i));
  const heard = [];
  while (heard.length < 100) heard.push(...(await stream.next('positions')).positions);
  assert.deepStrictEqual(heard, steps(7, 1, 100));
  stream.destroy();
  await phone.publish(step(7, 101));
  const back = await open(t, proxy, 'follow=7', { headers: { 'last-event-id': stream.lastId } });
  assert.deepStrictEqual(await back.take(1), [step(7, 101)]);
});

/* --- a crowd -------------------------------------------------------------------------------------------------------- */

const CROWD = 1000;

/* Read frames or events as they come, and keep what the positions are. */
class Watcher {
  constructor(peer, parse) {
    this.peer = peer;
    this.parse = parse;
    this.positions = [];
  }

  async hears(count) {
    while (this.positions.length < count) this.positions.push(...(await this.peer.take(this.parse, 'a message')).positions);
    return this.positions;
  }
}

function parseFrame(bytes) {
  const found = frames.parse(bytes);
  if (found === undefined) return undefined;
  const message = found.opcode === frames.TEXT ? JSON.parse(found.payload) : {};
  return { positions: message.positions ?? [], size: found.size };
}

function parseEvent(bytes) {
  const end = bytes.indexOf('\n\n');
  if (end < 0) return undefined;
  const data = bytes.subarray(0, end).toString().match(/^data: (.*)$/m)?.[1] ?? '{}';
  return { positions: JSON.parse(data).positions ?? [], size: end + 2 };
}

test('a thousand streams and a thousand WebSockets see the same', { timeout: 120_000 }, async (t) => {
  const server = await startServer(t, ['--workers', '2', '--lag-time', '60s', '--fresh-time', '0', '--publish-every-unfollowed', '0']);
  const watchers = [];
  for (let i = 0; i < CROWD; i++) {
    const socket = await server.rawSessionOf('spectate.v1');
    await socket.write(frames.text({ type: 'follow', runners: [7, 8] }));
    watchers.push(new Watcher(socket, parseFrame));
    const stream = await server.raw();
    await stream.write('GET /v1/stream?follow=7,8 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.strictEqual((await stream.httpAnswer('HEAD')).status, 200);
    watchers.push(new Watcher(stream, parseEvent));
  }
  const phone = await Spectator.join(server);
  await server.showsMetrics({ spectate_followers: 2 * CROWD, spectate_event_streams: CROWD });
  const race = Array.from({ length: 25 }, (_, i) => [step(7, i + 1), step(8, i + 1)]).flat();
  for (const position of race) await publish(phone, position);
  for (const watcher of watchers) assert.deepStrictEqual(await watcher.hears(race.length), race);
  await server.showsMetrics({ spectate_positions_delivered_total: 2 * CROWD * race.length });
  for (const { peer } of watchers) peer.destroy();
  phone.cut();
  await server.becomesIdle();
});
