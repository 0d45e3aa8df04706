'use strict';
/*
 * What a client of the seed dialect can do wrong: each gets an error that names what and where, and the session goes on.
 */
const assert = require('node:assert');
const test = require('node:test');
const { startServer } = require('./lib/server.js');

const LONG_ID = 'x'.repeat(65);
const DEEP = '['.repeat(70) + ']'.repeat(70);

/* [what is sent, the code, what the message must name] */
const FAULTS = [
  ['', 'bad_json', /line 1/],
  ['{', 'bad_json', /line 1, column/],
  ['{"userId": 7, "lat": 48.8568,', 'bad_json', /line 1, column \d+/],
  ['{"userId": 7,\n\n "lat": x}', 'bad_json', /line 3, column \d+/],
  ['{"userId": 7, "lat": 1, "lng": 2} {}', 'bad_json', /line 1, column \d+/],
  ["{'userId': 7}", 'bad_json', /line 1/],
  ['{"userId": 7, "lat": 1, "lng": 2,}', 'bad_json', /line 1/],
  ['{"userId": 7, "lat": NaN, "lng": 2}', 'bad_json', /line 1/],
  ['{"userId": 7, "lat": 01, "lng": 2}', 'bad_json', /line 1/],
  ['{"userId": 7, "lat": .5, "lng": 2}', 'bad_json', /line 1/],
  ['{"userId": "\\ud800", "lat": 1, "lng": 2}', 'bad_json', /line 1/],
  ['{"userId": "a\tb", "lat": 1, "lng": 2}', 'bad_json', /line 1/],
  [`{"userId": 7, "lat": 1, "lng": 2, "x": ${DEEP}}`, 'bad_json', /deep|nest/],
  ['{"userId": 7, "lat": 1, "lng": 2, "a\\u0000b": 1}', 'bad_json', /./],
  ['hello', 'bad_json', /line 1/],
  ['\ufeff{"userId": 7, "lat": 1, "lng": 2}', 'bad_json', /line 1/],
  ['[]', 'not_an_object', /array/],
  ['7', 'not_an_object', /./],
  ['"x"', 'not_an_object', /string/],
  ['null', 'not_an_object', /null/],
  ['true', 'not_an_object', /./],
  ['{}', 'missing_member', /^userId/],
  ['{"lat": 1, "lng": 2}', 'missing_member', /^userId/],
  ['{"userId": 7, "lng": 2}', 'missing_member', /^lat/],
  ['{"userId": 7, "lat": 1}', 'missing_member', /^lng/],
  ['{"userid": 7, "lat": 1, "lng": 2}', 'missing_member', /^userId/],
  ['{"initialRequest": true}', 'missing_member', /^following/],
  ['{"initialRequest": false, "following": [1]}', 'missing_member', /^userId/],
  ['{"userId": 7, "lat": "1", "lng": 2}', 'wrong_type', /^lat: .*string/],
  ['{"userId": 7, "lat": 1, "lng": null}', 'wrong_type', /^lng: .*null/],
  ['{"userId": 7, "lat": true, "lng": 2}', 'wrong_type', /^lat/],
  ['{"userId": 7, "lat": [1], "lng": 2}', 'wrong_type', /^lat: .*array/],
  ['{"initialRequest": 1, "following": []}', 'wrong_type', /^initialRequest/],
  ['{"initialRequest": "true", "following": []}', 'wrong_type', /^initialRequest: .*string/],
  ['{"initialRequest": true, "following": 7}', 'wrong_type', /^following/],
  ['{"initialRequest": true, "following": {"0": 7}}', 'wrong_type', /^following: .*object/],
  ['{"initialRequest": true, "following": null}', 'wrong_type', /^following: .*null/],
  ['{"initialRequest": true, "following": [], "snapshot": 1}', 'wrong_type', /^snapshot/],
  ['{"initialRequest": true, "following": [], "every": "1s"}', 'bad_pace', /^every/],
  ['{"initialRequest": true, "following": [], "every": -1}', 'bad_pace', /^every/],
  ['{"initialRequest": true, "following": [], "every": 60001}', 'bad_pace', /^every/],
  ['{"userId": 7, "lat": 1e400, "lng": 2}', 'bad_number', /./],
  ['{"userId": 7, "lat": 1, "lng": -1e309}', 'bad_number', /./],
  ['{"userId": 7, "lat": 1, "lng": 2, "x": 1e999}', 'bad_number', /./],
  ['{"userId": "", "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": 7.0, "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": 7e0, "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": null, "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": true, "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": [7], "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"userId": {}, "lat": 1, "lng": 2}', 'bad_id', /^userId/],
  ['{"initialRequest": true, "following": [7, 8, "", 9]}', 'bad_id', /^following\[2\]/],
  ['{"initialRequest": true, "following": [null]}', 'bad_id', /^following\[0\]/],
  ['{"initialRequest": true, "following": [1, [2]]}', 'bad_id', /^following\[1\]/],
  ['{"initialRequest": true, "following": [], "userId": 1.5}', 'bad_id', /^userId/],
  [`{"userId": "${LONG_ID}", "lat": 1, "lng": 2}`, 'id_too_long', /^userId: .*65/],
  [`{"userId": "${'é'.repeat(33)}", "lat": 1, "lng": 2}`, 'id_too_long', /^userId: .*66/],
  [`{"initialRequest": true, "following": [1, "${LONG_ID}"]}`, 'id_too_long', /^following\[1\]/],
];

