'use strict';
/*
 * The seed dialect, sentence by sentence, as docs/protocol.md has it.
 */
const assert = require('node:assert');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer } = require('./lib/server.js');

/* The members as they stand in the text: JSON.parse() would round them. */
function memberText(text, name) {
  return text.match(new RegExp(`"${name}":\\s*("[^"]*"|[^,}]+)`))[1];
}

/* Publish by a text with this userId, lat and lng in it; the text that a follower of the runner gets. */
async function relayed(client, { id = '1', lat = '1', lng = '2' }) {
  client.send(`{"userId": ${id}, "lat": ${lat}, "lng": ${lng}}`);
  return client.nextText();
}

async function startFollowing(t, ids) {
  const server = await startServer(t);
  const client = await server.client();
  client.send(`{"initialRequest": true, "following": [${ids}]}`);
  return { server, client };
}

test('the first messages may come in the same segment as the handshake', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.write(
    handshake(),
    frames.text({ initialRequest: true, following: [7], userId: 7 }),
    frames.text({ userId: 7, lat: 1.5, lng: 2.5 }),
  );
  assert.strictEqual((await peer.httpAnswer()).status, 101);
  assert.deepStrictEqual(await peer.message(), { userId: 7, lat: 1.5, lng: 2.5 });
});

test('the path and the query of the WebSocket do not matter', async (t) => {
  const server = await startServer(t);
  for (const path of ['/', '/live', '/healthz', '/a/b?c=d', '/%20', 'http://localhost/x']) {
    const peer = await server.raw();
    await peer.write(handshake({ path }));
    assert.strictEqual((await peer.httpAnswer()).status, 101, path);
  }
});

test('no subprotocol is chosen, and no extension that is not known', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.write(
    handshake({
      headers: {
        'Sec-WebSocket-Protocol': 'spectate.v9, chat',
        'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame, permessage-bzip2',
      },
    }),
  );
  const { status, headers } = await peer.httpAnswer();
  assert.strictEqual(status, 101);
  assert.strictEqual(headers['sec-websocket-protocol'], undefined);
  assert.strictEqual(headers['sec-websocket-extensions'], undefined);
});

test('a session that follows itself hears itself, one that does not hears nothing', async (t) => {
  const { server, client } = await startFollowing(t, '1');
  const other = await server.client();
  client.publish(1, 2, 3);
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 2, lng: 3 });
  other.publish(5, 6, 7);
  await other.expectNothingMore();
  await client.expectNothingMore();
});

test('initialRequest may be sent again and adds to what is followed', async (t) => {
  const { client } = await startFollowing(t, '1');
  client.publish(1, 1, 1);
  client.follow([2, 3]);
  client.follow([3, 3, '1']);
  client.follow([]);
  for (const id of [1, 2, 3, 4]) client.publish(id, id, 0);
  assert.deepStrictEqual(
    (await client.take(4)).map((position) => position.userId),
    [1, 1, 2, 3],
  );
  await client.expectNothingMore();
});

test('following sends nothing by itself', async (t) => {
  const { server, client } = await startFollowing(t, '1');
  client.publish(1, 1, 1);
  await client.next();
  const late = await server.client();
  late.follow([1, 2]);
  await late.expectNothingMore();
  client.publish(1, 2, 2);
  assert.deepStrictEqual(await late.next(), { userId: 1, lat: 2, lng: 2 });
});

test('with a snapshot the newest known positions of the added runners come at once, each once', async (t) => {
  const { server, client } = await startFollowing(t, '1');
  for (let i = 0; i < 5; i++) for (const id of [1, 2]) client.publish(id, i, id);
  await client.settle();
  const late = await server.client();
  late.follow([1, 2, 3], { snapshot: true });
  const got = await late.take(2);
  assert.deepStrictEqual(
    got.sort((a, b) => a.userId - b.userId),
    [
      { userId: 1, lat: 4, lng: 1 },
      { userId: 2, lat: 4, lng: 2 },
    ],
  );
  await late.expectNothingMore();
  late.follow([1, 2], { snapshot: true });
  await late.expectNothingMore();
  client.publish(1, 9, 9);
  assert.deepStrictEqual(await late.next(), { userId: 1, lat: 9, lng: 9 });
});

