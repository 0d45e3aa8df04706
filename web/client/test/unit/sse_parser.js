import assert from 'node:assert';
import test from 'node:test';
import { SseParser } from '../../dist/sse_parser.js';

const STREAM =
  'retry: 1730\n\n: a comment\n\nid: one\nevent: positions\ndata: {"a":1}\n\nevent: status\r\ndata:two\r\ndata: lines\r\n\r\n' +
  'id: three\rdata\r\revent: nothing\n\nretry: soon\nunknown: field\ndata:  x\n\n';
const EVENTS = [
  1730,
  { event: 'positions', data: '{"a":1}', id: 'one' },
  { event: 'status', data: 'two\nlines', id: 'one' },
  { event: 'message', data: '', id: 'three' },
  { event: 'message', data: ' x', id: 'three' },
];

function parse(...pieces) {
  const heard = [];
  const parser = new SseParser({ event: (it) => heard.push(it), retry: (it) => heard.push(it) });
  for (const piece of pieces) parser.push(piece);
  return heard;
}

test('a stream in one piece', () => {
  assert.deepStrictEqual(parse(STREAM), EVENTS);
});

test('the same character by character, and with pieces of nothing between', () => {
  assert.deepStrictEqual(parse(...STREAM), EVENTS);
  assert.deepStrictEqual(parse(...[...STREAM].flatMap((it) => [it, ''])), EVENTS);
});

test('the same, split at each point', () => {
  for (let at = 0; at <= STREAM.length; at++) assert.deepStrictEqual(parse(STREAM.slice(0, at), STREAM.slice(at)), EVENTS, `at ${at}`);
});

test('an event that has not ended is none, and one that never ends is refused', () => {
  assert.deepStrictEqual(parse('data: x\n'), []);
  const megabyte = 'x'.repeat(1024 * 1024);
  assert.throws(() => parse(...Array(34).fill(megabyte)), /does not end/);
});
