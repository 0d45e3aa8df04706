'use strict';
/*
 * docs/openapi.yaml is an OpenAPI 3.1 document; it is what the server serves; and what the server answers is as it has it.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');
const { parse } = require('yaml');
const { ROOT } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { JSON_TYPE, NDJSON_TYPE, ask, post, publish, run, startKeeping } = require('./lib/v1_http.js');

const text = fs.readFileSync(path.join(ROOT, 'docs/openapi.yaml'), 'utf8');
const document = parse(text);

function makeAjv() {
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
  addFormats(ajv);
  for (const word of ['components', 'paths', 'openapi', 'info', 'servers', 'security', 'tags']) ajv.addKeyword(word);
  ajv.addSchema({ $id: 'doc', components: { schemas: document.components.schemas } }, undefined, false, false);
  return ajv;
}
const ajv = makeAjv();

const follow = (node) => (node.$ref ? node.$ref.slice(2).split('/').reduce((at, name) => at[name], document) : node);

/* The pattern of the document that a path is of. */
function patternOf(url) {
  const parts = url.split('?')[0].split('/');
  return Object.keys(document.paths).find((pattern) => {
    const wanted = pattern.split('/');
    return wanted.length === parts.length && wanted.every((part, i) => part.startsWith('{') || part === parts[i]);
  });
}

/* The document knows this answer to this request: its status, its type, and its form. */
function assertDescribed(method, url, answer) {
  const operation = document.paths[patternOf(url)][method.toLowerCase()];
  const response = operation.responses[answer.status];
  assert.ok(response, `${method} ${url}: no ${answer.status} in the document`);
  const content = follow(response).content;
  if (answer.body === '') return;
  const type = answer.headers['content-type'].split(';')[0];
  assert.ok(content?.[type], `${method} ${url}: no ${type} in the document`);
  const { $ref } = content[type].schema;
  if (!$ref) return;
  const validate = ajv.getSchema(`doc${$ref}`);
  assert.ok(validate(answer.json), `${method} ${url}: ${answer.body.slice(0, 300)}\n${JSON.stringify(validate.errors)}`);
}

async function check(server, method, url, options = {}) {
  const answer = await ask(server, url, { method, ...options });
  assertDescribed(method, url, answer);
  return answer;
}

test('the document is OpenAPI 3.1', async () => {
  const { Validator } = await import('@seriousme/openapi-schema-validator');
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1)?.slice(0, 4000));
  assert.strictEqual(validator.version, '3.1');
});

test('an answer that breaks its schema is noticed', () => {
  const answer = (json) => ({ status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(json), json });
  for (const json of [{}, { positions: [{ userId: 7, lat: 1 }] }, { positions: [], more: 1 }])
    assert.throws(() => assertDescribed('GET', '/v1/positions', answer(json)), assert.AssertionError);
  assertDescribed('GET', '/v1/positions', answer({ positions: [{ userId: 7, lat: 1, lng: 2, time: 3 }] }));
});

test('the server serves the document', async (t) => {
  const server = await startServer(t);
  const answer = await check(server, 'GET', '/v1/openapi.yaml');
  assert.strictEqual(answer.status, 200);
  assert.strictEqual(answer.body, text);
});

test('each operation that succeeds answers as the document has it', async (t) => {
  const server = await startKeeping(t);
  const statuses = [];
  const see = async (...request) => statuses.push((await check(server, ...request)).status);
  await see('POST', '/v1/positions', { type: JSON_TYPE, json: { userId: 7, lat: 48.1, lng: 2.2, speed: 3.5, battery: 80 } });
  await publish(server, run('ann', 5000));
  await see('POST', '/v1/runners/8/positions', { type: NDJSON_TYPE, body: '{"lat":1,"lng":2,"time":1700000000000}\n' });
  await see('PUT', '/v1/runners/7', { type: JSON_TYPE, json: { name: 'Ann', bib: 'A7', colour: '#d62728', groups: ['elite'] } });
  for (const url of [
    '/v1/positions', '/v1/positions?runner=7,8&format=geojson', '/v1/positions?group=elite', '/v1/positions?limit=1',
    '/v1/runners', '/v1/runners?group=elite', '/v1/runners/7', '/v1/problems/bad_time',
    ...['json', 'geojson', 'gpx', 'ndjson', 'polyline'].flatMap((format) => [
      `/v1/runners/ann/track?format=${format}`, `/v1/runners/ann/track?format=${format}&limit=1`,
      `/v1/runners/ann/track?format=${format}&until=1000&tolerance=3`,
    ]),
  ]) await see('GET', url);
  assert.ok(statuses.every((status) => status === 200 || status === 204), statuses.join());
  const { headers } = await ask(server, '/v1/runners/7');
  const again = await check(server, 'GET', '/v1/runners/7', { headers: { 'if-none-match': headers.etag } });
  assert.strictEqual(again.status, 304);
  assert.strictEqual((await check(server, 'DELETE', '/v1/runners/7')).status, 204);
});

test('each refusal is as the document has it', async (t) => {
  const server = await startKeeping(t);
  const none = await startServer(t);
  const seen = new Set();
  const see = async (at, method, url, options) => seen.add((await check(at, method, url, options)).status);
  await see(server, 'POST', '/v1/positions', { type: JSON_TYPE, json: [{ userId: 7, lat: 1, lng: 200 }] });
  await see(server, 'POST', '/v1/positions', { type: 'text/plain', body: 'x' });
  await see(server, 'POST', '/v1/positions', { type: JSON_TYPE, body: ' '.repeat(1024 * 1024 + 1) });
  await see(server, 'GET', '/v1/runners/nobody');
  await see(server, 'GET', '/v1/runners/nobody/track');
  await see(server, 'GET', '/v1/positions', { headers: { accept: 'image/png' } });
  await see(server, 'GET', '/v1/positions?limit=x');
  await see(none, 'GET', '/v1/runners/7/track');
  assert.strictEqual((await post(none, { userId: 7, lat: 1, lng: 2 })).status, 202);
  assertDescribed('POST', '/v1/positions', await post(none, { userId: 7, lat: 1, lng: 2 }));
  assert.deepStrictEqual([...seen].sort(), [400, 404, 406, 413, 415, 501]);
});
