'use strict';
/*
 * Positions by plain requests: every form of body, what is refused and how, and what an answer promises.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const zlib = require('node:zlib');
const { recordings, track } = require('./lib/gpx.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');
const { until } = require('./lib/wait.js');
const { JSON_TYPE, NDJSON_TYPE, ask, assertProblem, gzip, post, publish, run, startKeeping } = require('./lib/v1_http.js');

const GEOJSON_TYPE = 'application/geo+json';
const T = 1700000000000;

/* What is kept of a runner. */
async function trackOf(server, id) {
  const answer = await ask(server, `/v1/runners/${encodeURIComponent(id)}/track`);
  assert.strictEqual(answer.status, 200, answer.body);
  return answer.json.positions;
}

forEachWorkerCount((which, args) => {
  test(`what was answered with 200 is on disk, and who follows has seen it${which}`, async (t) => {
    const data = temporaryFolder();
    const server = await startServer(t, ['--data', data, ...args]);
    const follower = await server.client({ protocols: ['spectate.v1'] });
    follower.send({ type: 'follow', id: 1, runners: [7] });
    while ((await follower.next()).type !== 'snapshot');
    await publish(server, { userId: 7, lat: 48.5, lng: 2.5, time: T, speed: 3.25 });
    assert.deepStrictEqual((await follower.next()).positions, [{ userId: 7, lat: 48.5, lng: 2.5, time: T, speed: 3.25 }]);
    process.kill(server.pid, 'SIGKILL');
    await server.program.ended();
    server.endIsChecked = true;
    const next = await startServer(t, ['--data', data, ...args]);
    assert.deepStrictEqual(await trackOf(next, 7), [{ userId: 7, lat: 48.5, lng: 2.5, time: T, speed: 3.25 }]);
  });
});

test('positions come as JSON, GeoJSON and NDJSON, by the path or by themselves, and are the same', async (t) => {
  const server = await startKeeping(t);
  const wanted = [{ lat: 48.5, lng: 2.5, time: T }, { lat: 48.6, lng: 2.6, time: T + 1000 }];
  const feature = ({ lat, lng, time }, userId) => ({
    type: 'Feature', geometry: { type: 'Point', coordinates: [lng, lat] }, properties: { userId, time },
  });
  const lines = (positions) => positions.map((it) => JSON.stringify(it)).join('\n');
  const uploads = [
    ['/v1/positions', JSON_TYPE, (id) => JSON.stringify(wanted.map((it) => ({ userId: id, ...it })))],
    ['/v1/positions', 'application/json; charset=utf-8', (id) => JSON.stringify({ userId: id, positions: wanted })],
    ['/v1/positions', GEOJSON_TYPE, (id) => JSON.stringify({ type: 'FeatureCollection', features: wanted.map((it) => feature(it, id)) })],
    ['/v1/positions', NDJSON_TYPE, (id) => lines(wanted.map((it) => ({ userId: id, ...it })))],
    ['/v1/runners/ID/positions', JSON_TYPE, () => JSON.stringify(wanted)],
    ['/v1/runners/ID/positions', GEOJSON_TYPE, () => JSON.stringify({ type: 'FeatureCollection', features: wanted.map((it) => feature(it)) })],
    ['/v1/runners/ID/positions', NDJSON_TYPE, () => lines(wanted)],
  ];
  for (const [i, [url, type, bodyOf]] of uploads.entries()) {
    const id = `r/${i} é`;
    const answer = await ask(server, url.replace('ID', encodeURIComponent(id)), { method: 'POST', type, body: bodyOf(id) });
    assert.deepStrictEqual([answer.status, answer.json], [200, { accepted: 2, stored: true }], `${url} ${type}`);
    assert.deepStrictEqual(await trackOf(server, id), wanted.map((it) => ({ userId: id, ...it })));
  }
});

test('what comes at once without times, or by a clock that is ahead, is kept whole and in its order', async (t) => {
  const server = await startKeeping(t);
  const places = Array.from({ length: 20 }, (_, i) => ({ lat: 48 + i / 100, lng: 2 }));
  const ahead = Date.now() + 5000;
  await publish(server, places.map((it) => ({ userId: 'timeless', ...it })));
  await publish(server, places.map((it, i) => ({ userId: 'ahead', ...it, time: ahead + i })));
  for (const id of ['timeless', 'ahead']) {
    const kept = await trackOf(server, id);
    assert.deepStrictEqual(kept.map(({ lat, lng }) => ({ lat, lng })), places, id);
    assert.ok(kept.at(-1).time < ahead, id);
  }
});

