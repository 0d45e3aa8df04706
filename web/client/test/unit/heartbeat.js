import assert from 'node:assert';
import test from 'node:test';
import { Heartbeat } from '../../dist/heartbeat.js';
import { FakeEnvironment } from '../lib/fake_environment.js';

function begin() {
  const environment = new FakeEnvironment();
  const seen = { asked: 0, dead: 0 };
  const heartbeat = new Heartbeat(environment, {
    intervalMs: 25_000,
    answerMs: 10_000,
    ask: () => seen.asked++,
    dead: () => seen.dead++,
  });
  return { environment, heartbeat, seen };
}

test('after an interval of silence it asks, and without an answer it is dead', () => {
  const { environment, seen } = begin();
  environment.pass(24_999);
  assert.deepStrictEqual(seen, { asked: 0, dead: 0 });
  environment.pass(1);
  assert.deepStrictEqual(seen, { asked: 1, dead: 0 });
  environment.pass(10_000);
  assert.deepStrictEqual(seen, { asked: 1, dead: 1 });
});

test('whatever comes is an answer, and puts the next question off', () => {
  const { environment, heartbeat, seen } = begin();
  for (let i = 0; i < 10; i++) {
    environment.pass(20_000);
    heartbeat.heard();
  }
  assert.deepStrictEqual(seen, { asked: 0, dead: 0 });
  environment.pass(25_000 + 9_999);
  heartbeat.heard();
  environment.pass(24_999);
  assert.deepStrictEqual(seen, { asked: 1, dead: 0 });
});

test('it asks at once when there is doubt, and only once at a time', () => {
  const { environment, heartbeat, seen } = begin();
  heartbeat.check();
  heartbeat.check();
  environment.pass(10_000);
  assert.deepStrictEqual(seen, { asked: 1, dead: 1 });
});

test('stopped, it keeps no timer', () => {
  const { environment, heartbeat, seen } = begin();
  heartbeat.stop();
  environment.pass(100_000);
  assert.deepStrictEqual([seen, environment.waiting], [{ asked: 0, dead: 0 }, 0]);
});
