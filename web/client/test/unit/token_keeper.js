import assert from 'node:assert';
import test from 'node:test';
import { expiryOf } from '../../dist/jwt.js';
import { TokenKeeper } from '../../dist/token_keeper.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.c2ln`;

test('a JWT says when it expires, and other texts say nothing', () => {
  assert.strictEqual(expiryOf(jwt({ exp: 1_700_000_100, name: 'Änne \u{1F3C3}' })), 1_700_000_100);
  for (const none of ['', 'a.b', 'a.b.c', 'opaque', jwt({}), jwt({ exp: '1' }), jwt(null), jwt({ exp: 1 }).replace(/\.[^.]+\./, '.%%%.')])
    assert.strictEqual(expiryOf(none), undefined);
});

function keeperOf(tokens) {
  const world = { nowMs: 0, asked: 0 };
  world.keeper = new TokenKeeper(() => tokens[Math.min(world.asked++, tokens.length - 1)], () => world.nowMs);
  return world;
}

test('a token is asked for once, and again shortly before it expires', async () => {
  const world = keeperOf([jwt({ exp: 1000 }), jwt({ exp: 2000 })]);
  assert.strictEqual(await world.keeper.get(), jwt({ exp: 1000 }));
  world.nowMs = 939_999;
  assert.strictEqual(await world.keeper.get(), jwt({ exp: 1000 }));
  assert.strictEqual(world.asked, 1);
  world.nowMs = 940_000;
  assert.strictEqual(await world.keeper.get(), jwt({ exp: 2000 }));
  assert.strictEqual(world.keeper.renewAtMs, 1_940_000);
});

test('of a short life a fifth is left for the renewal', async () => {
  const { keeper } = keeperOf([jwt({ exp: 10 })]);
  await keeper.get();
  assert.strictEqual(keeper.renewAtMs, 8000);
});

test('what the server says of its end goes before what it says itself', async () => {
  const world = keeperOf(['opaque']);
  await world.keeper.get();
  assert.strictEqual(world.keeper.renewAtMs, Infinity);
  world.keeper.expiresAt(1000);
  assert.strictEqual(world.keeper.renewAtMs, 940_000);
  world.keeper.expiresAt(null);
  assert.strictEqual(world.keeper.renewAtMs, Infinity);
});

test('a refused token is not given again, unless there is no other', async () => {
  const world = keeperOf(['one', 'two']);
  world.keeper.refuse(await world.keeper.get());
  assert.ok(world.keeper.isRefused('one'));
  assert.strictEqual(await world.keeper.get(), 'two');
  world.keeper.refuse(undefined);
  assert.ok(world.keeper.isRefused('one'));
});

test('a text is what it is, and nothing is nothing', async () => {
  const text = new TokenKeeper('fixed', () => 0);
  text.expiresAt(1);
  assert.deepStrictEqual([await text.get(), text.canRenew, text.renewAtMs], ['fixed', false, Infinity]);
  assert.strictEqual(await new TokenKeeper(undefined, () => 0).get(), undefined);
});
