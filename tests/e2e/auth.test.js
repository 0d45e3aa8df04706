'use strict';
/*
 * Who may publish and follow what, by tokens that jose made: where they come from, which are refused, what they allow.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const test = require('node:test');
const jose = require('jose');
const WebSocket = require('ws');
const { Operators } = require('./lib/operators.js');
const { GROUPS, NEAR_MISSES } = require('./lib/near_misses.js');
const { Pki } = require('./lib/pki.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer, startTlsServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { Issuer, authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { spectate } = require('./lib/program.js');
const { until } = require('./lib/wait.js');

const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384'];
const REFUSED = (reason) => `spectate_tokens_refused_total{reason="${reason}"}`;
const ERRORS = (code) => `spectate_errors_total{code="${code}"}`;
const CLOSED = (reason) => `spectate_sessions_closed_total{reason="${reason}"}`;
const RECEIVED = 'spectate_positions_received_total';

async function startWithIssuer(t, more = []) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, more));
  return { issuer, server };
}

/* { status, code, headers } of a handshake that is refused; { error } of one without an answer. */
function refusal(server, options = {}) {
  const { path = '', protocols = [], ...rest } = options;
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(server.url + path, protocols, rest);
    ws.on('open', () => {
      ws.terminate();
      reject(new Error('it was opened'));
    });
    ws.on('error', ({ code }) => resolve({ error: code }));
    ws.on('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (data) => (body += data));
      response.on('end', () => {
        ws.terminate();
        resolve({ status: response.statusCode, code: body.split(':')[0], headers: response.headers });
      });
    });
  });
}

/* Runner `id` can publish and hear itself: the token works. */
async function expectWorks(client, id) {
  client.follow([id]);
  client.publish(id, 1, 2);
  assert.deepStrictEqual(await client.next(), { userId: id, lat: 1, lng: 2 });
}

test('a token of every algorithm is taken', async (t) => {
  const issuer = new Issuer(t);
  for (const alg of ALGORITHMS) await issuer.addKey(alg);
  const server = await startServer(t, authArgs(t, issuer));
  for (const alg of ALGORITHMS) {
    const client = await server.client(bearer(await issuer.token({ sub: '7' }, { kid: alg })));
    await expectWorks(client, 7);
  }
  assert.strictEqual(await server.metric('spectate_tokens_accepted_total'), ALGORITHMS.length);
});

