import assert from 'node:assert';
import test from 'node:test';
import { Emitter } from '../../dist/emitter.js';

class Teller extends Emitter {
  tell(name, value) {
    this.emit(name, value);
  }
}

test('listeners hear their name only, until they are taken off', () => {
  const teller = new Teller();
  const heard = [];
  const off = teller.on('a', (it) => heard.push(it));
  teller.tell('a', 1);
  teller.tell('b', 2);
  off();
  teller.tell('a', 3);
  assert.deepStrictEqual(heard, [1]);
});

test('one that throws keeps nothing from the others, and its error is not lost', (t) => {
  const later = [];
  t.mock.method(globalThis, 'queueMicrotask', (call) => later.push(call));
  const teller = new Teller();
  const heard = [];
  teller.on('a', () => {
    throw new Error('of a listener');
  });
  teller.on('a', (it) => heard.push(it));
  teller.tell('a', 1);
  assert.deepStrictEqual(heard, [1]);
  assert.strictEqual(later.length, 1);
  assert.throws(later[0], /of a listener/);
});

test('one that takes itself off while it hears is heard of no more', () => {
  const teller = new Teller();
  let count = 0;
  const off = teller.on('a', () => {
    count++;
    off();
  });
  teller.tell('a', 1);
  teller.tell('a', 2);
  assert.strictEqual(count, 1);
});