test('snapshot false or null is like leaving it out', async (t) => {
  const { server, client } = await startFollowing(t, '1');
  client.publish(1, 1, 1);
  await client.next();
  for (const snapshot of [false, null]) {
    const late = await server.client();
    late.follow([1], { snapshot });
    await late.expectNothingMore();
  }
});

test('ids as numbers and as strings are one runner, and the broadcast keeps the form of the publisher', async (t) => {
  for (const followed of ['7', '"7"']) {
    const { client } = await startFollowing(t, followed);
    for (const id of ['7', '"7"', '7']) assert.strictEqual(memberText(await relayed(client, { id }), 'userId'), id);
  }
});

test('other than that, ids are compared byte by byte', async (t) => {
  const { client } = await startFollowing(t, '7, "Ann"');
  for (const id of ['07', '+7', ' 7', '7.0', 'ann', 'Ann ', 'A\u0301nn']) client.publish(id, 1, 1);
  client.publish('Ann', 2, 2);
  assert.deepStrictEqual(await client.next(), { userId: 'Ann', lat: 2, lng: 2 });
});

test('integers of 64 bits survive to the last digit', async (t) => {
  const ids = ['9007199254740993', '-9223372036854775808', '9223372036854775807', '-1', '0', '-9007199254740993'];
  const { client } = await startFollowing(t, ids);
  for (const id of ids) assert.strictEqual(memberText(await relayed(client, { id }), 'userId'), id);
  client.publish('9007199254740993', 1, 2);
  assert.strictEqual(memberText(await client.nextText(), 'userId'), '"9007199254740993"');
  client.send('{"userId": 9007199254740992, "lat": 1, "lng": 2}');
  await client.expectNothingMore();
});

test('strings of any script, and ones that JSON must escape, are ids of up to 64 bytes', async (t) => {
  const ids = [
    'a',
    'x'.repeat(64),
    'é'.repeat(32),
    '選手',
    '🏃'.repeat(16),
    'a"b\\c',
    'tab\there',
    '\u0001',
    '</script>',
    '\u2028',
    '\u007f',
  ];
  const { client } = await startFollowing(
    t,
    ids.map((id) => JSON.stringify(id)),
  );
  for (const id of ids) {
    client.publish(id, 1, 2);
    assert.deepStrictEqual(await client.next(), { userId: id, lat: 1, lng: 2 });
  }
});

test('ids may be written with escapes', async (t) => {
  const { client } = await startFollowing(t, '"\\u0041nn", "\\ud83c\\udfc3"');
  client.publish('Ann', 1, 1);
  assert.strictEqual((await client.next()).userId, 'Ann');
  client.publish('🏃', 1, 1);
  assert.strictEqual((await client.next()).userId, '🏃');
});

test('lat and lng come out with the value in which they were sent', async (t) => {
  const { client } = await startFollowing(t, '1');
  const numbers = [
    '0',
    '-0.0',
    '100',
    '-100',
    '1',
    '90',
    '180.0',
    '48.8568',
    '2.2927',
    '0.1',
    '1e-7',
    '0.0000001',
    '48.8567891',
    '-122.4194155',
    '1.50',
    '15e-1',
    '99.99999999999999',
    '1e300',
    '-1e-300',
    '5e-324',
    '1.7976931348623157e308',
    '123456789.123456789',
    '1E2',
    '4.9e-324',
  ];
  for (const number of numbers) {
    const text = await relayed(client, { lat: number, lng: number });
    for (const name of ['lat', 'lng']) {
      const value = Number(memberText(text, name));
      assert.ok(Object.is(value, Number(number)), `${number} came out as ${memberText(text, name)}`);
    }
  }
});

test('integers of 64 bits are exact and stay integers in lat and lng too', async (t) => {
  const { client } = await startFollowing(t, '1');
  for (const number of ['0', '7', '-33', '9007199254740993', '-9223372036854775808', '9223372036854775807']) {
    const text = await relayed(client, { lat: number, lng: '2' });
    assert.strictEqual(memberText(text, 'lat'), number);
  }
});