test('a secret in a file verifies what it signed', async (t) => {
  const secret = 'a secret that is longer than thirty-two bytes';
  const file = temporaryFile(t, 'secret', `${secret}\n`);
  const server = await startServer(t, ['--auth', 'jwt', '--issuer', `secret=${file}`]);
  const token = await new jose.SignJWT({ sub: '7' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(secret));
  await expectWorks(await server.client(bearer(token)), 7);
});

/* name: [the reason that is counted, the code that is told, the token] */
const bad = {
  'alg none': ['malformed', 'bad_token', async () => `${jose.base64url.encode('{"alg":"none"}')}.${jose.base64url.encode('{"sub":"7"}')}.`],
  'the wrong key': [
    'bad_signature',
    'bad_token',
    async (issuer, t) => {
      const other = await issuerOf(t);
      return issuer.token({ sub: '7' }, { key: other.keys.get('ES256') });
    },
  ],
  'an unknown kid': ['unknown_key', 'bad_token', (issuer) => issuer.token({ sub: '7' }, { header: { kid: 'nobody' } })],
  'an end in the past': ['expired', 'token_expired', (issuer) => issuer.token({ sub: '7', iat: 1000, exp: 2000 })],
  'a beginning in the future': [
    'not_yet_valid',
    'bad_token',
    (issuer) => issuer.token({ sub: '7', nbf: Math.floor(Date.now() / 1000) + 600 }),
  ],
  'no end': ['bad_claims', 'bad_token', (issuer) => issuer.token({ sub: '7', exp: undefined })],
  'another audience': ['wrong_audience', 'bad_token', (issuer) => issuer.token({ sub: '7', aud: 'others' })],
  'another issuer': ['unknown_issuer', 'bad_token', (issuer) => issuer.token({ sub: '7', iss: 'https://others.test' })],
  'a life beyond all bounds': ['lives_too_long', 'bad_token', (issuer) => issuer.token({ sub: '7', exp: 4e9 })],
  'a list that is none': ['bad_claims', 'bad_token', (issuer) => issuer.token({ sub: '7', publish: 7 })],
  'its end cut off': ['malformed', 'bad_token', async (issuer) => (await issuer.token({ sub: '7' })).slice(0, -20)],
  'only two parts': ['malformed', 'bad_token', async (issuer) => (await issuer.token({ sub: '7' })).split('.').slice(0, 2).join('.')],
};

for (const [name, [reason, code, make]] of Object.entries(bad)) {
  test(`a token with ${name} is refused, in the handshake and in a message, and counted`, async (t) => {
    const { issuer, server } = await startWithIssuer(t);
    const token = await make(issuer, t);
    const refused = await refusal(server, bearer(token));
    assert.deepStrictEqual([refused.status, refused.code], [401, code]);
    assert.match(refused.headers['www-authenticate'], /^Bearer /);
    const client = await server.client();
    client.send({ token });
    assert.strictEqual((await client.next()).error.code, code);
    assert.strictEqual((await client.closed()).code, 4401);
    assert.strictEqual(await server.metric(REFUSED(reason)), 2);
    assert.strictEqual(await server.metric(ERRORS(code)), 2);
  });
}

test('a token signed by HMAC with the public key of RSA is refused', async (t) => {
  const issuer = await issuerOf(t, 'RS256');
  const server = await startServer(t, authArgs(t, issuer));
  const pem = await jose.exportSPKI(issuer.keys.get('RS256').public);
  const token = await issuer.token({ sub: '7' }, { key: { alg: 'HS256', sign: Buffer.from(pem) } });
  const refused = await refusal(server, bearer(token));
  assert.deepStrictEqual([refused.status, refused.code], [401, 'bad_token']);
  assert.strictEqual(await server.metric(REFUSED('bad_alg')), 1);
});

test('16 KB of junk are refused where they fit, and no token is longer than 8 KB', async (t) => {
  const { server } = await startWithIssuer(t, ['--max-head-bytes', '32K']);
  const junk = 'x'.repeat(16 * 1024);
  assert.strictEqual((await refusal(server, bearer(junk))).status, 401);
  const client = await server.client();
  client.send({ token: junk });
  assert.strictEqual((await client.next()).error.code, 'bad_token');
  assert.strictEqual((await client.closed()).code, 4401);
  assert.strictEqual(await server.metric(REFUSED('too_big')), 2);
});

test('a token is taken from a header, the subprotocols, a cookie, the query, or a message', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-cookie', 'race', '--log-level', 'debug']);
  const token = await issuer.token({ sub: '7' });
  await expectWorks(await server.client(bearer(token)), 7);
  await expectWorks(await server.client({ headers: { cookie: `other=1; race=${token}` } }), 7);
  const bySubprotocol = new WebSocket(server.url, ['spectate.token', token]);
  await new Promise((resolve, reject) => bySubprotocol.on('open', resolve).on('error', reject));
  assert.strictEqual(bySubprotocol.protocol, 'spectate.token');
  bySubprotocol.terminate();
  const plain = server.url;
  server.url = `${plain}?token=${token}`;
  await expectWorks(await server.client(), 7);
  server.url = plain;
  const client = await server.client();
  client.send({ token });
  assert.ok((await client.next()).token.expires > Date.now() / 1000);
  await expectWorks(client, 7);
  assert.ok(!server.program.stderr.includes(token), 'the token is in the log');
});

test('two different tokens in one request are refused', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const [one, other] = [await issuer.token({ sub: '7' }), await issuer.token({ sub: '8' })];
  const refused = await refusal(server, { ...bearer(one), path: `?token=${other}` });
  assert.deepStrictEqual([refused.status, refused.code], [401, 'bad_token']);
});

test('without a token nothing is done, and the session ends', async (t) => {
  const { server } = await startWithIssuer(t);
  for (const message of [{ initialRequest: true, following: [7] }, { userId: 7, lat: 1, lng: 2 }, 'junk']) {
    const client = await server.client();
    client.send(message);
    assert.strictEqual((await client.next()).error.code, 'token_required');
    assert.strictEqual((await client.closed()).code, 4401);
  }
  assert.strictEqual(await server.metric('spectate_positions_received_total'), 0);
  assert.strictEqual(await server.metric(CLOSED('token_required')), 3);
});

test('who shows no token in time is closed', async (t) => {
  const { server } = await startWithIssuer(t, ['--token-timeout', '100ms']);
  const client = await server.client();
  assert.strictEqual((await client.next()).error.code, 'token_required');
  assert.strictEqual((await client.closed()).code, 4401);
});

