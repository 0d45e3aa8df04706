'use strict';
/*
 * RFC 6455 by frames that no library would send. The conformance suite is run against ws-echo from outside; here stand the rules
 * that protect the server, as the product itself keeps them.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer } = require('./lib/server.js');

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closeFrame, frame } = frames;
const FOLLOW_1 = JSON.stringify({ initialRequest: true, following: [1] });
const POSITION = { userId: 1, lat: 2.5, lng: -3 };
const POSITION_TEXT = JSON.stringify(POSITION);

const PROTOCOL_ERRORS = [
  ['a text frame that is not masked', [frame(TEXT, POSITION_TEXT, { masked: false })]],
  ['an empty text frame that is not masked', [frame(TEXT, '', { masked: false })]],
  ['a ping that is not masked', [frame(PING, 'x', { masked: false })]],
  ['a close frame that is not masked', [frame(CLOSE, '', { masked: false })]],
  ['the first reserved bit', [frame(TEXT, POSITION_TEXT, { reserved: 4 })]],
  ['the second reserved bit', [frame(TEXT, POSITION_TEXT, { reserved: 2 })]],
  ['the third reserved bit', [frame(TEXT, POSITION_TEXT, { reserved: 1 })]],
  ['a reserved bit in a ping', [frame(PING, '', { reserved: 4 })]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [frame(opcode, 'x')]]),
  ['a ping in fragments', [frame(PING, 'x', { fin: false })]],
  ['a close frame in fragments', [frame(CLOSE, '', { fin: false })]],
  ['a ping of 126 bytes', [frame(PING, 'x'.repeat(126))]],
  ['a ping whose length is in 16 bits', [frame(PING, 'x', { lengthBits: 16 })]],
  ['a continuation of nothing', [frame(CONTINUATION, 'x')]],
  ['a continuation after a whole message', [frame(TEXT, POSITION_TEXT), frame(CONTINUATION, 'x')]],
  ['a new message inside a message', [frame(TEXT, '{', { fin: false }), frame(TEXT, '}')]],
  ['a binary message inside a text message', [frame(TEXT, '{', { fin: false }), frame(BINARY, '}')]],
  ['a length in 16 bits that fits in 7', [frame(TEXT, 'x', { lengthBits: 16 })]],
  ['a length in 64 bits that fits in 16', [frame(TEXT, 'x'.repeat(200), { lengthBits: 64 })]],
  ['a length with its highest bit set', [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])]],
  ['a close frame with one byte', [frame(CLOSE, 'x')]],
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535].map((code) => [
    `close code ${code}`,
    [closeFrame(code)],
  ]),
];

for (const [name, bytes] of PROTOCOL_ERRORS) {
  test(`${name} is answered with 1002 and the end`, async (t) => {
    const server = await startServer(t);
    const peer = await server.rawSession(...bytes);
    assert.deepStrictEqual(await peer.closeFrame(), { code: 1002, reason: 'protocol error' });
    await peer.ended();
    const values = await server.showsMetrics({ spectate_sessions: 0 });
    assert.strictEqual(values.get('spectate_errors_total{code="bad_frame"}'), 1);
    assert.strictEqual(values.get('spectate_sessions_closed_total{reason="bad_frame"}'), 1);
  });
}

const BAD_UTF8 = {
  'a lone continuation byte': '80',
  'an overlong slash': 'c0af',
  'a surrogate': 'eda080',
  'a code point beyond Unicode': 'f4908080',
  'a byte that never occurs': 'ff',
  'a character that is cut off': 'e282',
};

for (const [name, hex] of Object.entries(BAD_UTF8)) {
  test(`text with ${name} is answered with 1007`, async (t) => {
    const server = await startServer(t);
    const peer = await server.rawSession(frame(TEXT, Buffer.from(hex, 'hex')));
    assert.deepStrictEqual(await peer.closeFrame(), { code: 1007, reason: 'text is not UTF-8' });
    await peer.ended();
    await server.showsMetrics({ 'spectate_sessions_closed_total{reason="bad_utf8"}': 1, spectate_sessions: 0 });
  });
}

test('bad UTF-8 is refused at the byte that breaks it, across fragments, before the message is whole', async (t) => {
  const server = await startServer(t);
  const fragments = await server.rawSession(
    frame(TEXT, Buffer.from('"\xe2', 'latin1'), { fin: false }),
    frame(CONTINUATION, Buffer.from([0x82]), { fin: false }),
    frame(PING, 'between'),
  );
  assert.strictEqual((await fragments.frame()).opcode, PONG);
  await fragments.write(frame(CONTINUATION, Buffer.from('("', 'latin1'), { fin: false }));
  assert.strictEqual((await fragments.closeFrame()).code, 1007);

  const inside = await server.rawSession();
  const large = frame(TEXT, Buffer.concat([Buffer.from('"\xc3(', 'latin1'), Buffer.alloc(5000, 'x')]));
  await inside.write(large.subarray(0, 20));
  assert.strictEqual((await inside.closeFrame()).code, 1007);
});

test('a close reason that is not UTF-8 is answered with 1007', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession(frame(CLOSE, Buffer.from('03e8ff', 'hex')));
  assert.strictEqual((await peer.closeFrame()).code, 1007);
});

test('a message in fragments, with pings in between and in the middle of a character, is one message', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession(frame(TEXT, JSON.stringify({ initialRequest: true, following: ['é'] })));
  const bytes = Buffer.from(JSON.stringify({ userId: 'é', lat: 1, lng: 2 }));
  const parts = [...bytes].map((byte, i) =>
    frame(i === 0 ? TEXT : CONTINUATION, Buffer.from([byte]), { fin: i === bytes.length - 1 }),
  );
  for (const [i, part] of parts.entries())
    await peer.write(part, ...(i < parts.length - 1 ? [frame(PING, `${i}`)] : []));
  for (let i = 0; i < parts.length - 1; i++) {
    const pong = await peer.frame();
    assert.deepStrictEqual([pong.opcode, pong.payload.toString()], [PONG, `${i}`]);
  }
  assert.deepStrictEqual(await peer.message(), { userId: 'é', lat: 1, lng: 2 });
});

test('a whole conversation, one byte at a time', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.writeSlowly(handshake());
  assert.strictEqual((await peer.httpAnswer()).status, 101);
  await peer.writeSlowly(frame(TEXT, FOLLOW_1), frame(PING, 'p'), frame(TEXT, POSITION_TEXT));
  assert.strictEqual((await peer.frame()).opcode, PONG);
  assert.deepStrictEqual(await peer.message(), POSITION);
  await peer.writeSlowly(closeFrame(1000, 'bye'));
  assert.strictEqual((await peer.closeFrame()).code, 1000);
  await peer.ended();
});

test('pings of every size are answered with the same bytes, unasked pongs with nothing', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession();
  for (const size of [0, 1, 7, 8, 9, 124, 125]) {
    const payload = Buffer.from(Array.from({ length: size }, (_, i) => (i * 37) & 0xff));
    await peer.write(frame(PONG, 'unasked'), frame(PING, payload));
    const pong = await peer.frame();
    assert.strictEqual(pong.opcode, PONG);
    assert.deepStrictEqual(pong.payload, payload);
  }
});

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
  test(`a close with ${code} is answered with ${code}`, async (t) => {
    const server = await startServer(t);
    const peer = await server.rawSession(closeFrame(code, 'a reason'));
    assert.strictEqual((await peer.closeFrame()).code, code);
    await peer.ended();
    await server.showsMetrics({ spectate_sessions: 0, 'spectate_sessions_closed_total{reason="client_close"}': 1 });
  });
}

test('a close without a code is answered without one', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession(closeFrame());
  assert.strictEqual((await peer.closeFrame()).code, 1005);
  await peer.ended();
});

test('what comes after a close frame is ignored, and the server ends the connection first', async (t) => {
  const server = await startServer(t);
  const peer = await server.rawSession(
    frame(TEXT, FOLLOW_1),
    closeFrame(1000),
    frame(TEXT, POSITION_TEXT),
    frame(PING, 'x'),
    Buffer.from('garbage'),
  );
  assert.strictEqual((await peer.closeFrame()).code, 1000);
  await peer.ended();
  assert.strictEqual(await server.metric('spectate_positions_received_total'), 0);
  peer.socket.end();
  await server.becomesIdle();
});

test('messages in one segment with the close frame are still carried out', async (t) => {
  const server = await startServer(t);
  const watcher = await server.client();
  watcher.follow([1]);
  await watcher.ping();
  const peer = await server.rawSession();
  await peer.write(frame(TEXT, POSITION_TEXT), closeFrame(1000));
  assert.deepStrictEqual(await watcher.next(), POSITION);
});

test('garbage in place of frames ends only that session', async (t) => {
  const server = await startServer(t);
  const witness = await server.client();
  let state = 1;
  for (let round = 0; round < 50; round++) {
    const garbage = Buffer.from(Array.from({ length: 300 }, () => (state = Math.imul(state, 69069) + 1) >>> 24));
    const peer = await server.rawSession();
    peer.socket.write(garbage);
    peer.socket.end();
    peer.socket.resume();
  }
  await witness.settle();
  await server.showsMetrics({ spectate_sessions: 1, spectate_queued_bytes: 0 });
});