test('positions outside WGS 84 are relayed', async (t) => {
  const { client } = await startFollowing(t, '1');
  client.publish(1, 99.5, -1234.5);
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 99.5, lng: -1234.5 });
});

test('members that are not known are ignored and not relayed', async (t) => {
  const { client } = await startFollowing(t, '1');
  client.send({
    userId: 1,
    lat: 2,
    lng: 3,
    speed: 4,
    following: 'x',
    nested: { a: [1, { b: null }] },
    initialRequest: false,
  });
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 2, lng: 3 });
  client.follow([2], { lat: 'x', lng: [], pace: 1 });
  client.send({ initialRequest: null, userId: 2, lat: 0, lng: 0 });
  assert.deepStrictEqual(await client.next(), { userId: 2, lat: 0, lng: 0 });
});

test('when a member is repeated, the last counts', async (t) => {
  const { client } = await startFollowing(t, '1');
  client.send('{"userId": 5, "lat": 1, "userId": 1, "lat": 2, "lng": 3, "lat": 4}');
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 4, lng: 3 });
});

test('white space and the order of members do not matter', async (t) => {
  const { client } = await startFollowing(t, '1');
  client.send(' \r\n\t{ "lng" : 3 ,\n"lat":2,"userId"\t:1 } \n');
  assert.deepStrictEqual(await client.next(), { userId: 1, lat: 2, lng: 3 });
});

test('messages of one connection are acted upon in their order', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  for (let i = 0; i < 100; i++) {
    client.publish(i, 0, 0);
    client.follow([i]);
    client.publish(i, 1, i);
  }
  assert.deepStrictEqual(
    (await client.take(100)).map(({ lat, lng }) => [lat, lng]),
    [...Array(100).keys()].map((i) => [1, i]),
  );
  await client.expectNothingMore();
});

test('what a session published stays when it has gone', async (t) => {
  const server = await startServer(t);
  const runner = await server.client();
  runner.publish(1, 2, 3);
  await runner.ping();
  runner.destroy();
  await server.becomesIdle();
  const late = await server.client();
  late.follow([1], { snapshot: true });
  assert.deepStrictEqual(await late.next(), { userId: 1, lat: 2, lng: 3 });
});

test('a position that is not renewed within position-ttl is forgotten', async (t) => {
  const server = await startServer(t, ['--position-ttl', '200ms']);
  const runner = await server.client();
  runner.publish(1, 2, 3);
  await runner.ping();
  await server.showsMetrics({ spectate_runners: 0 });
  runner.follow([1], { snapshot: true });
  await runner.expectNothingMore();
});

test('with a pace a session gets at most the newest of each runner at a tick, and each of those published last', async (t) => {
  const server = await startServer(t);
  const [runner, paced, eager] = await server.clients(3);
  paced.follow([1, 2], { every: 300 });
  eager.follow([1, 2]);
  await Promise.all([paced.ping(), eager.ping()]);
  for (let i = 0; i < 200; i++) for (const id of [1, 2]) runner.publish(id, i, id);
  assert.strictEqual((await eager.take(400)).length, 400);
  const got = [];
  while (got.filter(({ lat }) => lat === 199).length < 2) got.push(await paced.next());
  assert.ok(got.length < 40, `${got.length} positions`);
  for (const id of [1, 2]) {
    const lats = got.filter(({ userId }) => userId === id).map(({ lat }) => lat);
    assert.deepStrictEqual(
      lats,
      [...new Set(lats)].sort((a, b) => a - b),
    );
  }
  await paced.expectNothingMore();
});

test('a pace of 0 brings every position at once again', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  client.follow([1], { every: 60_000 });
  client.publish(1, 1, 1);
  client.follow([], { every: 0 });
  for (let i = 2; i < 20; i++) client.publish(1, i, i);
  const last = await client.changed.until(
    () => client.texts.find((text) => JSON.parse(text).lat === 19),
    'the last position',
  );
  assert.ok(last);
  const lats = client.texts.map((text) => JSON.parse(text).lat);
  assert.deepStrictEqual(
    lats.slice(-18),
    Array.from({ length: 18 }, (_, i) => i + 2),
  );
});