test('two users neither publish as each other nor follow each other without a grant', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const ann = await server.client(bearer(await issuer.token({ sub: '7' })));
  const ben = await server.client(bearer(await issuer.token({ sub: 'ben' })));
  ann.follow([7, 'ben', 'nobody']);
  assert.deepStrictEqual((await ann.next()).error.ids, ['ben', 'nobody']);
  ben.follow([7]);
  assert.deepStrictEqual((await ben.next()).error.ids, [7]);
  ben.publish(7, 66, 66);
  const told = await ben.next();
  assert.deepStrictEqual([told.error.code, told.error.ids], ['not_allowed', [7]]);
  ann.publish(7, 1, 2);
  assert.deepStrictEqual(await ann.next(), { userId: 7, lat: 1, lng: 2 });
  ben.publish('ben', 3, 4);
  await ann.expectNothingMore();
  await ben.expectNothingMore();
  assert.strictEqual(await server.metric(ERRORS('not_allowed')), 3);
});

test('what is refused sounds the same whether there is such a runner or not', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const ben = await server.client(bearer(await issuer.token({ sub: '8' })));
  ben.publish(8, 1, 2);
  await ben.ping();
  const ann = await server.client(bearer(await issuer.token({ sub: '7' })));
  ann.follow([8], { snapshot: true });
  const known = await ann.next();
  ann.follow([9], { snapshot: true });
  const unknown = await ann.next();
  assert.deepStrictEqual({ ...known.error, ids: [] }, { ...unknown.error, ids: [] });
  await ann.expectNothingMore();
});

test('grants name ids, prefixes, groups and everything', async (t) => {
  const groups = temporaryFile(t, 'groups.json', '{"elite": ["1", "pro-*"]}');
  const { issuer, server } = await startWithIssuer(t, ['--groups', groups]);
  const claims = { publish: [21, 'team-*'], follow: ['22', 'x-*', 'group:elite', 'group:none'] };
  const client = await server.client(bearer(await issuer.token(claims)));
  client.follow([1, 2, 21, 22, 'x-1', 'x', 'pro-9', 'team-1', 'group:elite']);
  assert.deepStrictEqual((await client.next()).error.ids, [2, 21, 'x', 'team-1', 'group:elite']);
  client.publish('team-1', 1, 2);
  client.publish(21, 1, 2);
  client.publish('team', 1, 2);
  assert.deepStrictEqual((await client.next()).error.ids, ['team']);
  const all = await server.client(bearer(await issuer.token({ follow: '*' })));
  all.follow([1, 'team-1', 'anything']);
  await all.expectNothingMore();
});

test("a follow message's userId has to be one's own, and the follow counts all the same", async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  client.follow([7], { userId: 7 });
  await client.expectNothingMore();
  const liar = await server.client(bearer(await issuer.token({ follow: ['7'] })));
  liar.follow([7], { userId: 7 });
  assert.deepStrictEqual((await liar.next()).error.ids, [7]);
  client.publish(7, 1, 2);
  assert.strictEqual((await liar.next()).userId, 7);
});

test("a token's own limits hold where they are lower than the server's", async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const client = await server.client(bearer(await issuer.token({ sub: '7', follow: '*', follows: 2, rate: 3 })));
  client.follow([1, 2, 3]);
  assert.strictEqual((await client.next()).error.code, 'too_many_follows');
  for (let i = 0; i < 10; i++) client.publish(7, i, i);
  assert.strictEqual((await client.next()).error.code, 'too_many_messages');
});

/*
 * One message of each of twenty sessions of one token, all at once or each after the one before: by their end only as many were taken
 * as seconds have begun.
 */
async function expectOneASecond(server, token, { atOnce }) {
  const begin = Date.now();
  const sessions = atOnce ? await server.clients(20, bearer(token)) : [];
  for (let i = 0; i < 20; i++) {
    const session = sessions[i] ?? (await server.client(bearer(token)));
    session.publish(7, i, i);
    if (!atOnce) await session.close(1000);
  }
  await until(async () => {
    const values = await server.metrics();
    const [taken, refused] = [values.get(RECEIVED), values.get(ERRORS('too_many_messages'))];
    assert.ok(taken <= 1 + Math.ceil((Date.now() - begin) / 1000), `${taken} of 20 messages were taken`);
    return taken + refused === 20;
  }, 'all messages to be taken or refused');
}

