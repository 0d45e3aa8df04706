'use strict';
/*
 * v1_http: requests under /v1, as the tests send and read them.
 */
const assert = require('node:assert');
const zlib = require('node:zlib');
const { startServer } = require('./server.js');
const { temporaryFolder } = require('./temporary.js');

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';

/* A server that keeps what it gets. */
function startKeeping(t, args = []) {
  return startServer(t, ['--data', temporaryFolder(), ...args]);
}

/* { status, headers, body } with `json` when that is what came. `options.token`, `options.type`, and what http.request takes. */
async function ask(server, path, options = {}) {
  const { token, type, json, ...rest } = options;
  const headers = { ...rest.headers };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (type !== undefined) headers['content-type'] = type;
  const body = json !== undefined ? JSON.stringify(json) : rest.body;
  const answer = await server.get(path, { ...rest, body, headers: { 'content-length': Buffer.byteLength(body ?? ''), ...headers } });
  if (/[/+]json$/.test(answer.headers['content-type'] ?? '') && !answer.headers['content-encoding'] && answer.body !== '')
    answer.json = JSON.parse(answer.body);
  return answer;
}

function post(server, json, { path = '/v1/positions', ...options } = {}) {
  return ask(server, path, { method: 'POST', type: JSON_TYPE, json, ...options });
}

/* Publish, and see that it was stored. */
async function publish(server, positions, options) {
  const answer = await post(server, positions, options);
  assert.deepStrictEqual([answer.status, answer.json], [200, { accepted: positions.length ?? 1, stored: true }], answer.body);
}

/* It is refused with this status and code, as RFC 9457 has it. */
function assertProblem(answer, status, code) {
  assert.strictEqual(answer.status, status, answer.body);
  assert.strictEqual(answer.headers['content-type'], 'application/problem+json');
  assert.strictEqual(answer.json.status, status);
  assert.strictEqual(answer.json.code, code);
  assert.strictEqual(answer.json.type, `/v1/problems/${code}`);
  return answer.json;
}

/* A made-up run: `count` positions, a second apart. */
function run(userId, count, begin = Date.parse('2026-05-01T09:00:00Z')) {
  return Array.from({ length: count }, (_, i) => ({
    userId,
    lat: Number((48 + Math.sin(i / 300) * 0.01).toFixed(7)),
    lng: Number((2 + i * 1e-5).toFixed(7)),
    time: begin + i * 1000,
    altitude: 35 + (i % 10) / 4,
  }));
}

/* The path of the next page, from Link. */
function nextOf(answer, path) {
  const found = answer.headers.link?.match(/^<(\?[^>]*)>; rel="next"$/);
  return found ? path.split('?')[0] + found[1] : undefined;
}

const gzip = (text) => zlib.gzipSync(text);

module.exports = { JSON_TYPE, NDJSON_TYPE, ask, assertProblem, gzip, nextOf, post, publish, run, startKeeping };
