'use strict';
/*
 * Who may do what by plain requests: the same tokens and grants as on WebSockets, and nothing told of what is not granted.
 */
const assert = require('node:assert');
const http = require('node:http');
const test = require('node:test');
const { startServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');
const { authArgs, issuerOf } = require('./lib/tokens.js');
const { JSON_TYPE, ask, assertProblem, post, publish } = require('./lib/v1_http.js');

const T = 1700000000000;
const position = (userId) => ({ userId, lat: 1, lng: 2, time: T });

/* Ann publishes and sees 7 alone, Bob 8 alone; the organiser everything. There are 7, 8 and 9. */
async function start(t, args = []) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, [...authArgs(t, issuer, ['--data', temporaryFolder()]), ...args]);
  const ann = await issuer.token({ sub: '7' });
  const bob = await issuer.token({ sub: '8' });
  const organiser = await issuer.token({ sub: 'race', publish: ['*'], follow: ['*'] });
  await publish(server, [position(7), position(8), position(9)], { token: organiser });
  return { issuer, server, ann, bob, organiser };
}

const put = (server, id, token, json) => ask(server, `/v1/runners/${id}`, { method: 'PUT', type: JSON_TYPE, json, token });

/* Every endpoint that needs a token: [method, path, options]. */
const ENDPOINTS = [
  ['GET', '/v1/positions'], ['GET', '/v1/runners'], ['GET', '/v1/runners/7'], ['GET', '/v1/runners/7/track'],
  ['POST', '/v1/positions', { type: JSON_TYPE, json: position(7) }], ['POST', '/v1/runners/7/positions', { type: JSON_TYPE, json: position(7) }],
  ['PUT', '/v1/runners/7', { type: JSON_TYPE, json: {} }], ['DELETE', '/v1/runners/7'],
];

test('without a token, or with a bad one, there is nothing', async (t) => {
  const { issuer, server } = await start(t);
  const expired = await issuer.token({ sub: '7', exp: Math.floor(Date.now() / 1000) - 100 });
  for (const [method, path, options] of ENDPOINTS) {
    const none = await ask(server, path, { method, ...options });
    assertProblem(none, 401, 'token_required');
    assert.strictEqual(none.headers['www-authenticate'], 'Bearer');
    const bad = await ask(server, path, { method, ...options, token: 'x.y.z' });
    assertProblem(bad, 401, 'bad_token');
    assert.strictEqual(bad.headers['www-authenticate'], 'Bearer error="invalid_token"');
    assertProblem(await ask(server, path, { method, ...options, token: expired }), 401, 'token_expired');
  }
  for (const path of ['/v1/openapi.yaml', '/v1/problems/bad_token']) assert.strictEqual((await ask(server, path)).status, 200);
  assertProblem(await ask(server, '/v1/elsewhere'), 404, 'not_found');
});

