import assert from 'node:assert';
import test from 'node:test';
import { MemoryStorage } from '../../dist/memory_storage.js';
import { Outbox } from '../../dist/outbox.js';
import { Publisher } from '../../dist/publisher.js';
import { FakeEnvironment, settle } from '../lib/fake_environment.js';

const at = (userId, time) => ({ userId, lat: 1, lng: 2, time });
const accepted = (isStored = true) => ({ outcome: 'accepted', isStored });
const refused = (code, more = {}) => ({ outcome: 'refused', error: { type: 'error', code, message: code, ...more } });

/* A publisher with these positions, and a link that answers as a test says. */
async function world(positions, keeps = true) {
  const it = { environment: new FakeEnvironment(), sent: [], refusals: [], acknowledged: [], answers: [] };
  it.outbox = new Outbox(new MemoryStorage());
  for (const position of positions) await it.outbox.add(position);
  it.publisher = new Publisher(it.outbox, it.environment, {
    acknowledged: (those) => it.acknowledged.push(...those),
    refused: (those, error, isFinal) => it.refusals.push([those.map((one) => one.time), error.code, isFinal]),
    storageFailed: (error) => assert.fail(error),
  });
  it.link = {
    keeps,
    batchLimits: { positions: 100, bytes: 65536 },
    publish: (batch) => {
      it.sent.push(batch.map((one) => one.time));
      return new Promise((resolve) => it.answers.push(resolve));
    },
  };
  it.answer = async (receipt) => {
    it.answers.shift()(receipt);
    await settle();
  };
  return it;
}

const backlog = (count) => Array.from({ length: count }, (_, i) => at(7, i));

test('one request at a time, and each position leaves only with its acknowledgement', async () => {
  const it = await world(backlog(3));
  it.publisher.attach(it.link);
  assert.deepStrictEqual([it.sent, it.outbox.length], [[[2]], 3]);
  await it.answer(accepted());
  assert.deepStrictEqual([it.sent, it.outbox.length], [[[2], [0, 1]], 2]);
  await it.answer(accepted());
  assert.deepStrictEqual([it.sent.length, it.outbox.length, it.acknowledged.length], [2, 0, 3]);
});

test('a connection that ends in the middle of it takes nothing along', async () => {
  const it = await world(backlog(1));
  it.publisher.attach(it.link);
  it.publisher.detach();
  await it.answer({ outcome: 'gone' });
  assert.strictEqual(it.outbox.length, 1);
  it.publisher.attach(it.link);
  assert.deepStrictEqual(it.sent, [[0], [0]]);
  await it.answer(accepted());
  assert.strictEqual(it.outbox.length, 0);
});

test('accepted is enough where nothing is kept, and not where it should be', async () => {
  const nothing = await world(backlog(1), false);
  nothing.publisher.attach(nothing.link);
  await nothing.answer(accepted(false));
  assert.strictEqual(nothing.outbox.length, 0);
  const keeping = await world(backlog(1), true);
  keeping.publisher.attach(keeping.link);
  await keeping.answer(accepted(false));
  assert.deepStrictEqual([keeping.outbox.length, keeping.sent.length], [1, 1]);
  keeping.environment.pass(1000);
  assert.strictEqual(keeping.sent.length, 2);
});

test('what the server can not take now is sent again later, and not before it says', async () => {
  const it = await world(backlog(1));
  it.publisher.attach(it.link);
  await it.answer({ ...refused('store_busy'), retryAfterMs: 5000 });
  it.publisher.kick();
  it.environment.pass(4999);
  assert.deepStrictEqual([it.sent.length, it.outbox.length, it.refusals], [1, 1, [[[0], 'store_busy', false]]]);
  it.environment.pass(1001);
  assert.strictEqual(it.sent.length, 2);
});

test('the one that an error is about is given up, the others go on', async () => {
  const it = await world(backlog(4));
  it.publisher.attach(it.link);
  await it.answer(accepted());
  await it.answer(refused('bad_time', { index: 1 }));
  assert.deepStrictEqual([it.sent.at(-1), it.refusals], [[0, 2], [[[1], 'bad_time', true]]]);
});

test('those whom the token does not allow are given up', async () => {
  const it = await world([at(8, 1), at(7, 2), at(8, 3)]);
  it.publisher.attach(it.link);
  await it.answer(refused('not_allowed', { ids: ['8'] }));
  assert.deepStrictEqual(it.sent, [[2, 3], [1, 2]]);
});

test('of a batch that is too large the parts are sent, down to the one that is too large by itself', async () => {
  const it = await world(backlog(9));
  it.publisher.attach(it.link);
  await it.answer(accepted());
  const isTooLarge = (times) => times.includes(3);
  for (let turns = 0; it.answers.length > 0 && turns < 50; turns++)
    await it.answer(isTooLarge(it.sent.at(-1)) ? refused('message_too_big') : accepted());
  assert.deepStrictEqual(it.refusals, [[[3], 'message_too_big', true]]);
  assert.deepStrictEqual([it.acknowledged.length, it.outbox.length], [8, 0]);
});

test('what is unknown is not held against a position', async () => {
  const it = await world(backlog(1));
  it.publisher.attach(it.link);
  await it.answer(refused('something_new'));
  assert.strictEqual(it.outbox.length, 1);
});
