'use strict';
/*
 * A session whose follows move many runners waits for it; the others don't.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');

const MANY = Array.from({ length: 8000 }, (_, i) => i);
const FEW = MANY.slice(0, 1000);
const CHANGES = 20;

const follow = (ids, more = {}) => frames.text({ initialRequest: true, following: ids, ...more });
const ping = (text) => frames.frame(frames.PING, text);

test('while a session rests from a costly follow the others are answered, and it may go meanwhile', async (t) => {
  const server = await startServer(t, ['--max-moves-per-second', '1000']); // so it rests for eight seconds
  const costly = await server.rawSession();
  const other = await server.client();
  await costly.write(follow(MANY), ping('behind it'));
  await server.showsMetrics({ spectate_sessions_resting: 1, spectate_follow_moves_total: MANY.length });

  await other.ping();
  other.follow([1]);
  other.publish(1, 2, 3);
  assert.deepStrictEqual(await other.next(), { userId: 1, lat: 2, lng: 3 });

  assert.deepStrictEqual(await costly.message(), { userId: 1, lat: 2, lng: 3 }); // and no pong before it
  costly.destroy();
  other.destroy();
});

test('all that a session said is done after it has rested, in order', async (t) => {
  const server = await startServer(t);
  const session = await server.rawSession();
  const changes = Array.from({ length: CHANGES }, (_, i) => follow([], { every: 100 + 100 * (i % 2) }));
  const halfway = ping('halfway');
  await session.write(follow(FEW), ...changes.slice(0, 10), halfway, ...changes.slice(10), ping('end'));

  assert.strictEqual((await session.frame()).payload.toString(), 'halfway');
  assert.strictEqual((await session.frame()).payload.toString(), 'end');

  await server.showsMetrics({
    spectate_follow_messages_total: 1 + CHANGES,
    spectate_follow_moves_total: FEW.length * (1 + 2 * CHANGES),
    spectate_sessions_resting: 0,
  });
});

test('what a session said behind a costly follow is not lost when word from the disk comes while it rests', async (t) => {
  const server = await startServer(t, ['--max-moves-per-second', '10000', '--data', temporaryFolder()]);
  const session = await server.raw();
  const say = (message) => frames.text({ id: 1, ...message });
  await session.write(
    handshake({ headers: { 'Sec-WebSocket-Protocol': 'spectate.v1' } }),
    say({ type: 'position', userId: 1, lat: 1, lng: 2 }),
    frames.text({ type: 'follow', runners: FEW.concat(MANY) }),
    say({ type: 'ping' }),
  );
  assert.strictEqual((await session.httpAnswer()).status, 101);
  const types = [];
  while (types.at(-1) !== 'pong') types.push((await session.message()).type);
  assert.ok(types.includes('ack'), types.join());
});

test('a session that repeats what it follows does not rest', async (t) => {
  const server = await startServer(t, ['--max-moves-per-second', '10000']);
  const session = await server.rawSession();
  await session.write(follow(FEW), ...Array.from({ length: CHANGES }, () => follow(FEW)), ping('end'));

  assert.strictEqual((await session.frame()).payload.toString(), 'end');

  await server.showsMetrics({ spectate_follow_moves_total: FEW.length, spectate_sessions_resting: 0 });
});

test('a session that rests when the server ends is told so', async (t) => {
  const server = await startServer(t, ['--max-moves-per-second', '1000']);
  const session = await server.rawSession();
  await session.write(follow(MANY));
  await server.showsMetrics({ spectate_sessions_resting: 1 });

  server.program.kill('SIGTERM');

  assert.strictEqual((await session.closeFrame()).code, 1001);
  session.destroy();
  await server.endsWith(0);
});