for (const [name, claims, args] of [
  ['rate', { rate: 1 }, []],
  ['share of messages', {}, ['--max-messages-per-token', '1']],
]) {
  test(`a token's ${name} is for all of its sessions together, of all workers`, async (t) => {
    const { issuer, server } = await startWithIssuer(t, ['--workers', '4', ...args]);
    await expectOneASecond(server, await issuer.token({ sub: '7', ...claims }), { atOnce: true });
  });

  test(`a token's ${name} is not renewed by connecting anew`, async (t) => {
    const { issuer, server } = await startWithIssuer(t, args);
    await expectOneASecond(server, await issuer.token({ sub: '7', ...claims }), { atOnce: false });
  });
}

test('sessions and messages of one token are limited together', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-sessions-per-token', '2', '--max-messages-per-token', '4']);
  const token = await issuer.token({ sub: '7' });
  const [one, other] = [await server.client(bearer(token)), await server.client(bearer(token))];
  assert.deepStrictEqual((await refusal(server, bearer(token))).code, 'too_many_sessions_per_token');
  for (let i = 0; i < 3; i++) one.publish(7, i, i);
  await one.ping();
  other.publish(7, 1, 1);
  assert.strictEqual((await other.next()).error.code, 'too_many_messages');
  const stranger = await server.client(bearer(await issuer.token({ sub: '8' })));
  await expectWorks(stranger, 8);
});

test('an address that shows too many bad tokens is not listened to for a while', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-failed-tokens-per-second', '2']);
  const good = bearer(await issuer.token({ sub: '7' }));
  for (let i = 0; i < 2; i++) assert.strictEqual((await refusal(server, bearer('x'))).status, 401);
  const refused = await refusal(server, good);
  assert.deepStrictEqual([refused.status, refused.code], [429, 'too_many_failed_tokens']);
  assert.ok(refused.headers['retry-after'] >= 1);
  const elsewhere = await server.client({ ...good, localAddress: '127.0.0.2' });
  await expectWorks(elsewhere, 7);
});

test('an address that goes on for all that is not answered any more, and the others are', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-failed-tokens-per-second', '1']);
  const open = await server.client({ ...bearer(await issuer.token({ sub: '7' })), localAddress: '127.0.0.2' });
  const stranger = { ...bearer('x'), localAddress: '127.0.0.2' };
  const ask = (options) => server.get('/healthz', options).then(({ status }) => status);
  await until(async () => (await refusal(server, stranger)).error === 'ECONNRESET', 'a connection without an answer');
  assert.strictEqual(await ask(), 200);
  await expectWorks(open, 7);
  await expectWorks(await server.client(bearer(await issuer.token({ sub: '8' }))), 8);
  const operators = await Operators.of(server);
  assert.strictEqual(await ask({ port: operators.port, localAddress: '127.0.0.2' }), 200);
  const isLetIn = () => ask({ localAddress: '127.0.0.2' }).catch(() => false);
  await until(isLetIn, 'it to be let in again');
});

/* One that shows bad tokens by the proxy, many times faster than it may. Each of its handshakes is answered. */
async function floodByProxy(server, headers) {
  const by = { headers, localAddress: PROXY };
  await until(async () => {
    for (let i = 0; i < 5; i++) {
      const { status } = await refusal(server, { ...by, headers: { ...headers, ...bearer('x').headers } });
      assert.ok([401, 429].includes(status), `a handshake by the proxy was answered ${status}`);
    }
    return (await shakeHands(server, by)) === 429;
  }, 'a handshake without a token to be refused');
}

/* The status of a handshake, 101 when it opens. */
async function shakeHands(server, { headers, localAddress }) {
  const peer = await server.raw({ localAddress });
  await peer.write(handshake({ headers }));
  const { status } = await peer.httpAnswer();
  peer.destroy();
  return status;
}

const PROXY = '127.0.0.2';
const BY_PROXY = ['--trusted-proxies', PROXY, '--max-failed-tokens-per-second', '1'];

test('a flood that comes by a trusted proxy is answered without a look, and its other clients are heard', async (t) => {
  const { issuer, server } = await startWithIssuer(t, BY_PROXY);
  const token = await issuer.token({ sub: '7' });
  await floodByProxy(server, { 'x-forwarded-for': '192.0.2.7' });
  const headers = { 'x-forwarded-for': '192.0.2.8', authorization: `Bearer ${token}` };
  await expectWorks(await server.client({ headers, localAddress: PROXY }), 7);
  const isLetIn = async () => (await shakeHands(server, { headers: { 'x-forwarded-for': '192.0.2.7' }, localAddress: PROXY })) === 101;
  await until(isLetIn, 'it to be let in again');
});