test('two runners see and change what is theirs, and nothing else', async (t) => {
  const { server, ann, bob, organiser } = await start(t);
  await put(server, 7, organiser, { name: 'Ann', groups: ['elite'] });
  await put(server, 8, organiser, { name: 'Bob', groups: ['elite'] });
  for (const [token, own, other] of [[ann, 7, 8], [bob, 8, 7]]) {
    const get = (path) => ask(server, path, { token });
    for (const path of ['/v1/positions', `/v1/positions?runner=${own},${other}`, '/v1/positions?group=elite', '/v1/positions?limit=1'])
      assert.deepStrictEqual((await get(path)).json.positions.map((it) => it.userId), [own], path);
    for (const path of ['/v1/runners', '/v1/runners?group=elite', '/v1/runners?limit=1']) {
      const answer = await get(path);
      assert.deepStrictEqual(answer.json.runners.map((it) => it.userId), [own], path);
      assert.strictEqual(answer.headers.link, undefined);
    }
    assert.strictEqual((await get(`/v1/runners/${own}`)).json.userId, own);
    assert.strictEqual((await get(`/v1/runners/${own}/track`)).json.positions.length, 1);
    assertProblem(await post(server, position(other), { token }), 403, 'not_allowed');
    assertProblem(await post(server, position(other), { token, path: `/v1/runners/${other}/positions` }), 403, 'not_allowed');
    const mixed = assertProblem(await post(server, [{ ...position(own), time: T + 1 }, position(other)], { token }), 403, 'not_allowed');
    assert.deepStrictEqual(mixed.ids, [other]);
    assert.strictEqual((await get(`/v1/runners/${own}/track`)).json.positions.length, 1);
    assertProblem(await put(server, other, token, { name: 'x' }), 403, 'not_allowed');
    assertProblem(await ask(server, `/v1/runners/${other}`, { method: 'DELETE', token }), 403, 'not_allowed');
    assertProblem(await put(server, own, token, { name: 'x', groups: ['winners'] }), 403, 'not_allowed');
    assert.strictEqual((await put(server, own, token, { name: `Me ${own}` })).status, 204);
    assert.deepStrictEqual((await get(`/v1/runners/${own}`)).json.groups, ['elite']);
  }
  assert.strictEqual((await ask(server, '/v1/runners/8', { method: 'DELETE', token: bob })).status, 204);
  assert.deepStrictEqual((await ask(server, '/v1/positions', { token: organiser })).json.positions.map((it) => it.userId), [7, 9]);
});

test('what is not granted is answered as what is not there', async (t) => {
  const { server, ann } = await start(t);
  for (const path of ['/v1/runners/ID', '/v1/runners/ID/track', '/v1/runners/ID/track?format=gpx&limit=1']) {
    const there = await ask(server, path.replace('ID', '8'), { token: ann });
    const not = await ask(server, path.replace('ID', 'nobody'), { token: ann });
    assertProblem(there, 404, 'not_found');
    assert.deepStrictEqual([there.status, there.body], [not.status, not.body]);
  }
  for (const method of ['PUT', 'DELETE']) {
    const [there, not] = await Promise.all(['8', '88'].map((id) => ask(server, `/v1/runners/${id}`, { method, type: JSON_TYPE, json: {}, token: ann })));
    assert.strictEqual(there.body.replace(/"ids":\[\d+\]/, ''), not.body.replace(/"ids":\[\d+\]/, ''));
  }
});

test('a token counts for its own request, on a connection that many share', async (t) => {
  const { server, ann, bob } = await start(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (const [token, own] of [[ann, 7], [bob, 8], [undefined], [ann, 7], ['bad'], [bob, 8]]) {
    const answer = await ask(server, '/v1/positions', { token, agent });
    if (own !== undefined) assert.deepStrictEqual(answer.json.positions.map((it) => it.userId), [own]);
    else assert.strictEqual(answer.status, 401);
  }
  assert.strictEqual(await server.metric('spectate_sessions_awaiting_keys'), 0);
});

test('a token may also come in the address or in a cookie, and two that differ are none', async (t) => {
  const { server, ann, bob } = await start(t, ['--token-cookie', 'race']);
  assert.strictEqual((await ask(server, `/v1/runners/7?token=${ann}`)).status, 200);
  assert.strictEqual((await ask(server, '/v1/runners/7', { headers: { cookie: `race=${ann}` } })).status, 200);
  assertProblem(await ask(server, `/v1/runners/7?token=${bob}`, { token: ann }), 401, 'bad_token');
  const paged = await ask(server, `/v1/runners/7/track?token=${ann}&limit=1`);
  await publish(server, [{ ...position(7), time: T + 5 }], { token: ann });
  const { headers } = await ask(server, `/v1/runners/7/track?token=${ann}&limit=1`);
  assert.strictEqual(paged.headers.link, undefined);
  assert.match(headers.link, /^<\?limit=1&after=\d+>; rel="next"$/);
});

test('pages of other origins may neither ask nor read, but for those that are named', async (t) => {
  const { server, ann } = await start(t, ['--allow-origin', 'https://race.example']);
  const from = (origin, options = {}) => ask(server, '/v1/runners/7', { token: ann, ...options, headers: { origin, ...options.headers } });
  const good = await from('https://race.example');
  assert.strictEqual(good.headers['access-control-allow-origin'], 'https://race.example');
  assert.match(good.headers['access-control-expose-headers'], /ETag, Link/);
  const bad = await from('https://evil.example');
  assertProblem(bad, 403, 'origin_refused');
  assert.strictEqual(bad.headers['access-control-allow-origin'], undefined);
  const preflight = await from('https://race.example', { method: 'OPTIONS', token: undefined, headers: { 'access-control-request-method': 'PUT' } });
  assert.strictEqual(preflight.status, 204);
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) assert.match(preflight.headers['access-control-allow-methods'], new RegExp(method));
});

