import assert from 'node:assert';
import test from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import { IndexedDbStorage } from '../../dist/indexed_db_storage.js';
import { MemoryStorage } from '../../dist/memory_storage.js';
import { Outbox } from '../../dist/outbox.js';

const LIMITS = { positions: 1000, bytes: 64 * 1024 };
const at = (userId, time) => ({ userId, lat: 1, lng: 2, time });
const times = (positions) => positions.map((it) => it.time);

async function outboxOf(positions, options) {
  const storage = new MemoryStorage();
  const outbox = new Outbox(storage, options);
  for (const it of positions) await outbox.add(it);
  return { outbox, storage };
}

test('the newest of each runner goes first, then the backlog, oldest first', async () => {
  const { outbox } = await outboxOf([at(7, 1), at(7, 2), at(7, 3), at(8, 2)]);
  const first = outbox.next(LIMITS);
  assert.deepStrictEqual(first, [at(8, 2), at(7, 3)]);
  await outbox.acknowledge(first);
  assert.deepStrictEqual(outbox.next(LIMITS), [at(7, 1), at(7, 2)]);
  await outbox.add(at(7, 4));
  assert.deepStrictEqual(outbox.next(LIMITS), [at(7, 4)]);
});

test('the newest batch of the backlog goes before older ones', async () => {
  const { outbox } = await outboxOf(Array.from({ length: 10 }, (_, i) => at(7, i)));
  const limits = { positions: 4, bytes: 64 * 1024 };
  const sent = [];
  for (let batch = outbox.next(limits); batch.length > 0; batch = outbox.next(limits)) {
    sent.push(times(batch));
    await outbox.acknowledge(batch);
  }
  assert.deepStrictEqual(sent, [[9], [5, 6, 7, 8], [1, 2, 3, 4], [0]]);
});

test('what is not acknowledged is there again', async () => {
  const { outbox, storage } = await outboxOf([at(7, 1)]);
  assert.deepStrictEqual(outbox.next(LIMITS), outbox.next(LIMITS));
  assert.strictEqual((await storage.load()).length, 1);
  await outbox.acknowledge([at(7, 1)]);
  assert.deepStrictEqual([outbox.next(LIMITS), outbox.length, await storage.load()], [[], 0, []]);
});

test('a batch fits into a message, and is never empty', async () => {
  const { outbox } = await outboxOf([at('x'.repeat(64), 1), at('y'.repeat(64), 2)]);
  assert.strictEqual(outbox.next({ positions: 10, bytes: 150 }).length, 1);
  assert.strictEqual(outbox.next({ positions: 10, bytes: 1 }).length, 1);
  assert.strictEqual(outbox.next({ positions: 10, bytes: 1000 }).length, 2);
});

test('a time that comes late stands where it belongs, and the same one twice is one', async () => {
  const { outbox } = await outboxOf([at(7, 1), at(7, 5), at(8, 3), at(7, 3), { ...at(7, 3), lat: 9 }]);
  assert.strictEqual(outbox.length, 4);
  await outbox.acknowledge([at(7, 5), at(8, 3)]);
  assert.deepStrictEqual(outbox.next(LIMITS), [at(7, 1), { ...at(7, 3), lat: 9 }]);
});

test('at the limit the older half is thinned, the newest stays, and it is counted', async () => {
  const { outbox, storage } = await outboxOf(
    Array.from({ length: 101 }, (_, i) => at(7, i)),
    { limit: 100 },
  );
  assert.deepStrictEqual([outbox.length, outbox.dropped], [76, 25]);
  const left = times(await storage.load()).sort((a, b) => a - b);
  assert.deepStrictEqual(left.slice(0, 27), [...Array.from({ length: 26 }, (_, i) => 2 * i), 51]);
  assert.strictEqual(left.at(-1), 100);
});

test('or the oldest are given up', async () => {
  const { outbox, storage } = await outboxOf(
    Array.from({ length: 13 }, (_, i) => at(7, i)),
    { limit: 10, overflow: 'drop' },
  );
  assert.deepStrictEqual([outbox.length, outbox.dropped, times(await storage.load())[0]], [10, 3, 3]);
});

for (const [name, make] of [
  ['memory', () => [new MemoryStorage()].flatMap((it) => [it, it])],
  ['IndexedDB', () => [new IDBFactory()].flatMap((indexedDB) => [new IndexedDbStorage({ indexedDB }), new IndexedDbStorage({ indexedDB })])],
]) {
  test(`storage: ${name} keeps what is put, by runner and time, until it is removed`, async () => {
    const [first, second] = make();
    await Promise.all([first.put(at(7, 1)), first.put(at('7', 2)), first.put({ ...at(7, 1), lat: 3 })]);
    await first.close();
    const found = await second.load();
    assert.deepStrictEqual(found.sort((a, b) => a.time - b.time), [{ ...at(7, 1), lat: 3 }, at('7', 2)]);
    await second.remove([at(7, 1), at(9, 9)]);
    assert.deepStrictEqual(await second.load(), [at('7', 2)]);
    await first.put(at(8, 1)); // which opens it again
    assert.strictEqual((await second.load()).length, 2);
  });
}

test('storage: IndexedDB that can not be opened says so, and may be there later', async () => {
  const factory = new IDBFactory();
  let isBroken = true;
  const indexedDB = { open: (...args) => (isBroken ? assert.fail('not in this window') : factory.open(...args)) };
  const storage = new IndexedDbStorage({ indexedDB });
  await assert.rejects(storage.load(), /not in this window/);
  isBroken = false;
  await storage.put(at(7, 1));
  assert.strictEqual((await storage.load()).length, 1);
});

test('what an earlier page has left joins what was added meanwhile', async () => {
  const storage = new MemoryStorage();
  for (let i = 0; i < 5; i++) await storage.put(at(7, i));
  const outbox = new Outbox(storage);
  await outbox.add(at(7, 2.5));
  await outbox.load();
  assert.strictEqual(outbox.length, 6);
  assert.deepStrictEqual(times(outbox.next(LIMITS)), [4]);
});
