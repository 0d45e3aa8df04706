'use strict';
/*
 * What is known, by plain requests: who there is, where everybody is and has been; in pages, pieces and formats; and erased.
 */
const assert = require('node:assert');
const test = require('node:test');
const zlib = require('node:zlib');
const { inTime } = require('./lib/wait.js');
const http = require('node:http');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { JSON_TYPE, ask, assertProblem, nextOf, post, publish, run, startKeeping } = require('./lib/v1_http.js');

const put = (server, id, json, options) => ask(server, `/v1/runners/${id}`, { method: 'PUT', type: JSON_TYPE, json, ...options });

/* The bytes of an answer's body, however it is coded. */
function bytesOf(server, path, headers = {}) {
  return inTime(new Promise((resolve, reject) => {
    http.get({ host: server.host, port: server.port, path, agent: false, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
    }).on('error', reject);
  }), () => `the bytes of ${path}`);
}

/* All pages, one after the other. */
async function allPages(server, first, listOf) {
  const all = [];
  let pages = 0;
  for (let path = first; path !== undefined; pages++) {
    const answer = await ask(server, path);
    assert.strictEqual(answer.status, 200, answer.body);
    all.push(...listOf(answer.json));
    path = nextOf(answer, path);
  }
  return { all, pages };
}

test('the newest positions of all come in the order of their ids, page by page', async (t) => {
  const server = await startServer(t);
  const ids = Array.from({ length: 25 }, (_, i) => `r${String(i).padStart(2, '0')}`);
  await post(server, [...ids].reverse().map((userId, i) => ({ userId, lat: i + 1, lng: 2 })));
  const { all, pages } = await allPages(server, '/v1/positions?limit=10', (json) => json.positions);
  assert.deepStrictEqual(all.map((it) => it.userId), ids);
  assert.strictEqual(pages, 3);
  const runners = await allPages(server, '/v1/runners?limit=7', (json) => json.runners);
  assert.deepStrictEqual(runners.all, ids.map((userId) => ({ userId, status: 'live' })));
  const some = await ask(server, '/v1/positions?runner=r03,nobody,r01');
  assert.deepStrictEqual(some.json.positions.map((it) => it.userId), ['r03', 'r01']);
  const geojson = await ask(server, '/v1/positions?runner=r03', { headers: { accept: 'application/geo+json, application/json;q=0.5' } });
  assert.strictEqual(geojson.headers['content-type'], 'application/geo+json');
  assert.deepStrictEqual(geojson.json.features[0].geometry, { type: 'Point', coordinates: [2, 22] });
});

forEachWorkerCount((which, args) => {
  test(`what is known of a runner is kept, listed by groups, and outlives the server${which}`, async (t) => {
    const server = await startKeeping(t, args);
    await publish(server, [{ userId: 7, lat: 1, lng: 2, time: 1700000000000 }, { userId: 'b', lat: 1, lng: 3, time: 1700000000000 }]);
    const facts = { name: 'Ann "A" <é>', bib: 'A7', colour: '#d62728', groups: ['elite', 'women'] };
    assert.strictEqual((await put(server, 7, facts)).status, 204);
    assert.strictEqual((await put(server, 'c', { name: 'Not here yet', groups: ['elite'] })).status, 204);
    const position = { userId: 7, lat: 1, lng: 2, time: 1700000000000 };
    assert.deepStrictEqual((await ask(server, '/v1/runners/7')).json, { userId: 7, ...facts, status: 'live', position });
    const elite = await ask(server, '/v1/runners?group=elite');
    assert.deepStrictEqual(elite.json.runners, [{ userId: 7, ...facts, status: 'live' }, { userId: 'c', name: 'Not here yet', groups: ['elite'] }]);
    assert.deepStrictEqual((await ask(server, '/v1/positions?group=elite')).json.positions, [position]);
    assert.strictEqual((await put(server, 7, { name: 'Ann' })).status, 204);
    assert.deepStrictEqual((await ask(server, '/v1/runners/7')).json.groups, facts.groups);
    const { all, pages } = await allPages(server, '/v1/runners?limit=1', (json) => json.runners);
    assert.deepStrictEqual([all.map((it) => it.userId), pages], [[7, 'b', 'c'], 3]);
  });
});

