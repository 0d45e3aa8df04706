import assert from 'node:assert';
import test from 'node:test';
import { ServerClock } from '../../dist/server_clock.js';

test('the server\'s time is taken to be of the middle of the way', () => {
  const clock = new ServerClock();
  assert.strictEqual(clock.offsetMs, 0);
  clock.learn(10_050, 1000, 1100);
  assert.strictEqual(clock.offsetMs, 9000);
});

test('the shortest way counts, of the last few', () => {
  const clock = new ServerClock();
  clock.learn(6000, 1000, 1010);
  clock.learn(6400, 1000, 3000);
  assert.strictEqual(clock.offsetMs, 4995);
  for (let i = 0; i < 8; i++) clock.learn(2100, 1000, 1200);
  assert.strictEqual(clock.offsetMs, 1000);
});

test('what was learned on an earlier connection counts until there is better', () => {
  const clock = new ServerClock();
  clock.learn(6000, 1000, 1000);
  clock.forget();
  assert.strictEqual(clock.offsetMs, 5000);
  clock.learn(3000, 1000, 3000);
  assert.strictEqual(clock.offsetMs, 1000);
});