test('a trusted proxy that names nobody is never reset for the bad tokens that come by it', async (t) => {
  const { server } = await startWithIssuer(t, BY_PROXY);
  await floodByProxy(server, {});
  assert.strictEqual((await server.get('/healthz', { localAddress: PROXY })).status, 200);
});

test('a flood behind PROXY headers is reset under the address that they name', async (t) => {
  const { server } = await startWithIssuer(t, [...BY_PROXY, '--proxy-protocol', 'on']);
  const ask = async (address) => {
    const peer = await server.raw({ localAddress: PROXY });
    await peer.write(`PROXY TCP4 ${address} 127.0.0.1 1 2\r\n`, handshake({ headers: bearer('x').headers }));
    return peer.httpAnswer().catch(() => peer.error?.code);
  };
  await until(async () => (await ask('192.0.2.7')) === 'ECONNRESET', 'a connection without an answer');
  assert.strictEqual((await ask('192.0.2.8')).status, 401);
});

test('pages of other hosts may not connect unless they are named', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const token = await issuer.token({ sub: '7' });
  const from = (origin) => ({ headers: { authorization: `Bearer ${token}`, origin } });
  await expectWorks(await server.client(from(`http://${server.authority}`)), 7);
  for (const origin of ['https://evil.test', 'null', `https://${server.authority}.evil.test`]) {
    const refused = await refusal(server, from(origin));
    assert.deepStrictEqual([refused.status, refused.code], [403, 'origin_refused']);
  }
  const named = await startServer(t, authArgs(t, issuer, ['--allow-origin', 'https://race.test']));
  await expectWorks(await named.client(from('https://race.test')), 7);
  assert.strictEqual((await refusal(named, from(`http://${named.authority}`))).status, 403);
});

test('an address that others can reach needs auth to be named', async () => {
  const program = await spectate(['serve', '--listen', '0.0.0.0:0']);
  assert.strictEqual(program.code, 2);
  assert.match(program.stderr, /auth/);
  const jwt = await spectate(['serve', '--listen', '127.0.0.1:0', '--auth', 'jwt']);
  assert.strictEqual(jwt.code, 2);
});

test('keys that can not be read are an error at the start', async (t) => {
  for (const keys of ['/nonexistent', temporaryFile(t, 'keys', '{"keys":[]}'), temporaryFile(t, 'keys', 'junk')]) {
    const program = await spectate(['serve', '--listen', '127.0.0.1:0', '--auth', 'jwt', '--issuer', `keys=${keys}`]);
    assert.strictEqual(program.code, 3);
    assert.match(program.stderr, /auth\.no_keys/);
  }
});

test('without auth a token is taken and means nothing', async (t) => {
  const server = await startServer(t);
  const client = await server.client(bearer('whatever'));
  client.send({ token: 'whatever' });
  assert.deepStrictEqual(await client.next(), { token: { expires: null } });
  await expectWorks(client, 7);
});

test('a page of another origin reads what is under /v1 only where it may connect', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, ['--allow-origin', 'https://race.test']));
  const ask = (origin, method = 'GET') =>
    server.get('/v1/runners', { method, headers: { origin, 'access-control-request-method': 'POST' } });
  const preflight = await ask('https://race.test', 'OPTIONS');
  assert.strictEqual(preflight.status, 204);
  assert.strictEqual(preflight.headers['access-control-allow-origin'], 'https://race.test');
  assert.match(preflight.headers['access-control-allow-headers'], /Authorization/);
  assert.match(preflight.headers.vary, /^Origin\b/);
  assert.strictEqual((await ask('https://race.test')).headers['access-control-allow-origin'], 'https://race.test');
  for (const origin of ['https://evil.test', 'null', 'x'.repeat(1000)])
    assert.strictEqual((await ask(origin, 'OPTIONS')).headers['access-control-allow-origin'], undefined);
});

test('answers tell browsers to guess no types, to pass on no addresses, and to frame no page', async (t) => {
  const server = await startServer(t);
  const page = await server.get('/');
  assert.strictEqual(page.headers['x-content-type-options'], 'nosniff');
  assert.strictEqual(page.headers['referrer-policy'], 'no-referrer');
  assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
});