test('what can not be known of a runner is refused', async (t) => {
  const server = await startKeeping(t);
  for (const [json, code] of [
    [{ colour: 'red' }, 'bad_parameter'], [{ colour: '#12345g' }, 'bad_parameter'], [{ name: 'a\nb' }, 'bad_parameter'],
    [{ name: 'x'.repeat(257) }, 'bad_parameter'], [{ name: 7 }, 'wrong_type'], [{ groups: 'elite' }, 'wrong_type'],
    [{ groups: [''] }, 'bad_parameter'], [[], 'not_an_object'],
  ]) assertProblem(await put(server, 7, json), 400, code);
  assertProblem(await put(server, 7, {}, { type: 'text/plain' }), 415, 'bad_media_type');
  assertProblem(await ask(server, '/v1/runners/7'), 404, 'not_found');
  const none = await startServer(t);
  assertProblem(await put(none, 7, {}), 501, 'not_kept');
  assertProblem(await ask(none, '/v1/runners/7/track'), 501, 'not_kept');
});

test('a long track comes whole in pieces, in every format, compressed, to old clients too, and in pages', async (t) => {
  const server = await startKeeping(t);
  const all = run(7, 10000);
  await publish(server, all);
  const json = await ask(server, '/v1/runners/7/track');
  assert.strictEqual(json.headers['transfer-encoding'], 'chunked');
  assert.deepStrictEqual(json.json, { userId: 7, positions: all });
  const lines = await ask(server, '/v1/runners/7/track?format=ndjson');
  assert.deepStrictEqual(lines.body.trimEnd().split('\n').map((line) => JSON.parse(line)), all);
  const { json: geojson } = await ask(server, '/v1/runners/7/track?format=geojson');
  const ends = geojson.features.map(({ geometry }) => geometry.coordinates);
  for (let i = 1; i < ends.length; i++) assert.deepStrictEqual(ends[i][0], ends[i - 1].at(-1));
  assert.strictEqual(ends.flatMap((line, i) => (i > 0 ? line.slice(1) : line)).length, all.length);
  const gpx = await ask(server, '/v1/runners/7/track?format=gpx');
  assert.strictEqual([...gpx.body.matchAll(/<trkpt /g)].length, all.length);
  assert.match(gpx.body, /<\/gpx>\n$/);
  for (const format of ['json', 'geojson', 'gpx', 'ndjson', 'polyline']) {
    const path = `/v1/runners/7/track?format=${format}`;
    const plain = await bytesOf(server, path);
    const coded = await bytesOf(server, path, { 'accept-encoding': 'gzip' });
    assert.strictEqual(coded.headers['content-encoding'], 'gzip');
    assert.ok(coded.bytes.length < plain.bytes.length);
    assert.deepStrictEqual(zlib.gunzipSync(coded.bytes), plain.bytes);
    const peer = await server.raw();
    await peer.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    const old = await peer.take((bytes) => (peer.hasEnded ? { size: bytes.length, bytes } : undefined), 'the end');
    assert.deepStrictEqual(old.bytes.subarray(old.bytes.indexOf('\r\n\r\n') + 4), plain.bytes);
  }
  const { all: paged, pages } = await allPages(server, '/v1/runners/7/track?limit=3000', (page) => page.positions);
  assert.deepStrictEqual(paged, all);
  assert.strictEqual(pages, 4);
});

test('a part of a track, by its times', async (t) => {
  const server = await startKeeping(t);
  const all = run(7, 100);
  await publish(server, all);
  const part = async (query) => (await ask(server, `/v1/runners/7/track?${query}`)).json.positions;
  assert.deepStrictEqual(await part(`from=${all[10].time}&until=${all[12].time}`), all.slice(10, 12));
  assert.deepStrictEqual(await part(`from=${encodeURIComponent('2026-05-01T11:00:10+02:00')}&until=2026-05-01T09:00:12Z`), all.slice(10, 12));
  assert.deepStrictEqual(await part(`after=${all[97].time}`), all.slice(98));
  assert.deepStrictEqual(await part('from=1&until=2'), []);
  for (const bad of ['from=yesterday', 'limit=0', 'limit=10001', 'format=kml', 'tolerance=-1', 'precision=7'])
    assertProblem(await ask(server, `/v1/runners/7/track?${bad}`), 400, 'bad_parameter');
});

