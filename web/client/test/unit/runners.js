import assert from 'node:assert';
import test from 'node:test';
import { Repeats } from '../../dist/repeats.js';
import { Runners } from '../../dist/runners.js';

const at = (userId, time, more) => ({ userId, lat: 1, lng: 2, time, ...more });
const told = (nowMs) => ({ nowMs, isTold: true });
const untold = (nowMs) => ({ nowMs, isTold: false });

test('the newest by time stays, whatever comes last', () => {
  const runners = new Runners();
  runners.take([at(7, 200), at(7, 100), at('7', 300)]);
  assert.strictEqual(runners.get(7, told(1000)).position.time, 300);
  assert.strictEqual(runners.get(7, told(1000)).ageMs, 700);
  assert.strictEqual(runners.get(7, told(0)).ageMs, 0);
  assert.strictEqual(runners.get(8, told(0)), undefined);
});

test('the server says who is stale or lost, and a position says that one is live', () => {
  const runners = new Runners();
  runners.setThresholds(15_000, 60_000);
  runners.take([at(7, 0, { status: 'lost' }), at(8, 0)]);
  runners.change({ userId: '8', status: 'stale', since: 0 });
  assert.deepStrictEqual(runners.all(told(1)).map((it) => it.status), ['lost', 'stale']);
  runners.take([at(7, 1), at(8, 1)]);
  assert.deepStrictEqual(runners.all(told(100_000)).map((it) => it.status), ['live', 'live']);
});

test('while nobody says so, age makes stale and lost, and never live', () => {
  const runners = new Runners();
  runners.setThresholds(15_000, 60_000);
  runners.take([at(7, 0), at(8, 0, { status: 'lost' })]);
  const statuses = (nowMs) => runners.all(untold(nowMs)).map((it) => it.status);
  assert.deepStrictEqual(statuses(14_999), ['live', 'lost']);
  assert.deepStrictEqual(statuses(15_000), ['stale', 'lost']);
  assert.deepStrictEqual(statuses(60_000), ['lost', 'lost']);
});

test('a position that comes again on the next connection is told once', () => {
  const repeats = new Repeats();
  const first = [at(7, 1), at(7, 2)];
  assert.deepStrictEqual(repeats.without(first), first);
  repeats.cursor();
  assert.deepStrictEqual(repeats.without([at(7, 3), at(8, 3)]), [at(7, 3), at(8, 3)]);
  repeats.begin();
  assert.deepStrictEqual(repeats.without([at('7', 3), at(7, 4)]), [at(7, 4)]);
  repeats.begin();
  assert.deepStrictEqual(repeats.without([at(8, 3), at(7, 4), at(7, 5)]), [at(7, 5)]);
  repeats.cursor();
  assert.deepStrictEqual(repeats.without([at(7, 5)]), [at(7, 5)]);
});