test('every endpoint and every way to be let in keeps a stranger out', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-failed-tokens-per-second', '0', '--token-cookie', 'race']);
  const owner = await server.client(bearer(await issuer.token({ sub: 'secret-runner' })));
  owner.follow(['secret-runner']);
  owner.publish('secret-runner', 1, 2);
  await owner.next();
  const stranger = await issuerOf(t);
  const wrong = [
    await stranger.token({ sub: 'secret-runner', follow: '*', publish: ['*'] }),
    await issuer.token({ sub: 'secret-runner', exp: 1000, iat: 900 }),
    await issuer.token({ sub: 'secret-runner', aud: 'others' }),
    'junk',
  ];
  for (const token of wrong) {
    for (const options of [bearer(token), { headers: { cookie: `race=${token}` } }, { path: `?token=${token}` }])
      assert.strictEqual((await refusal(server, options)).status, 401);
    assert.strictEqual((await refusal(server, { protocols: ['spectate.token', token] })).status, 401);
    const inBand = await server.client();
    inBand.send({ token });
    inBand.follow(['secret-runner'], { snapshot: true });
    assert.match((await inBand.next()).error.code, /^(bad_token|token_expired)$/);
    assert.strictEqual((await inBand.closed()).code, 4401);
    assert.deepStrictEqual(inBand.texts, []);
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/v1/runners', '/v1/stream', '/sessions']) {
      const answer = await server.get(path, bearer(token));
      assert.ok(!answer.body.includes('secret-runner'), path);
    }
  }
  const other = await server.client(bearer(await issuer.token({ sub: 'ben', follow: ['secret', 'secret-runner2', 'Secret-runner'] })));
  for (const snapshot of [true, false]) {
    other.follow(['secret-runner', 'secret', 'secret-runner2'], { snapshot });
    assert.deepStrictEqual((await other.next()).error.ids, ['secret-runner']);
  }
  for (const id of ['secret-runner', 'secret-runne', 'ben ', 'Ben', 0]) {
    other.publish(id, 6, 6);
    assert.strictEqual((await other.next()).error.code, 'not_allowed');
  }
  owner.publish('secret-runner', 3, 4);
  assert.strictEqual((await owner.next()).lat, 3);
  await other.expectNothingMore();
});

/* Every way to follow and to publish is refused, and says so. */
async function expectKeptOut(client) {
  for (const more of [{}, { snapshot: true }, { snapshot: false }, { every: 0 }, { every: 1000, snapshot: true }]) {
    client.follow(['secret-runner'], more);
    const { error } = await client.next();
    assert.deepStrictEqual([error.code, error.ids], ['not_allowed', ['secret-runner']]);
  }
  client.publish('secret-runner', 6, 6);
  assert.strictEqual((await client.next()).error.code, 'not_allowed');
}

async function startWithSecretRunner(t, start, args = []) {
  const issuer = await issuerOf(t);
  const groups = temporaryFile(t, 'groups.json', GROUPS);
  const server = await start([...authArgs(t, issuer, ['--groups', groups]), ...args]);
  const owner = await server.client(bearer(await issuer.token({ sub: 'secret-runner' })));
  owner.follow(['secret-runner']);
  owner.publish('secret-runner', 1, 2);
  await owner.next();
  return { issuer, server, owner };
}

/* After all: only the owner hears of it. */
async function expectOnlyOwnerHears(owner, kept) {
  owner.publish('secret-runner', 3, 4);
  assert.strictEqual((await owner.next()).lat, 3);
  for (const client of kept) await client.expectNothingMore();
}

for (const [name, claims] of Object.entries(NEAR_MISSES)) {
  test(`a grant of ${name} is none, in the handshake and in a message`, async (t) => {
    const { issuer, server, owner } = await startWithSecretRunner(t, (args) => startServer(t, args));
    const token = await issuer.token({ sub: 'ben', ...claims });
    const shown = await server.client(bearer(token));
    const inBand = await server.client();
    inBand.send({ token });
    assert.ok((await inBand.next()).token);
    for (const client of [shown, inBand]) await expectKeptOut(client);
    await expectOnlyOwnerHears(owner, [shown, inBand]);
  });
}

test('a client certificate of nearly the same name is of another', async (t) => {
  const [pki, clients] = [new Pki(t), new Pki(t, 'clients')];
  const start = (args) => startTlsServer(t, { pki, certificate: pki.issueServer() }, args);
  const { server, owner } = await startWithSecretRunner(t, start, ['--tls-client-ca', clients.cert]);
  const kept = [];
  for (const subject of ['Secret-runner', 'secret-runner2', 'secret-runne']) {
    const { cert, key } = clients.issue(subject);
    const client = await server.client({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
    await expectKeptOut(client);
    kept.push(client);
  }
  await expectOnlyOwnerHears(owner, kept);
});
