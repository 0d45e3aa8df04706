import assert from 'node:assert';
import test from 'node:test';
import { Backoff } from '../../dist/backoff.js';

const drawing = (chance) => ({ random: () => chance });

test('the bound doubles up to the cap, and the wait is anything below it', () => {
  const [most, half, none] = [1, 0.5, 0].map((chance) => new Backoff(drawing(chance)));
  const waits = (backoff) => Array.from({ length: 8 }, () => backoff.nextMs());
  assert.deepStrictEqual(waits(most), [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.deepStrictEqual(waits(half), [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  assert.deepStrictEqual(waits(none), [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('it stays below the cap after a thousand attempts, and begins anew when all is well', () => {
  const backoff = new Backoff(drawing(1), { baseMs: 10, capMs: 100 });
  for (let i = 0; i < 2000; i++) assert.ok(backoff.nextMs() <= 100);
  assert.strictEqual(backoff.attempts, 2000);
  backoff.reset();
  assert.deepStrictEqual([backoff.attempts, backoff.nextMs()], [0, 10]);
});

test('the first wait is as the server says', () => {
  const backoff = new Backoff(drawing(0.5));
  assert.strictEqual(backoff.nextMs({ exactlyMs: 1730 }), 1730);
  assert.strictEqual(backoff.nextMs({ exactlyMs: 1730 }), 1000);
  backoff.reset();
  assert.strictEqual(backoff.nextMs({ between: { minimum: 500, maximum: 10_000 } }), 5250);
});

test('no wait is shorter than Retry-After', () => {
  const backoff = new Backoff(drawing(0));
  for (let i = 0; i < 5; i++) assert.strictEqual(backoff.nextMs({ atLeastMs: 7000 }), 7000);
});
