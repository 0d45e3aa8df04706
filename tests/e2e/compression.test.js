'use strict';
/*
 * permessage-deflate (RFC 7692): agreed on in all its parameters, no context taken over, no bomb; by npm's ws and by raw frames.
 */
const assert = require('node:assert');
const crypto = require('node:crypto');
const test = require('node:test');
const zlib = require('node:zlib');
const WebSocket = require('ws');
const frames = require('./lib/frame.js');
const { startEcho, startServer } = require('./lib/server.js');
const { inTime, until } = require('./lib/wait.js');

const RSV1 = 0x40;
const position = (userId, lat) => JSON.stringify({ userId, lat, lng: 2.2927 });

async function connect(t, server, perMessageDeflate) {
  const ws = new WebSocket(server.url, { perMessageDeflate, maxPayload: 64 << 20 });
  t.after(() => ws.terminate());
  await inTime(new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject)), () => 'a WebSocket');
  return ws;
}

function next(ws) {
  return inTime(new Promise((resolve) => ws.once('message', (data) => resolve(data))), () => 'the echo');
}

/* A message's payload as RFC 7692 section 7.2.1 makes it. */
function deflate(text) {
  const bytes = zlib.deflateRawSync(Buffer.from(text), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, bytes.length - 4);
}

function compressedFrame(payload, opcode = frames.TEXT) {
  const bytes = Buffer.from(frames.frame(opcode, payload));
  bytes[0] |= RSV1;
  return bytes;
}

