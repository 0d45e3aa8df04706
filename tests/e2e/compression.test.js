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
const { inTime } = require('./lib/wait.js');

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

async function offered(server, extensions) {
  const peer = await server.raw();
  peer.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: ${extensions}\r\n\r\n`,
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
