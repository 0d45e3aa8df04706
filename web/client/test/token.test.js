/*
 * Tokens: from a callback, renewed before they expire, and never in an address.
 */
import assert from 'node:assert';
import test from 'node:test';
import { FakeNetwork, Operators, Witness, authArgs, issuerOf, publish, startServer, step, until } from './lib/world.js';

const soon = (seconds) => Math.floor(Date.now() / 1000) + seconds;

async function startWithIssuer(t, more = []) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, more));
  return { issuer, server };
}

async function publishAs(server, issuer, position) {
  const token = await issuer.token({ sub: 'publisher', publish: ['*'] });
  await publish(server, [position], { Authorization: `Bearer ${token}` });
}

/* A callback that gives one after the other, the last again and again, and counts. */
function tokensOf(...tokens) {
  const source = async () => tokens[Math.min(source.asked++, tokens.length - 1)];
  source.asked = 0;
  return source;
}

test('a token is asked for, shown, and stands in no address', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const token = await issuer.token({ sub: '7' });
  const runner = await new Witness(t, server.url, { token: () => token, userId: 7 }).live();
  runner.client.follow(7);
  await runner.client.publish({ lat: 1, lng: 2 });
  await runner.has(1);
  assert.ok(runner.urls.length > 0 && runner.urls.every((url) => !url.includes(token)));
});

test('the next token is shown on the open connection before the first expires', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-leeway', '0']);
  const expires = soon(3);
  const token = tokensOf(await issuer.token({ sub: '7', exp: expires }), await issuer.token({ sub: '7', jti: 'next' }));
  const spectator = new Witness(t, server.url, { token });
  spectator.client.follow(7);
  await spectator.live();
  await server.showsMetrics({ spectate_tokens_accepted_total: 2 });
  await until(() => Date.now() / 1000 > expires + 2, 'the first token to have expired');
  await publishAs(server, issuer, step(7, 1));
  await spectator.has(1);
  assert.deepStrictEqual([spectator.sockets.length, token.asked], [1, 2]);
});

test('a token that has expired is followed by another connection with the next one', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-leeway', '0']);
  const token = tokensOf(await issuer.token({ sub: '7', exp: soon(-10) }), await issuer.token({ sub: '7' }));
  const spectator = new Witness(t, server.url, { token });
  spectator.client.follow(7);
  await spectator.live();
  await publishAs(server, issuer, step(7, 1));
  await spectator.has(1);
  assert.strictEqual(token.asked, 2);
});

test('a bad token without a callback is the end of it, and is said', async (t) => {
  const { server } = await startWithIssuer(t);
  const spectator = new Witness(t, server.url, { token: 'nonsense' });
  spectator.client.open();
  assert.deepStrictEqual((await spectator.stateIs('closed')).why, { code: 4401, reason: 'bad_token' });
  assert.strictEqual(spectator.sockets.length, 1);
});

test('no token where one is needed is the end of it', async (t) => {
  const { server } = await startWithIssuer(t);
  const spectator = new Witness(t, server.url);
  spectator.client.open();
  assert.strictEqual((await spectator.stateIs('closed')).why.reason, 'token_required');
});

test('a callback that gives the refused token again is asked a few times, and the token shown once', async (t) => {
  const { server } = await startWithIssuer(t);
  const token = tokensOf('nonsense');
  const spectator = new Witness(t, server.url, { token });
  spectator.client.open();
  assert.strictEqual((await spectator.stateIs('closed')).why.reason, 'token_unchanged');
  assert.deepStrictEqual([spectator.sockets.length, token.asked], [1, 4]);
});

test('a callback that fails is told, and asked again', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const good = await issuer.token({ sub: '7' });
  let asked = 0;
  const token = () => (asked++ === 0 ? Promise.reject(new Error('not logged in')) : good);
  const spectator = await new Witness(t, server.url, { token }).live();
  assert.match((await spectator.told('error')).message, /not logged in/);
  assert.strictEqual(asked, 2);
});

test('whom the token does not let be followed is told, the others are followed', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const spectator = new Witness(t, server.url, { token: () => issuer.token({ sub: '7' }) });
  spectator.client.follow([7, 8]);
  await spectator.live();
  const { code, ids } = await spectator.told('error');
  assert.deepStrictEqual([code, ids], ['not_allowed', [8]]);
  await publishAs(server, issuer, step(7, 1));
  await spectator.has(1);
});

test('who was sent away does not come back with the same token, and says why', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const operators = await Operators.of(server);
  const fixed = await new Witness(t, server.url, { token: await issuer.token({ sub: '7' }) }).live();
  const other = await new Witness(t, server.url, { token: await issuer.token({ sub: '8' }) }).live();
  await operators.post('/revoke', { sub: '7' });
  assert.deepStrictEqual((await fixed.stateIs('closed')).why, { code: 4403, reason: 'token_revoked' });
  assert.strictEqual(fixed.sockets.length, 1);
  assert.strictEqual(other.client.state.name, 'live');
});

test('who is refused on purpose waits a minute or more, whatever the network says', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-sessions-per-token', '1']);
  const token = await issuer.token({ sub: '7' });
  await new Witness(t, server.url, { token }).live();
  const network = new FakeNetwork();
  const second = new Witness(t, server.url, { token, network });
  second.client.open();
  const { atMs, why } = await second.stateIs('reconnecting');
  assert.deepStrictEqual([why.code, atMs > Date.now() + 50_000], [1008, true]);
  network.say('online');
  assert.strictEqual(second.client.state.name, 'reconnecting');
});