test('an address that shows too many bad tokens is not listened to', async (t) => {
  const { server } = await start(t, ['--max-failed-tokens-per-second', '3']);
  const statuses = [];
  for (let i = 0; i < 8; i++) statuses.push((await ask(server, '/v1/positions', { token: `x.${i}.z` })).status);
  assert.ok(statuses.includes(401) && statuses.includes(429), statuses.join());
});

test('by a trusted proxy each request counts for whom it names', async (t) => {
  const { server } = await start(t, ['--max-failed-tokens-per-second', '3', '--trusted-proxies', '127.0.0.0/8']);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const from = (address) => ask(server, '/v1/positions', { token: 'x.y.z', agent, headers: { 'x-forwarded-for': address } });
  const statuses = [];
  for (let i = 0; i < 8; i++) statuses.push((await from('192.0.2.1')).status);
  assert.ok(statuses.includes(429), statuses.join());
  assert.strictEqual((await from('192.0.2.2')).status, 401);
});

test('who lists all again and again, and sees nobody, has to wait, and nobody else has', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, ['--max-moves-per-second', '2000']));
  const organiser = await issuer.token({ sub: 'race', publish: ['*'], follow: ['*'] });
  const known = Array.from({ length: 1000 }, (_, i) => position(`runner-${i}`));
  assert.strictEqual((await post(server, known, { token: organiser })).status, 202);
  const token = await issuer.token({ sub: 'nobody' });
  const request = (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const paths = ['/v1/positions', '/v1/runners', '/v1/positions?runner=7', '/v1/positions'];
  const peer = await server.raw();
  await peer.write(...paths.map(request));
  await server.showsMetrics({ spectate_sessions_resting: 1 });
  assert.strictEqual((await ask(server, '/v1/positions?limit=1', { token: organiser })).json.positions.length, 1);
  for (const path of paths) assert.match((await peer.httpAnswer()).body, /^\{"(positions|runners)":\[\]\}$/, path);
  await peer.write(request('/healthz'));
  assert.strictEqual((await peer.httpAnswer()).status, 200);
  peer.destroy();
  await server.becomesIdle();
});

test('who uploads very much at once waits before the next, and nobody else does', async (t) => {
  const server = await startServer(t, ['--data', temporaryFolder(), '--max-moves-per-second', '1000']);
  const track = JSON.stringify(Array.from({ length: 600 }, (_, i) => ({ ...position(7), time: T + i * 1000 })));
  const head = `POST /v1/positions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${track.length}\r\n\r\n`;
  const peer = await server.raw();
  await peer.write(head, track, head, track);
  await server.showsMetrics({ spectate_sessions_resting: 1 });
  assert.strictEqual((await post(server, [position(8)])).status, 200);
  for (let i = 0; i < 2; i++) assert.strictEqual((await peer.httpAnswer()).body, '{"accepted":600,"stored":true}');
  peer.destroy();
  await server.becomesIdle();
});