test('a simplified track has fewer positions, the first and the last among them', async (t) => {
  const server = await startKeeping(t);
  const all = run(7, 9000);
  await publish(server, all);
  const { json } = await ask(server, '/v1/runners/7/track?tolerance=10');
  assert.ok(json.positions.length < 200, String(json.positions.length));
  assert.deepStrictEqual([json.positions[0], json.positions.at(-1)], [all[0], all.at(-1)]);
  const times = new Set(all.map((it) => it.time));
  assert.ok(json.positions.every((it) => times.has(it.time)));
});

test('what was seen already is not sent again, until it has changed', async (t) => {
  const server = await startKeeping(t);
  await publish(server, run(7, 6000));
  for (const path of ['/v1/positions', '/v1/runners', '/v1/runners/7', '/v1/runners/7/track', '/v1/runners/7/track?limit=5']) {
    const first = await ask(server, path);
    assert.match(first.headers.etag, /^W\/"[0-9a-f]{32}"$/);
    assert.strictEqual(first.headers['cache-control'], 'private, no-cache');
    const again = (tag) => ask(server, path, { headers: { 'if-none-match': tag } });
    for (const tag of [first.headers.etag, `"x", ${first.headers.etag}`, '*']) {
      const { status, body, headers } = await again(tag);
      assert.deepStrictEqual([status, body, headers['content-length']], [304, '', undefined], path);
    }
    assert.strictEqual((await again('"x"')).status, 200);
    const head = await ask(server, path, { method: 'HEAD' });
    assert.deepStrictEqual([head.status, head.body, head.headers.etag], [200, '', first.headers.etag]);
  }
  const before = await ask(server, '/v1/runners/7/track');
  await publish(server, { userId: 7, lat: 1, lng: 2, time: 1600000000000 });
  const after = await ask(server, '/v1/runners/7/track', { headers: { 'if-none-match': before.headers.etag } });
  assert.strictEqual(after.status, 200);
  assert.strictEqual(after.json.positions.length, 6001);
});

test('one who stops reading a long track holds up nobody, and is cut off in the end', async (t) => {
  const server = await startKeeping(t, ['--handshake-timeout', '1s']);
  for (let i = 0; i < 4; i++) await publish(server, run(7, 8000, 1700000000000 + i * 1e7));
  const stuck = await server.raw();
  stuck.socket.pause();
  await stuck.write('GET /v1/runners/7/track HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
  assert.strictEqual((await ask(server, '/v1/runners/7')).status, 200);
  const { json } = await ask(server, '/v1/runners/7/track');
  assert.strictEqual(json.positions.length, 32000);
  await server.showsMetrics({ spectate_answer_bytes: 0, spectate_connections: 1, 'spectate_sessions_closed_total{reason="too_slow"}': 1 });
});

forEachWorkerCount((which, args) => {
  test(`who is erased is gone, everywhere, and may come again; who follows goes on following${which}`, async (t) => {
    const server = await startKeeping(t, args);
    await publish(server, run(7, 100));
    await publish(server, { userId: 8, lat: 1, lng: 2 });
    await put(server, 7, { name: 'Ann', groups: ['elite'] });
    const followers = await server.clients(4, { protocols: ['spectate.v1'] });
    for (const follower of followers) {
      follower.send({ type: 'follow', id: 1, runners: [7] });
      while ((await follower.next()).type !== 'snapshot');
    }
    assert.strictEqual((await ask(server, '/v1/runners/7', { method: 'DELETE' })).status, 204);
    for (const path of ['/v1/runners/7', '/v1/runners/7/track']) assertProblem(await ask(server, path), 404, 'not_found');
    for (let i = 0; i < 8; i++) assert.deepStrictEqual((await ask(server, '/v1/positions')).json.positions.map((it) => it.userId), [8]);
    assert.deepStrictEqual((await ask(server, '/v1/runners')).json.runners.map((it) => it.userId), [8]);
    assert.deepStrictEqual((await ask(server, '/v1/runners?group=elite')).json.runners, []);
    assert.strictEqual((await ask(server, '/v1/runners/7', { method: 'DELETE' })).status, 204);
    await publish(server, { userId: 7, lat: 5, lng: 6, time: 1700000000000 });
    for (const follower of followers) assert.deepStrictEqual((await follower.next()).positions.map((it) => it.lat), [5]);
    assert.strictEqual((await ask(server, '/v1/runners/7/track')).json.positions.length, 1);
  });
});
