'use strict';
/*
 * docs/asyncapi.yaml is an AsyncAPI 3 document, and says the same as docs/protocol.md and the server's own code. No server runs
 * here: what the code writes stands in its unit tests, literally.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const specs = require('@asyncapi/specs');
const Ajv = require('ajv');
const addFormats = require('ajv-formats');
const { parse } = require('yaml');
const { ROOT } = require('./lib/program.js');

const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');
const asyncapi = parse(read('docs/asyncapi.yaml'));

/* Both sides ignore members that they don't know, but ours should not write any that the document does not name. */
function close(schema) {
  if (schema === null || typeof schema !== 'object') return schema;
  const closed = Array.isArray(schema) ? [] : {};
  for (const [name, value] of Object.entries(schema)) closed[name] = close(value);
  if (closed.type === 'object' && closed.properties) closed.additionalProperties = false;
  return closed;
}

/* The messages of one direction, by type. */
function validators(operation) {
  const ajv = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true });
  addFormats(ajv);
  ajv.addKeyword('components');
  ajv.addSchema(close({ components: asyncapi.components }), 'doc', false, false);
  const byType = new Map();
  for (const { $ref } of asyncapi.operations[operation].messages) {
    const name = $ref.split('/').at(-1);
    const { type } = asyncapi.components.messages[name].payload.properties;
    byType.set(type.const, ajv.getSchema(`doc#/components/messages/${name}/payload`));
  }
  return byType;
}
const fromClient = validators('takeRequests');
const fromServer = validators('tell');

function assertDescribed(text, byType) {
  const message = JSON.parse(text);
  const validate = byType.get(message.type);
  assert.ok(validate, `no message of this type: ${text}`);
  assert.ok(validate(message), `${text}\n${JSON.stringify(validate.errors)}`);
  return message.type;
}

/* Each of them, and every type of the direction among them. */
function assertAllDescribed(texts, byType) {
  const types = new Set(texts.map((text) => assertDescribed(text, byType)));
  assert.deepEqual([...types].sort(), [...byType.keys()].sort());
}

/* The lines of a section's examples that begin with a mark. */
function examples(mark) {
  const section = read('docs/protocol.md').match(/^## Dialect v1$([^]*?)^## /m)[1];
  const blocks = [...section.matchAll(/^```\w*\n([^]*?)^```$/gm)].map((found) => found[1]);
  const lines = blocks.flatMap((block) => block.split('\n'));
  return lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
}

/* The strings of a C file, neighbours joined. JSON's escapes are a part of C's, and no others stand there. */
function strings(file) {
  const runs = read(file).match(/"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*/g);
  return runs.map((run) => run.match(/"(?:\\.|[^"\\\n])*"/g).map((part) => JSON.parse(part)).join(''));
}
const messagesOf = (file) => strings(file).filter((text) => /^\{"type":"\w+".*\}$/s.test(text));

test('the document is AsyncAPI 3', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(specs.schemasWithoutId['3.0.0']);
  assert.ok(validate(asyncapi), JSON.stringify(validate.errors, null, 1).slice(0, 4000));
});

test('a message that breaks its schema is noticed', () => {
  for (const text of ['{"type":"pong"}', '{"type":"pong","time":"now"}', '{"type":"pong","time":1,"more":1}', '{"type":"ping"}'])
    assert.throws(() => assertDescribed(text, fromServer), assert.AssertionError);
});

test('each message to the server in protocol.md is as the document has it', () => {
  assertAllDescribed(examples('-> '), fromClient);
});

test('each message of the server in protocol.md is as the document has it', () => {
  assertAllDescribed(examples('<- '), fromServer);
});

test('each message that the server writes is as the document has it', () => {
  const files = ['test_v1_answer.c', 'test_v1_live.c'].map((name) => `tests/unit/proto/${name}`);
  assertAllDescribed(files.flatMap(messagesOf), fromServer);
});

test('the data of each server-sent event is as the document has it', () => {
  const events = [
    ...strings('tests/unit/proto/test_sse.c').filter((text) => text.endsWith('}\n\n')),
    ...read('docs/protocol.md').match(/^(id|event): [^`]*?^data: .*$/gm).map((event) => `${event}\n\n`),
  ];
  assert.ok(events.length >= 6);
  for (const event of events) {
    const [, name, data] = event.match(/^(?:id: \S+\n)?event: (\w+)\ndata: (.*)\n\n$/);
    assert.equal(assertDescribed(data, fromServer), name);
  }
});

test('each error code of the document\'s examples is in the table', () => {
  const codes = new Set([...read('docs/protocol.md').matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map((row) => row[1]));
  for (const message of examples('<- ').map((text) => JSON.parse(text)))
    if (message.type === 'error') assert.ok(codes.has(message.code), message.code);
});