test('bodies that are on their way have a bound together; short ones are taken all the same, and nothing remains', async (t) => {
  const server = await startKeeping(t, ['--handshake-timeout', '60s']);
  const [SENT, REST] = [1_000_000, 1000];
  const head = `POST /v1/positions HTTP/1.1\r\nHost: it\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${SENT + REST}\r\n\r\n`;
  const begin = async () => {
    const upload = await server.raw();
    await upload.write(head, Buffer.alloc(SENT, ' '));
    return upload;
  };
  const uploads = await Promise.all(Array.from({ length: 64 }, begin)); // all but 64 MiB
  await until(async () => (await server.metric('spectate_upload_bytes')) >= 64 * SENT, 'the uploads');
  const refused = await (await begin()).httpAnswer();
  assert.deepStrictEqual([refused.status, JSON.parse(refused.body).code], [503, 'out_of_memory']);
  await publish(server, run(7, 50));
  await uploads[0].write('7'.padStart(REST));
  assert.strictEqual((await uploads[0].httpAnswer()).status, 400);
  for (const upload of uploads) upload.destroy();
  await server.showsMetrics({ spectate_upload_bytes: 0 });
});

test('a body may be compressed, in one member or several; a bomb is refused, and what is damaged', async (t) => {
  const server = await startKeeping(t);
  const send = (body) => ask(server, '/v1/runners/7/positions', {
    method: 'POST', type: NDJSON_TYPE, body, headers: { 'content-encoding': 'gzip', 'content-length': body.length },
  });
  const lines = run(7, 5000).map((it) => JSON.stringify(it));
  assert.strictEqual((await send(gzip(lines.slice(0, 3000).join('\n')))).json.accepted, 3000);
  const parts = [gzip(`${lines[3000]}\n`), gzip(lines.slice(3001).join('\n'))];
  assert.strictEqual((await send(Buffer.concat(parts))).json.accepted, 2000);
  assert.strictEqual((await trackOf(server, 7)).length, 5000);
  assertProblem(await send(gzip(Buffer.alloc(200 * 1024 * 1024))), 413, 'body_refused');
  const good = gzip(lines[0]);
  for (const bad of [good.subarray(0, good.length - 1), Buffer.concat([good, Buffer.from('x')]), Buffer.from('no gzip')])
    assertProblem(await send(bad), 400, 'bad_request');
  const brotli = await ask(server, '/v1/positions', {
    method: 'POST', type: JSON_TYPE, body: zlib.brotliCompressSync('[]'), headers: { 'content-encoding': 'br', 'content-length': 3 },
  }).catch(() => null);
  if (brotli) assertProblem(brotli, 415, 'bad_media_type');
});

test('an upload counts whole or not at all, and is told which position was the first bad one', async (t) => {
  const server = await startKeeping(t);
  const good = { userId: 7, lat: 1, lng: 2, time: T };
  const cases = [
    [[good, { ...good, lat: 91 }], 'bad_position', 1],
    [[good, good, { ...good, time: Date.now() + 60000 }], 'bad_time', 2],
    [[good, { lat: 1, lng: 2 }], 'missing_member', 1],
    [[good, { ...good, userId: '' }], 'bad_id', 1],
    [[good, 5], 'wrong_type', 1],
  ];
  for (const [positions, code, index] of cases) {
    const problem = assertProblem(await post(server, positions), 400, code);
    assert.strictEqual(problem.index, index);
  }
  const other = await post(server, [good, { ...good, userId: 8 }], { path: '/v1/runners/7/positions' });
  assert.strictEqual(assertProblem(other, 400, 'bad_id').index, 1);
  assertProblem(await ask(server, '/v1/positions', { method: 'POST', type: JSON_TYPE, body: '{' }), 400, 'bad_json');
  const bytes = Buffer.from([0x22, 0xff, 0x22]);
  assertProblem(await ask(server, '/v1/positions', { method: 'POST', type: JSON_TYPE, body: bytes, headers: { 'content-length': 3 } }), 400, 'bad_utf8');
  assertProblem(await ask(server, '/v1/runners/7/track'), 404, 'not_found');
  assert.strictEqual((await ask(server, '/v1/positions')).json.positions.length, 0);
});

