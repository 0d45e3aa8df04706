'use strict';
/*
 * ws-echo, the program for the conformance suite, by npm's ws: what goes in comes out.
 */
const assert = require('node:assert');
const crypto = require('node:crypto');
const test = require('node:test');
const WebSocket = require('ws');
const frames = require('./lib/frame.js');
const { startEcho } = require('./lib/server.js');
const { inTime } = require('./lib/wait.js');

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, MIB, 16 * MIB];

async function connect(t, server, options) {
  const ws = new WebSocket(server.url, { perMessageDeflate: false, maxPayload: 64 * MIB, ...options });
  t.after(() => ws.terminate());
  await inTime(new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject)), () => 'a WebSocket');
  return ws;
}

function next(ws) {
  const message = new Promise((resolve) => ws.once('message', (data, isBinary) => resolve({ data, isBinary })));
  return inTime(message, () => 'the echo');
}

for (const size of SIZES) {
  test(`${size} bytes come back, as text and as binary`, async (t) => {
    const server = await startEcho(t);
    const ws = await connect(t, server);
    const bytes = crypto.randomBytes(size);
    const text = Buffer.from(bytes.toString('latin1').replace(/[^\x20-\x7e]/g, 'x'));
    for (const [payload, binary] of [
      [bytes, true],
      [text, false],
    ]) {
      ws.send(payload, { binary });
      const echo = await next(ws);
      assert.strictEqual(echo.isBinary, binary);
      assert.ok(echo.data.equals(payload), 'other bytes came back');
    }
  });
}

test('text of several bytes a character comes back', async (t) => {
  const server = await startEcho(t);
  const ws = await connect(t, server);
  const text = 'aé選🏃'.repeat(10_000);
  ws.send(text);
  assert.strictEqual((await next(ws)).data.toString(), text);
});

test('a message in thousands of fragments comes back whole', async (t) => {
  const server = await startEcho(t);
  const ws = await connect(t, server);
  const parts = Array.from({ length: 5000 }, (_, i) => Buffer.from(`${i},`));
  for (const [i, part] of parts.entries()) ws.send(part, { binary: true, fin: i === parts.length - 1 });
  assert.ok((await next(ws)).data.equals(Buffer.concat(parts)));
});

test('a large message in fragments of every size comes back whole', async (t) => {
  const server = await startEcho(t);
  const ws = await connect(t, server);
  const bytes = crypto.randomBytes(4 * MIB);
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 3) % 70_001)
    ws.send(bytes.subarray(at, at + size), { binary: true, fin: at + size >= bytes.length });
  assert.ok((await next(ws)).data.equals(bytes));
});

test('many messages at once come back in order', async (t) => {
  const server = await startEcho(t);
  const ws = await connect(t, server);
  const got = [];
  const all = new Promise((resolve) => ws.on('message', (data) => got.push(data.toString()) === 5000 && resolve()));
  for (let i = 0; i < 5000; i++) ws.send(`${i}`);
  await inTime(all, () => `5000 messages, ${got.length} came`);
  assert.deepStrictEqual(
    got,
    Array.from({ length: 5000 }, (_, i) => `${i}`),
  );
});

test('a message over --max-message-bytes closes with 1009', async (t) => {
  const server = await startEcho(t, ['--max-message-bytes', '1000']);
  const ws = await connect(t, server);
  ws.send('x'.repeat(1000));
  assert.strictEqual((await next(ws)).data.length, 1000);
  ws.send('x'.repeat(1001));
  const code = await inTime(new Promise((resolve) => ws.once('close', resolve)), () => 'the close');
  assert.strictEqual(code, 1009);
});

test('echoes to a reader that is slow wait for it', async (t) => {
  const server = await startEcho(t);
  const peer = await server.rawSession();
  peer.socket.pause();
  const payload = crypto.randomBytes(100 * KIB);
  for (let i = 0; i < 40; i++) peer.socket.write(frames.frame(frames.BINARY, payload));
  await server.showsMetrics({ spectate_messages_received_total: 40 });
  peer.socket.resume();
  for (let i = 0; i < 40; i++) assert.ok((await peer.frame()).payload.equals(payload));
});