async function offered(server, extensions, headers = '') {
  const peer = await server.raw();
  peer.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: ${extensions}\r\n${headers}\r\n`,
  );
  const answer = await peer.httpAnswer();
  return { peer, status: answer.status, agreed: answer.headers['sec-websocket-extensions'] };
}

for (const options of [
  true,
  { threshold: 0 },
  { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
]) {
  test(`many messages come back whole from one connection, with ${JSON.stringify(options)}`, async (t) => {
    const server = await startEcho(t);
    const ws = await connect(t, server, options);
    assert.match(ws.extensions, /permessage-deflate/);
    const texts = [];
    for (let i = 0; i < 200; i++) texts.push(position(i, i / 7).repeat(1 + (i % 40)));
    for (const size of [100, 5000, 70_000, 1 << 20])
      texts.push(crypto.randomBytes(size).toString('hex'), 'a'.repeat(size), position(1, 2).repeat(size / 50));
    for (const text of texts) {
      ws.send(text);
      assert.ok((await next(ws)).toString() === text, `other ${text.length} bytes came back`);
    }
  });
}

test('positions of a client that compresses are published, and go out as they are', async (t) => {
  const server = await startServer(t, ['--compression', '6']);
  const ws = await connect(t, server, { threshold: 0 });
  ws.send(JSON.stringify({ initialRequest: true, following: [7] }));
  ws.send(position(7, 48.8568));
  assert.strictEqual((await next(ws)).toString(), '{"userId":7,"lat":48.8568,"lng":2.2927}');
});

/* What a session of spectate.v1 got, frame by frame, as { isCompressed, bytes, text }. */
async function v1Frames(peer, count) {
  const got = [];
  for (;;) {
    const frame = await peer.frame({ reserved: RSV1 >> 4 });
    if (frame.opcode !== frames.TEXT) continue;
    const isCompressed = frame.reserved === RSV1 >> 4;
    const bytes = frame.payload;
    const text = isCompressed
      ? zlib.inflateRawSync(Buffer.concat([bytes, Buffer.from([0, 0, 0xff, 0xff])]), {
          finishFlush: zlib.constants.Z_SYNC_FLUSH,
        }).toString()
      : bytes.toString();
    if (JSON.parse(text).type === 'positions') got.push({ isCompressed, bytes, text });
    if (got.length === count) return got;
  }
}

async function v1Follower(server, extensions, following) {
  const { peer } = await offered(server, extensions, 'Sec-WebSocket-Protocol: spectate.v1\r\n');
  peer.write(frames.frame(frames.TEXT, JSON.stringify({ type: 'follow', runners: following })));
  return peer;
}

test('many positions in a frame of spectate.v1 are compressed, one and the same frame for all who agreed', async (t) => {
  const server = await startServer(t, ['--compression', '6', '--workers', '1']);
  const ids = Array.from({ length: 100 }, (_, i) => i + 1);
  const peers = [
    await v1Follower(server, 'permessage-deflate', ids),
    await v1Follower(server, 'permessage-deflate', ids),
    await v1Follower(server, 'permessage-deflate; server_max_window_bits=10', ids),
    await v1Follower(server, '', ids),
  ];
  await server.showsMetrics({ spectate_followers: 4 });
  const publisher = await offered(server, '', 'Sec-WebSocket-Protocol: spectate.v1\r\n');
  const positions = ids.map((userId) => ({ userId, lat: 48.85 + userId / 1e4, lng: 2.2927 }));
  publisher.peer.write(frames.frame(frames.TEXT, JSON.stringify({ type: 'positions', positions })));
  const [first, second, narrow, plain] = await Promise.all(peers.map((peer) => v1Frames(peer, 1)));
  assert.deepStrictEqual([first, second, narrow, plain].map(([{ isCompressed }]) => isCompressed), [true, true, false, false]);
  assert.ok(first[0].bytes.equals(second[0].bytes));
  for (const [{ text }] of [first, narrow]) assert.strictEqual(text, plain[0].text);
  assert.strictEqual(JSON.parse(plain[0].text).positions.length, 100);
  assert.ok(first[0].bytes.length * 4 < plain[0].bytes.length, `${first[0].bytes.length} of ${plain[0].bytes.length}`);
});

test("npm's ws reads frames of spectate.v1 that were compressed for all", async (t) => {
  const server = await startServer(t, ['--compression', '1', '--compress-min-bytes', '64']);
  const ws = new WebSocket(server.url, 'spectate.v1');
  t.after(() => ws.terminate());
  const seen = [];
  ws.on('message', (data) => seen.push(...(JSON.parse(data).positions ?? [])));
  await inTime(new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject)), () => 'a WebSocket');
  assert.match(ws.extensions, /permessage-deflate/);
  ws.send(JSON.stringify({ type: 'follow', runners: [7] }));
  for (let i = 0; i < 50; i++) ws.send(JSON.stringify({ type: 'position', userId: 7, lat: i, lng: 2.2927, altitude: i / 2 }));
  await until(() => seen.length === 50, () => `50 positions, not ${seen.length}`);
  assert.deepStrictEqual(seen.map(({ lat }) => lat), Array.from({ length: 50 }, (_, i) => i));
});

test('without the option nothing is agreed on, and RSV1 is a protocol error', async (t) => {
  const server = await startServer(t);
  const { peer, status, agreed } = await offered(server, 'permessage-deflate');
  assert.strictEqual(status, 101);
  assert.strictEqual(agreed, undefined);
  peer.write(compressedFrame(deflate(position(7, 1))));
  assert.strictEqual((await peer.closeFrame()).code, 1002);
});

const NO_CONTEXT = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
for (const [offer, expected] of [
  ['permessage-deflate', NO_CONTEXT],
  ['permessage-deflate; client_max_window_bits', NO_CONTEXT],
  ['permessage-deflate; server_max_window_bits=7', undefined],
  ['permessage-deflate; unknown_parameter', undefined],
  ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
  ['x-other; a=1, permessage-deflate; unknown, permessage-deflate', NO_CONTEXT],
  ['permessage-deflate; server_max_window_bits="10"', `${NO_CONTEXT}; server_max_window_bits=10`],
]) {
  test(`an offer of ${offer} is answered ${expected ?? 'by none'}`, async (t) => {
    const server = await startEcho(t);
    const { status, agreed } = await offered(server, offer);
    assert.strictEqual(status, 101);
    const parts = (value) => value?.split(/; */).sort().join('; ');
    assert.strictEqual(parts(agreed), parts(expected));
  });
}

test('a malformed header of extensions is 400', async (t) => {
  const server = await startEcho(t);
  assert.strictEqual((await offered(server, 'permessage-deflate; =1')).status, 400);
});

test('a bomb is closed with 1009, and takes no more memory than a message may', async (t) => {
  const server = await startServer(t, ['--compression', '1']);
  const { peer } = await offered(server, 'permessage-deflate');
  peer.write(compressedFrame(deflate(' '.repeat(20 << 20))));
  assert.strictEqual((await peer.closeFrame()).code, 1009);
});

for (const [what, payload, code] of [
  ['bytes that are no deflate stream', Buffer.from([0xff, 0xff, 0xff]), 1007],
  ['a message that refers to an earlier one', Buffer.from([0x02, 0x11, 0x00]), 1007],
  ['text that is not UTF-8', deflate(Buffer.from([0xc0, 0xaf])), 1007],
]) {
  test(`${what}: closed with ${code}`, async (t) => {
    const server = await startEcho(t);
    const { peer } = await offered(server, 'permessage-deflate');
    peer.write(compressedFrame(payload));
    assert.strictEqual((await peer.closeFrame()).code, code);
  });
}

test('a compressed control frame is a protocol error', async (t) => {
  const server = await startEcho(t);
  const { peer } = await offered(server, 'permessage-deflate');
  peer.write(compressedFrame(Buffer.from('x'), frames.PING));
  assert.strictEqual((await peer.closeFrame()).code, 1002);
});
