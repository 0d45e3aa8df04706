'use strict';
/*
 * Every wrong grant, by every way but the seed dialect (auth.test.js): spectate.v1, event streams, and requests under /v1. What is
 * refused is refused alike for a runner that is there and for one that is not, and nothing of the one that is there leaks.
 */
const assert = require('node:assert');
const test = require('node:test');
const { EventStream } = require('./lib/events.js');
const { GROUPS, NEAR_MISSES, SECRET } = require('./lib/near_misses.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { JSON_TYPE, ask } = require('./lib/v1_http.js');

const NOBODY = 'secret-nobody'; // never published
const V1 = ['spectate.v1'];
const position = (userId) => ({ userId, lat: 6, lng: 6 });

/* A server that knows the runner by name, position and track, and the runner's own token. */
async function start(t) {
  const issuer = await issuerOf(t);
  const groups = ['--groups', temporaryFile(t, 'groups.json', GROUPS)];
  const server = await startServer(t, authArgs(t, issuer, [...groups, '--data', temporaryFolder(), '--max-faults', '1000']));
  const own = await issuer.token({ sub: SECRET });
  const owner = await server.client({ ...bearer(own), protocols: V1 });
  assert.strictEqual((await owner.next()).type, 'welcome');
  owner.send({ type: 'position', id: 1, userId: SECRET, lat: 1, lng: 2 });
  assert.deepStrictEqual(await owner.next(), { type: 'ack', id: 1, stored: true });
  const named = await ask(server, `/v1/runners/${SECRET}`, { method: 'PUT', type: JSON_TYPE, json: { name: SECRET }, token: own });
  assert.strictEqual(named.status, 204);
  owner.send({ type: 'follow', runners: [SECRET] });
  const { cursor } = await owner.next();
  return { issuer, server, owner, cursor };
}

/* The same, whoever of the two it is about, but for the id. */
const alike = (answer) => JSON.stringify(answer).replaceAll(SECRET, NOBODY);

async function expectNoFollow(client, cursor) {
  for (const more of [{}, { every: 1000 }, { since: cursor }, { groups: ['mine'] }, { groups: ['*'], since: cursor }]) {
    const said = [];
    for (const id of [SECRET, NOBODY]) {
      client.send({ type: 'follow', runners: [id], ...more });
      const error = await client.next();
      assert.deepStrictEqual([error.code, error.ids], ['not_allowed', [id]]);
      const { type, positions } = await client.next();
      assert.deepStrictEqual(positions, [], type);
      said.push(alike(error));
    }
    assert.strictEqual(said[0], said[1]);
  }
}

async function expectNoPublish(client) {
  for (const id of [SECRET, NOBODY]) {
    client.send({ type: 'position', ...position(id) });
    client.send({ type: 'positions', positions: [position(id)] });
    client.send({ type: 'positions', userId: id, positions: [{ lat: 6, lng: 6 }] });
    for (const { code, ids } of await client.take(3)) assert.deepStrictEqual([code, ids], ['not_allowed', [id]]);
  }
}

async function expectNoStream(server, token, cursor) {
  for (const query of [`follow=${SECRET}`, `follow=${SECRET}&since=${cursor}`, 'group=mine', `group=*&since=${cursor}`]) {
    const stream = await EventStream.open(server, `/v1/stream?${query}`, bearer(token));
    if (query.startsWith('follow')) assert.deepStrictEqual((await stream.next('error')).ids, [SECRET]);
    const begin = await stream.next(query.includes('since') ? 'positions' : 'snapshot');
    assert.deepStrictEqual(begin.positions, []);
    stream.destroy();
  }
}

const READS = (id) => [
  '/v1/positions', `/v1/positions?runner=${id}`, '/v1/positions?group=mine', '/v1/positions?format=geojson', '/v1/runners', '/v1/runners?group=mine',
  `/v1/runners/${id}`, `/v1/runners/${id}/track`, `/v1/runners/${id}/track?format=gpx`, `/v1/runners/${id}/track?limit=1`,
];
const WRITES = (id) => [
  ['POST', '/v1/positions', position(id)], ['POST', `/v1/runners/${id}/positions`, { lat: 6, lng: 6 }], ['PUT', `/v1/runners/${id}`, { name: 'x' }],
  ['DELETE', `/v1/runners/${id}`],
];

async function expectNoRequest(server, token) {
  const shown = ({ status, body, headers }) => alike([status, body, headers.etag, headers.link]);
  const unknown = READS(NOBODY);
  for (const [i, path] of READS(SECRET).entries()) {
    const answer = await ask(server, path, { token });
    assert.ok(!answer.body.includes(SECRET), `${path}: ${answer.body}`);
    assert.strictEqual(shown(answer), shown(await ask(server, unknown[i], { token })), path);
  }
  for (const id of [SECRET, NOBODY])
    for (const [method, path, json] of WRITES(id)) {
      const answer = await ask(server, path, { method, token, ...(json && { type: JSON_TYPE, json }) });
      assert.deepStrictEqual([answer.status, answer.json.ids], [403, [id]], `${method} ${path}`);
    }
}

for (const [name, claims] of Object.entries(NEAR_MISSES)) {
  test(`a grant of ${name} is none in spectate.v1, in a stream, and in a request`, async (t) => {
    const { issuer, server, owner, cursor } = await start(t);
    const token = await issuer.token({ sub: 'ben', ...claims });
    const shown = await server.client({ ...bearer(token), protocols: V1 });
    const inBand = await server.client({ protocols: V1 });
    inBand.send({ type: 'hello', token });
    for (const client of [shown, inBand]) {
      assert.strictEqual((await client.next()).type, 'welcome');
      await expectNoFollow(client, cursor);
      await expectNoPublish(client);
    }
    await expectNoStream(server, token, cursor);
    await expectNoRequest(server, token);
    owner.send({ type: 'position', userId: SECRET, lat: 3, lng: 4 });
    const [{ positions }] = await owner.take(1);
    assert.deepStrictEqual(positions.map(({ lat }) => lat), [3]);
    for (const client of [shown, inBand]) await client.expectNothingMore();
  });
}