/* The ids that are no integer of 64 bits: which code they get is less important than that nobody becomes somebody else. */
const BEYOND_64_BITS = ['9223372036854775808', '-9223372036854775809', '18446744073709551616', '1' + '0'.repeat(100)];

async function expectError(client, code, place) {
  const { error, ...rest } = await client.next();
  assert.deepStrictEqual(rest, {});
  assert.strictEqual(error.code, code, error.message);
  assert.match(error.message, place);
}

async function expectAlive(client) {
  client.publish('alive', 1, 2);
  assert.deepStrictEqual(await client.next(), { userId: 'alive', lat: 1, lng: 2 });
}

test('every fault is answered with its code and the place, nothing of the message is done, and the session goes on', async (t) => {
  const server = await startServer(t, ['--max-faults', '1000']);
  const client = await server.client();
  client.follow(['alive']);
  for (const [message, code, place] of FAULTS) {
    await t.test(
      `${code}: ${message.length > 70 ? `${message.slice(0, 67)}...` : JSON.stringify(message)}`,
      async () => {
        client.send(message);
        await expectError(client, code, place);
        await expectAlive(client);
      },
    );
  }
  const counts = new Map();
  for (const [, code] of FAULTS) counts.set(code, (counts.get(code) ?? 0) + 1);
  const values = await server.metrics();
  for (const [code, count] of counts)
    assert.strictEqual(values.get(`spectate_errors_total{code="${code}"}`), count, code);
  assert.strictEqual(values.get('spectate_audiences'), 1);
  assert.strictEqual(values.get('spectate_runners'), 1);
});

test('an integer beyond 64 bits is no id', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  client.follow(['alive']);
  for (const id of BEYOND_64_BITS) {
    client.send(`{"userId": ${id}, "lat": 1, "lng": 2}`);
    const { error } = await client.next();
    assert.ok(['bad_id', 'bad_number'].includes(error?.code), `${id}: ${error?.code}`);
    await expectAlive(client);
  }
});

test('errors do not repeat what was sent', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  for (const message of ['{"userId": 7, "lat": "geheim", "lng": 2}', 'geheim', '{"geheim": geheim}']) {
    client.send(message);
    assert.doesNotMatch(await client.nextText(), /geheim/);
  }
});

test('a binary message is refused, and the session goes on', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  client.follow(['alive']);
  client.ws.send(Buffer.from('{"userId": 7, "lat": 1, "lng": 2}'));
  await expectError(client, 'binary_message', /text/);
  await expectAlive(client);
});

test('errors come in the order of the messages that caused them', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  for (const message of ['{}', '[]', '{', '{"userId": ""}']) client.send(message);
  const codes = (await client.take(4)).map(({ error }) => error.code);
  assert.deepStrictEqual(codes, ['missing_member', 'not_an_object', 'bad_json', 'bad_id']);
});

test('what another session does wrong touches nobody else', async (t) => {
  const server = await startServer(t);
  const [good, bad] = await server.clients(2);
  good.follow([1]);
  await good.ping();
  for (let i = 0; i < 10; i++) {
    bad.send('{');
    bad.publish(1, i, i);
  }
  assert.deepStrictEqual(
    (await good.take(10)).map((position) => position.lat),
    [...Array(10).keys()],
  );
  await good.expectNothingMore();
});

test('the fault that goes over the budget is still told, and then the session is closed with 1008', async (t) => {
  const server = await startServer(t, ['--max-faults', '3']);
  const client = await server.client();
  client.follow([1]);
  await client.ping();
  for (let i = 0; i < 10; i++) client.send('x');
  assert.deepStrictEqual(await client.closed(), { code: 1008, reason: 'too many faults' });
  assert.deepStrictEqual(
    (await client.take(4)).map(({ error }) => error.code),
    Array(4).fill('bad_json'),
  );
  assert.deepStrictEqual(client.texts, []);
  const values = await server.becomesIdle();
  assert.strictEqual(values.get('spectate_errors_total{code="bad_json"}'), 4);
  assert.strictEqual(values.get('spectate_errors_total{code="too_many_faults"}'), 1);
  assert.strictEqual(values.get('spectate_sessions_closed_total{reason="too_many_faults"}'), 1);
});