test('what is too large, of another type, or by another method is refused, and the connection serves on where it can', async (t) => {
  const server = await startKeeping(t, ['--max-upload-bytes', '2000']);
  assertProblem(await ask(server, '/v1/positions', { method: 'POST', type: JSON_TYPE, body: ' '.repeat(2001) }), 413, 'body_refused');
  assertProblem(await post(server, [], { type: 'text/plain' }), 415, 'bad_media_type');
  assertProblem(await post(server, [], { type: 'application/json; charset=latin1' }), 415, 'bad_media_type');
  const put = await ask(server, '/v1/positions', { method: 'PUT', type: JSON_TYPE, body: '[]' });
  assertProblem(put, 405, 'bad_method');
  assert.strictEqual(put.headers.allow, 'OPTIONS, GET, HEAD, POST');
  assertProblem(await ask(server, '/v1/elsewhere'), 404, 'not_found');
  assertProblem(await ask(server, `/v1/runners/${'x'.repeat(65)}`), 400, 'bad_id');
  assertProblem(await ask(server, '/v1/runners/%ff'), 400, 'bad_id');
  for (const where of ['/', '/healthz', '/v2/positions'])
    assert.strictEqual((await ask(server, where, { method: 'POST', body: 'x' })).status, 413);
  const peer = await server.raw();
  const request = 'POST /v1/positions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{"userId":"p","lat":1.5,"lng":2.5}';
  await peer.write(request.repeat(3));
  for (let i = 0; i < 3; i++) assert.deepStrictEqual(JSON.parse((await peer.httpAnswer()).body), { accepted: 1, stored: true });
});

test('without a store it is 202, and said that nothing is kept', async (t) => {
  const server = await startServer(t);
  const answer = await post(server, { userId: 7, lat: 1, lng: 2 });
  assert.deepStrictEqual([answer.status, answer.json], [202, { accepted: 1, stored: false }]);
  assert.strictEqual((await ask(server, '/v1/positions?runner=7')).json.positions.length, 1);
});

test('requests count as messages', async (t) => {
  const server = await startKeeping(t, ['--max-messages-per-second-per-address', '3']);
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(server, '/v1/positions')));
  const refused = answers.filter((answer) => answer.status === 429);
  assert.ok(refused.length >= 5);
  assertProblem(refused[0], 429, 'too_many_messages_per_address');
  assert.ok(refused[0].headers['retry-after']);
});

/* The same, in another order, in other pieces, with some of them twice; by a fixed rule. */
function shuffled(list, seed) {
  let state = seed;
  const random = (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
  const all = [...list, ...list.filter(() => random(4) === 0)];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

function pieces(list, length) {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
}

/* { lat, lng, time, altitude } of all points with a time, by regular expressions. */
function timedPoints(text) {
  const points = [];
  for (const [, attributes, inside] of text.matchAll(/<trkpt\b([^>]*)>([^]*?)<\/trkpt>/g)) {
    const time = inside.match(/<time>([^<]*)<\/time>/)?.[1];
    const ele = inside.match(/<ele>([^<]*)<\/ele>/)?.[1];
    if (time === undefined) continue;
    const number = (name) => Number(attributes.match(new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)`))[1]);
    points.push({ lat: number('lat'), lng: number('lon'), time: Date.parse(time), ...(ele && { altitude: Number(ele) }) });
  }
  return [...new Map(points.reverse().map((it) => [it.time, it])).values()].reverse();
}

async function exportsOf(server, id) {
  const all = [];
  for (const format of ['json', 'gpx']) {
    const answer = await ask(server, `/v1/runners/${id}/track?format=${format}`);
    assert.strictEqual(answer.status, 200);
    all.push(answer.body);
  }
  return all;
}

async function assertExportsAreTheSame(t, texts) {
  const inOrder = await startKeeping(t);
  const late = await startKeeping(t, ['--workers', '4']);
  for (const [i, text] of texts.entries()) {
    const points = timedPoints(text);
    assert.ok(points.length > 100);
    for (const piece of pieces(points, 5000)) await publish(inOrder, piece, { path: `/v1/runners/${i}/positions` });
    await Promise.all(pieces(shuffled(points, i + 1), 997).map((piece) => publish(late, piece, { path: `/v1/runners/${i}/positions` })));
    const [json, gpx] = await exportsOf(inOrder, i);
    assert.deepStrictEqual(await exportsOf(late, i), [json, gpx]);
    assert.strictEqual(JSON.parse(json).positions.length, points.length);
    assert.strictEqual(timedPoints(gpx).length, points.length);
  }
}

test('uploads that are late, shuffled and twice give exports that are the same byte by byte', async (t) => {
  await assertExportsAreTheSame(t, [track(9000), track(500, { stepMs: 250, offset: 0.5 })]);
});

test('the same of recorded runs', async (t) => {
  const { folder, files } = recordings();
  if (files.length === 0) return t.skip(`no recorded runs in ${folder}`);
  const texts = files.map((file) => fs.readFileSync(path.resolve(file), 'utf8'));
  const recent = texts.filter((text) => timedPoints(text).length > 100);
  return assertExportsAreTheSame(t, recent);
});
