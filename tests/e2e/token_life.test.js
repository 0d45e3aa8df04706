'use strict';
/*
 * What becomes of sessions as their tokens expire, are renewed or revoked, and as the keys behind them change.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const test = require('node:test');
const { Operators } = require('./lib/operators.js');
const { Pki } = require('./lib/pki.js');
const { forEachWorkerCount, startServer, startTlsServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');
const { AUDIENCE, ISSUER, authArgs, bearer, issuerOf, newPath } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const now = () => Math.floor(Date.now() / 1000);

async function startWithIssuer(t, more = []) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, more));
  return { issuer, server, operators: await Operators.of(server) };
}

const PLACES_OF_AN_ADDRESS = 100; // of those where a session can wait for keys

/* { code, closed } with which a session was told that its token is no good any more. */
async function end(client) {
  const { error } = await client.next();
  return [error.code, (await client.closed()).code];
}

forEachWorkerCount((suffix, workers) => {
  test(`a session falls when its token expires${suffix}`, async (t) => {
    const { issuer, server } = await startWithIssuer(t, [...workers, '--token-leeway', '0']);
    const expires = now() + 2;
    const mortal = await server.client(bearer(await issuer.token({ sub: '7', exp: expires })));
    const other = await server.client(bearer(await issuer.token({ sub: '8' })));
    mortal.follow([7]);
    assert.deepStrictEqual(await end(mortal), ['token_expired', 4401]);
    assert.ok(now() >= expires, `at ${now()}, it expires at ${expires}`);
    await other.expectNothingMore();
  });

  test(`what is revoked falls at once, and stays so after a restart${suffix}`, async (t) => {
    const file = newPath(t, 'revocations');
    const more = [...workers, '--revocations', file];
    const { issuer, server, operators } = await startWithIssuer(t, more);
    const byToken = bearer(await issuer.token({ sub: '1', jti: 'one' }));
    const bySubject = bearer(await issuer.token({ sub: '2' }));
    const old = bearer(await issuer.token({ sub: '3', iat: now() - 100 }));
    const young = bearer(await issuer.token({ sub: '4' }));
    const sessions = [];
    for (const token of [byToken, bySubject, old, young]) sessions.push(await server.client(token));
    await operators.post('/revoke', { jti: 'one' });
    await operators.post('/revoke', { sub: '2' });
    await operators.post('/revoke', { issued_before: now() - 50 });
    for (const session of sessions.slice(0, 3)) assert.deepStrictEqual(await end(session), ['token_revoked', 4403]);
    await sessions[3].expectNothingMore();
    assert.strictEqual((await operators.get('/revocations')).revocations.length, 3);
    await server.stop();

    const again = await startServer(t, authArgs(t, issuer, more));
    for (const token of [byToken, bySubject, old]) {
      const client = await again.client();
      client.send({ token: token.headers.authorization.slice('Bearer '.length) });
      assert.strictEqual((await client.next()).error.code, 'token_revoked');
      await client.closed();
    }
    await (await again.client(young)).expectNothingMore();
  });
});

test('a session gets every position until its token expires, and then is told', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-leeway', '0', '--max-messages-per-second', '0']);
  const expires = now() + 2;
  const feed = await server.client(bearer(await issuer.token({ publish: ['*'] })));
  const mortal = await server.client(bearer(await issuer.token({ follow: ['7'], exp: expires })));
  mortal.follow([7]);
  await mortal.ping();
  for (let i = 0; !mortal.closing; i++) {
    feed.send({ userId: 7, lat: i % 90, lng: i / 1e5, time: Date.now() });
    await feed.ping();
  }
  assert.strictEqual(mortal.closing.code, 4401);
  const messages = mortal.texts.map((text) => JSON.parse(text));
  assert.strictEqual(messages.pop().error.code, 'token_expired');
  assert.ok(messages.length > 20, `${messages.length} positions`);
  messages.forEach(({ lng }, i) => assert.strictEqual(Math.round(lng * 1e5), i));
});

test('a subject that is revoked falls also where the clock of its issuer is ahead within the leeway', async (t) => {
  const { issuer, server, operators } = await startWithIssuer(t, ['--token-leeway', '60s']);
  const token = bearer(await issuer.token({ sub: '7', iat: now() + 50 }));
  const ahead = await server.client(token);
  const other = await server.client(bearer(await issuer.token({ sub: '8', iat: now() + 50 })));
  await operators.post('/revoke', { sub: '7' });
  assert.deepStrictEqual(await end(ahead), ['token_revoked', 4403]);
  await assert.rejects(server.client(token));
  await other.expectNothingMore();
});

test('a revocation by a time that is yet to come is refused, and locks nobody out', async (t) => {
  const file = newPath(t, 'revocations');
  const { issuer, server, operators } = await startWithIssuer(t, ['--revocations', file]);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  const answer = await operators.ask('POST', '/revoke', { issued_before: Date.now() });
  assert.strictEqual(answer.status, 400);
  assert.match(answer.body, /issued_before: .*seconds/);
  assert.deepStrictEqual((await operators.get('/revocations')).revocations, []);
  assert.ok(!fs.readFileSync(file, 'utf8').includes('issued_before'));
  await client.expectNothingMore();
  await (await server.client(bearer(await issuer.token({ sub: '8' })))).ping();
});

forEachWorkerCount((suffix, workers) => {
  test(`a revocation that is taken back is so by all workers and after a restart${suffix}`, async (t) => {
    const more = [...workers, '--revocations', newPath(t, 'revocations')];
    const { issuer, server, operators } = await startWithIssuer(t, more);
    const old = now() - 50;
    const tokens = [{ sub: '1', jti: 'one' }, { sub: '2' }, { sub: '3', iat: old - 1 }, { sub: '4', jti: 'four' }];
    const shown = [];
    for (const token of tokens) shown.push(bearer(await issuer.token(token)));
    const revoked = [{ jti: 'one' }, { sub: '2' }, { issued_before: old }, { jti: 'four' }];
    for (const it of revoked) await operators.post('/revoke', it);
    for (const it of [{ jti: '1' }, { sub: '1' }, { issued_before: old - 1 }])
      assert.strictEqual((await operators.ask('DELETE', '/revocations', it)).status, 404);
    for (const it of revoked.slice(0, 3))
      assert.deepStrictEqual(await operators.json('DELETE', '/revocations', it), { revoked: false });
    const areBack = async (of) => {
      for (let i = 0; i < 4; i++)
        for (const token of shown.slice(0, 3)) await (await of.client(token)).close(1000);
      await assert.rejects(of.client(shown[3]));
    };
    await areBack(server);
    await server.stop();
    const again = await startServer(t, authArgs(t, issuer, more));
    await areBack(again);
    const { revocations } = await (await Operators.of(again)).get('/revocations');
    assert.deepStrictEqual(revocations.map((it) => it.jti), ['four']);
  });
});

/* The leeway is many times as long as a test waits for anything. */
test('a session falls when its token expires also where clocks may be far apart', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-leeway', '5m']);
  const mortal = await server.client(bearer(await issuer.token({ sub: '7', exp: now() + 1 })));
  assert.deepStrictEqual(await end(mortal), ['token_expired', 4401]);
});

test('a session that renews its token goes on and misses nothing', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--token-leeway', '0']);
  const feed = await server.client(bearer(await issuer.token({ sub: '7' })));
  const first = now() + 2;
  const client = await server.client(bearer(await issuer.token({ follow: ['7'], exp: first })));
  client.follow([7]);
  await client.ping();
  let published = 0;
  const positions = [];
  const renewed = await issuer.token({ follow: ['7'] });
  await until(async () => {
    feed.publish(7, published++, 0);
    if (published === 5) client.send({ token: renewed });
    await feed.ping();
    return now() > first + 2;
  }, 'the first token to be over');
  await client.settle();
  for (const message of await client.take(published + 1)) if (message.userId === 7) positions.push(message.lat);
  assert.deepStrictEqual(
    positions,
    Array.from({ length: published }, (_, i) => i),
  );
  await client.expectNothingMore();
});

test('what a new token does not grant is not followed any more, and the rest goes on', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const feed = await server.client(bearer(await issuer.token({ publish: ['*'] })));
  const client = await server.client(bearer(await issuer.token({ follow: '*' })));
  client.follow([7, 8]);
  client.send({ token: await issuer.token({ follow: ['8'] }) });
  assert.ok((await client.next()).token.expires > now());
  feed.publish(7, 1, 1);
  feed.publish(8, 2, 2);
  assert.strictEqual((await client.next()).userId, 8);
  client.follow([7]);
  assert.deepStrictEqual((await client.next()).error.ids, [7]);
  await client.expectNothingMore();
});

forEachWorkerCount((suffix, workers) => {
  test(`who is taken out of a group is not followed any more by sessions that are open${suffix}`, async (t) => {
    const groups = newPath(t, 'groups.json');
    fs.writeFileSync(groups, '{"elite":["1","2"]}');
    const { issuer, server } = await startWithIssuer(t, [...workers, '--groups', groups]);
    const feed = await server.client(bearer(await issuer.token({ publish: ['*'] })));
    const [byGroup, byName] = [{ follow: ['group:elite', '3'] }, { follow: ['1', '2', '3'] }];
    const sessions = [];
    for (const grants of [byGroup, byGroup, byName]) {
      const client = await server.client(bearer(await issuer.token(grants)));
      client.follow([1, 2, 3]);
      await client.ping();
      sessions.push(client);
    }
    fs.writeFileSync(groups, '{"elite":["1","4"]}');
    server.program.kill('SIGHUP');
    for (const client of sessions.slice(0, 2)) assert.ok((await client.next()).token.expires > now());
    for (const id of [2, 1, 3]) feed.publish(id, 5, 6);
    for (const client of sessions.slice(0, 2)) {
      assert.deepStrictEqual([await client.next(), await client.next()].map((it) => it.userId).sort(), [1, 3]);
      client.follow([2, 4]);
      assert.deepStrictEqual((await client.next()).error.ids, [2]);
    }
    assert.deepStrictEqual((await sessions[2].take(3)).map((it) => it.userId).sort(), [1, 2, 3]);
  });
});

test('a bad token in an open session is refused, and the one before still counts', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  client.send({ token: 'junk' });
  assert.strictEqual((await client.next()).error.code, 'bad_token');
  client.follow([7]);
  client.publish(7, 1, 2);
  assert.strictEqual((await client.next()).userId, 7);
});

test('operators see sessions, send them away, and change the log level; nobody else does', async (t) => {
  const { issuer, server, operators } = await startWithIssuer(t, ['--workers', '2']);
  const clients = [];
  for (const sub of ['1', '2', '3', '4']) {
    const client = await server.client({ ...bearer(await issuer.token({ sub })), localAddress: `127.0.0.${sub}` });
    client.follow([Number(sub)]);
    await client.ping();
    clients.push(client);
  }
  const listed = await operators.get('/sessions?order=newest&limit=3');
  assert.strictEqual(listed.total, 4);
  assert.strictEqual(listed.sessions.length, 3);
  const all = (await operators.get('/sessions')).sessions;
  assert.deepStrictEqual(all.map((session) => session.sub).sort(), ['1', '2', '3', '4']);
  assert.ok(all.every((session) => session.follows === 1 && session.address.startsWith('127.0.0.')));
  const third = all.find((session) => session.sub === '3');
  assert.deepStrictEqual(await operators.post('/kick', { id: third.id }), { kicked: 1 });
  assert.deepStrictEqual(await operators.post('/kick', { sub: '1' }), { kicked: 1 });
  assert.deepStrictEqual(await operators.post('/kick', { address: '127.0.0.2' }), { kicked: 1 });
  assert.deepStrictEqual(await operators.post('/kick', { sub: 'nobody' }), { kicked: 0 });
  for (const client of clients.slice(0, 3)) assert.strictEqual((await client.closed()).code, 4403);
  await clients[3].expectNothingMore();
  assert.deepStrictEqual(await operators.json('PUT', '/log-level', { level: 'debug' }), { level: 'debug' });
  assert.deepStrictEqual(await operators.get('/log-level'), { level: 'debug' });
  assert.match((await operators.ask('GET', '/metrics')).body, /^spectate_workers 2$/m);
});

test('a token that many show is verified once, until the keys change', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--workers', '1']);
  const verified = () => server.metric('spectate_token_signatures_total');
  const share = await issuer.token({ follow: ['7'] });
  for (const client of await server.clients(30, bearer(share))) await client.ping();
  const inBand = await server.client();
  inBand.send({ token: share });
  assert.ok((await inBand.next()).token.expires > now());
  assert.strictEqual(await verified(), 1);
  await (await server.client(bearer(await issuer.token({ follow: ['8'] })))).ping();
  assert.strictEqual(await verified(), 2);
  await issuer.addKey('ES256', 'second');
  issuer.jwks.keys.shift();
  fs.writeFileSync(issuer.path, JSON.stringify(issuer.jwks));
  server.program.kill('SIGHUP');
  await until(async () => (await server.client(bearer(share)).catch(() => undefined)) === undefined, 'the old key to be gone');
});

test('tokens in messages are limited, and the one before still counts', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--workers', '1', '--max-faults', '10000']);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  const tokens = [];
  for (let i = 0; i < 9; i++) tokens.push(await issuer.token({ sub: '7', jti: `${i}` }));
  for (const token of tokens) client.send({ token });
  const answers = await client.take(9);
  const taken = answers.filter((it) => it.token?.expires > now()).length;
  const refused = answers.filter((it) => it.error?.code === 'too_many_messages').length;
  assert.ok(taken >= 5 && refused > 0 && taken + refused === 9, `${taken} taken, ${refused} refused`);
  assert.strictEqual(await server.metric('spectate_token_signatures_total'), 1 + taken);
  client.follow([7]);
  client.publish(7, 1, 2);
  assert.strictEqual((await client.next()).userId, 7);
  const shows = async () => {
    client.send({ token: tokens[0] });
    return (await client.next()).token;
  };
  await until(shows, 'a token to be taken again');
});

test("nothing of the operators' port is on the public one, and nothing of it without its token", async (t) => {
  const { issuer, server, operators } = await startWithIssuer(t, ['--max-failed-tokens-per-second', '0']);
  const requests = [
    ['GET', '/sessions'],
    ['POST', '/kick', { sub: '7' }],
    ['POST', '/revoke', { sub: '7' }],
    ['GET', '/revocations'],
    ['DELETE', '/revocations', { sub: '7' }],
    ['GET', '/log-level'],
    ['PUT', '/log-level', { level: 'debug' }],
    ['GET', '/metrics'],
    ['GET', '/nothing'],
  ];
  const good = await issuer.token({ sub: '7', publish: ['*'], follow: '*' });
  for (const [method, path, message] of requests) {
    for (const token of [undefined, '', 'wrong', good]) {
      const answer = await operators.ask(method, path, message, token ?? null);
      assert.strictEqual(answer.status, 401, `${method} ${path} with ${token}`);
      assert.match(answer.headers['www-authenticate'], /Bearer/);
    }
    if (path === '/metrics') continue;
    const answer = await server.get(path, { method });
    assert.ok([404, 405].includes(answer.status), `${method} ${path} is public: ${answer.status}`);
  }
  assert.strictEqual((await operators.ask('GET', '/healthz', undefined, null)).status, 200);
  assert.deepStrictEqual((await operators.get('/revocations')).revocations, []);
});

test('operators have tries of their own, whatever strangers do, and the other way round', async (t) => {
  const { issuer, server, operators } = await startWithIssuer(t, ['--max-failed-tokens-per-second', '5']);
  const token = await issuer.token({ sub: '7' });
  const says = async () => {
    const client = await server.client();
    client.send({ token });
    const answer = await client.next();
    client.destroy();
    return answer.token ? 'welcome' : answer.error.code;
  };
  const isOver = async () => {
    (await server.client()).send({ token: 'junk' });
    return (await says()) === 'too_many_failed_tokens';
  };
  await until(isOver, 'strangers to be over their budget');
  assert.strictEqual((await operators.ask('GET', '/sessions')).status, 200);
  await until(async () => (await says()) === 'welcome', 'the budget to come back');
  const areOver = async () => (await operators.ask('GET', '/sessions', undefined, 'wrong')).status === 429;
  await until(areOver, 'operators to be over theirs');
  assert.strictEqual((await operators.ask('GET', '/sessions')).status, 200, 'the right token counts all the same');
  assert.strictEqual(await says(), 'welcome');
});

test("on the operators' port HEAD is answered as GET, without the body", async (t) => {
  const { operators } = await startWithIssuer(t);
  for (const path of ['/sessions', '/revocations', '/log-level', '/metrics', '/healthz']) {
    const { status, headers, body } = await operators.ask('HEAD', path);
    assert.deepStrictEqual([status, body], [200, ''], path);
    assert.ok(Number(headers['content-length']) > 0, path);
    assert.strictEqual(headers['content-type'], (await operators.ask('GET', path)).headers['content-type'], path);
  }
  assert.strictEqual((await operators.ask('HEAD', '/kick')).status, 405);
  assert.strictEqual((await operators.ask('HEAD', '/sessions', undefined, 'wrong')).status, 401);
});

test('operators are told what is wrong with what they ask', async (t) => {
  const { operators } = await startWithIssuer(t);
  const wrong = [
    ['POST', '/kick', {}, 400],
    ['POST', '/kick', 'junk', 400],
    ['POST', '/kick', { id: 'x' }, 400],
    ['POST', '/kick', { address: 'nonsense' }, 400],
    ['POST', '/revoke', { jti: '' }, 400],
    ['POST', '/revoke', { jti: 'a', sub: 'b' }, 400],
    ['DELETE', '/revocations', {}, 400],
    ['DELETE', '/revocations', { jti: 'a' }, 404],
    ['DELETE', '/revoke', { jti: 'a' }, 405],
    ['PUT', '/log-level', { level: 'loud' }, 400],
    ['GET', '/sessions?order=best', undefined, 400],
    ['GET', '/sessions?limit=0', undefined, 400],
    ['GET', '/sessions?limit=99999999999999999999', undefined, 400],
    ['GET', '/kick', undefined, 405],
    ['POST', '/sessions', {}, 405],
    ['GET', '/nothing', undefined, 404],
    ['POST', '/kick', 'x'.repeat(5000), 413],
  ];
  for (const [method, path, message, status] of wrong)
    assert.strictEqual((await operators.ask(method, path, message)).status, status, `${method} ${path}`);
});

/* --- keys that come from a URL -------------------------------------------------------------------------------------- */

/* Serves the issuer's keys, and counts how often. */
class KeyServer {
  static async start(t, issuer) {
    const it = new KeyServer();
    it.issuer = issuer;
    it.count = 0;
    it.broken = false;
    it.held = undefined; // a promise: answers wait for it
    it.server = http.createServer(async (_, response) => {
      it.count++;
      await it.held;
      response.writeHead(it.broken ? 500 : 200, { 'content-type': 'application/json' });
      response.end(it.broken ? 'oops' : JSON.stringify(it.issuer.jwks));
    });
    await new Promise((resolve) => it.server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      it.server.closeAllConnections();
      it.server.close();
    });
    it.spec = `iss=${ISSUER} aud=${AUDIENCE} keys=http://127.0.0.1:${it.server.address().port}/jwks.json`;
    return it;
  }
}

async function startWithKeyServer(t, more = []) {
  const issuer = await issuerOf(t);
  const keys = await KeyServer.start(t, issuer);
  const server = await startServer(t, ['--auth', 'jwt', '--issuer', keys.spec, ...more]);
  await until(() => keys.count > 0, 'the keys to be fetched');
  return { issuer, keys, server };
}

forEachWorkerCount((suffix, workers) => {
  test(`a token by a key that is new at its URL waits for it, in the handshake and in a message${suffix}`, async (t) => {
    const more = [...workers, '--jwks-min-interval', '100ms'];
    const { issuer, keys, server } = await startWithKeyServer(t, more);
    const old = await server.client(bearer(await issuer.token({ sub: '7' })));
    await issuer.addKey('ES256', 'second');
    const client = await server.client(bearer(await issuer.token({ sub: '8' }, { kid: 'second' })));
    client.follow([8]);
    client.publish(8, 1, 2);
    assert.strictEqual((await client.next()).userId, 8);
    await issuer.addKey('ES256', 'third');
    const third = await issuer.token({ sub: '9' }, { kid: 'third' });
    const inBand = await until(async () => {
      const it = await server.client();
      it.send({ token: third });
      it.follow([9]);
      it.publish(9, 3, 4);
      const answer = await it.next();
      return answer.token && it;
    }, 'the third key, which may not be asked for at once');
    assert.strictEqual((await inBand.next()).userId, 9);
    await old.expectNothingMore();
    assert.ok(keys.count >= 3);
  });
});

test('those of one address who wait for keys leave room for others', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', '100ms']);
  let release;
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  keys.held = new Promise((resolve) => (release = resolve));
  const token = await issuer.addKey('ES256', 'second').then(() => issuer.token({ sub: '8' }, { kid: 'second' }));
  const crowd = await server.clients(PLACES_OF_AN_ADDRESS, { localAddress: '127.0.0.2' });
  for (const client of crowd) client.send({ token });
  await server.showsMetrics({ spectate_sessions_awaiting_keys: PLACES_OF_AN_ADDRESS });
  const late = await server.client({ localAddress: '127.0.0.2' });
  late.send({ token });
  assert.strictEqual((await late.next()).error.code, 'keys_missing');
  const other = await server.client();
  other.send({ token });
  await server.showsMetrics({ spectate_sessions_awaiting_keys: PLACES_OF_AN_ADDRESS + 1 });
  release();
  for (const client of [...crowd, other]) assert.ok((await client.next()).token.expires > now());
});

test('requests wait for keys too, with all that comes behind them on their connection', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', '100ms', '--data', temporaryFolder()]);
  let release;
  const first = await issuer.token({ sub: '7' });
  await (await server.client(bearer(first))).ping();
  keys.held = new Promise((resolve) => (release = resolve));
  const token = await issuer.addKey('ES256', 'second').then(() => issuer.token({ sub: '8' }, { kid: 'second' }));
  const body = '{"lat":1,"lng":2,"time":1700000000000}';
  const request = (method, path, bearerToken, rest = '\r\n') =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearerToken}\r\n${rest}`;
  const peer = await server.raw();
  await peer.write(
    request('POST', '/v1/runners/8/positions', token, `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    request('GET', '/v1/positions', first),
    request('GET', '/v1/positions', token),
  );
  await server.showsMetrics({ spectate_sessions_awaiting_keys: 1 });
  release();
  assert.deepStrictEqual(JSON.parse((await peer.httpAnswer()).body), { accepted: 1, stored: true });
  assert.deepStrictEqual(JSON.parse((await peer.httpAnswer()).body), { positions: [] });
  assert.strictEqual(JSON.parse((await peer.httpAnswer()).body).positions[0].userId, 8);
});

/* However soon the keys may be asked for again. */
for (const interval of ['10s', '100ms']) {
  test(`a token with a kid that nobody knows waits once and is refused, keys asked for every ${interval}`, async (t) => {
    const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', interval]);
    const nobody = await issuer.token({ sub: '7' }, { header: { kid: 'nobody' } });
    const renewing = await server.client(bearer(await issuer.token({ sub: '7' })));
    await renewing.ping();
    const before = keys.count;
    await assert.rejects(server.client(bearer(nobody)), /401/);
    const client = await server.client();
    client.send({ token: nobody });
    assert.deepStrictEqual(await end(client), ['bad_token', 4401]);
    renewing.send({ token: nobody });
    assert.strictEqual((await renewing.next()).error.code, 'bad_token');
    renewing.follow([7]);
    renewing.publish(7, 1, 2);
    assert.strictEqual((await renewing.next()).userId, 7);
    assert.ok(keys.count <= before + 3, `asked ${keys.count - before} times for three tokens`);
  });
}

test('an open session does not wait for keys longer than may be, and its first token still counts', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', '100ms', '--token-timeout', '1s']);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  await client.ping();
  keys.held = new Promise(() => {});
  client.send({ token: await issuer.token({ sub: '7' }, { header: { kid: 'nobody' } }) });
  client.follow([7]);
  client.publish(7, 1, 2);
  assert.strictEqual((await client.next()).error.code, 'keys_missing');
  assert.strictEqual((await client.next()).userId, 7);
});

test('who waits for keys is told that they are missing, and not that no token came, whatever other time is over', async (t) => {
  const more = ['--jwks-min-interval', '100ms', '--token-timeout', '2s', '--handshake-timeout', '1s'];
  const { issuer, keys, server } = await startWithKeyServer(t, more);
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  keys.held = new Promise(() => {});
  const token = await issuer.token({ sub: '7' }, { header: { kid: 'nobody' } });
  const seed = await server.client();
  const v1 = await server.client({ protocols: ['spectate.v1'] });
  seed.send({ token });
  v1.send({ type: 'hello', token });
  const handshake = server.client(bearer(token));
  const plain = server.get('/v1/positions', bearer(token));
  const stream = server.get('/v1/stream?follow=7', bearer(token));
  await assert.rejects(handshake, /503/);
  for (const answer of [await plain, await stream]) {
    assert.strictEqual(answer.status, 503);
    assert.strictEqual(JSON.parse(answer.body).code, 'keys_missing');
  }
  assert.strictEqual((await seed.next()).error.code, 'keys_missing');
  assert.strictEqual((await v1.next()).code, 'keys_missing');
  for (const client of [seed, v1]) assert.strictEqual((await client.closed()).code, 1013);
});

test('an unknown kid does not make the server ask for keys again and again', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--max-failed-tokens-per-second', '0']);
  const nobody = await issuer.token({ sub: '7' }, { header: { kid: 'nobody' } });
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  for (let i = 0; i < 20; i++) {
    const client = await server.client();
    client.send({ token: nobody });
    assert.strictEqual((await client.next()).error.code, 'bad_token');
    await client.closed();
  }
  assert.ok(keys.count <= 2, `asked ${keys.count} times`);
});

test('a secret that is read from a URL is none', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', '100ms']);
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  await issuer.addKey('HS256');
  const before = keys.count;
  await assert.rejects(server.client(bearer(await issuer.token({ sub: '7' }, { kid: 'HS256' }))), /401/);
  assert.ok(keys.count > before, 'it was fetched');
});

test('the last good keys stay while their URL fails', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-refresh', '1s', '--jwks-min-interval', '100ms']);
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  keys.broken = true;
  const before = keys.count;
  await until(() => keys.count > before, 'a fetch that fails');
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  client.follow([7]);
  client.publish(7, 1, 2);
  assert.strictEqual((await client.next()).userId, 7);
});

test('keys of a file are read again at SIGHUP, and open sessions stay', async (t) => {
  const { issuer, server } = await startWithIssuer(t);
  const old = await server.client(bearer(await issuer.token({ sub: '7' })));
  await issuer.addKey('ES256', 'second');
  fs.writeFileSync(issuer.path, JSON.stringify(issuer.jwks));
  server.program.kill('SIGHUP');
  const token = await issuer.token({ sub: '8' }, { kid: 'second' });
  await until(async () => {
    const client = await server.client();
    client.send({ token });
    return (await client.next()).token;
  }, 'the new key');
  await old.expectNothingMore();
});

test('a token is renewed also when it has all its sessions', async (t) => {
  const { issuer, server } = await startWithIssuer(t, ['--max-sessions-per-token', '1']);
  const client = await server.client(bearer(await issuer.token({ sub: '7' })));
  for (let i = 0; i < 3; i++) {
    client.send({ token: await issuer.token({ sub: '7', exp: now() + 1000 + i }) });
    assert.ok((await client.next()).token.expires >= now() + 900);
  }
  client.close(1000);
  await client.closed();
  await until(async () => {
    const next = await server.client(bearer(await issuer.token({ sub: '7' }))).catch(() => undefined);
    return next !== undefined;
  }, 'the session to have left its account');
});

test('a revocation behind an entry that was cut short is on disk too', async (t) => {
  const file = newPath(t, 'revocations');
  const { issuer, server, operators } = await startWithIssuer(t, ['--revocations', file]);
  await operators.post('/revoke', { jti: 'one' });
  fs.appendFileSync(file, '{"jti":"tw');
  await operators.post('/revoke', { jti: 'three' });
  await server.stop();
  const again = await startServer(t, authArgs(t, issuer, ['--revocations', file]));
  const { revocations } = await (await Operators.of(again)).get('/revocations');
  assert.deepStrictEqual(revocations.map((it) => it.jti).sort(), ['one', 'three']);
});

test('it ends in order while tokens wait for keys', async (t) => {
  const { issuer, keys, server } = await startWithKeyServer(t, ['--jwks-min-interval', '100ms']);
  await (await server.client(bearer(await issuer.token({ sub: '7' })))).ping();
  keys.server.removeAllListeners('request'); // from now on it never answers
  const unknown = await issuer.token({ sub: '7' }, { header: { kid: 'nobody' } });
  for (let i = 0; i < 10; i++) (await server.client()).send({ token: unknown });
  await server.stop();
});

test('it gives up root for another user, and goes on keeping revocations', { skip: process.getuid() !== 0 && 'not root' }, async (t) => {
  const folder = fs.mkdtempSync('/tmp/spectate-user-');
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.chownSync(folder, 65534, 65534);
  const file = `${folder}/revocations`;
  const { server, operators } = await startWithIssuer(t, ['--user', 'nobody', '--revocations', file]);
  const status = fs.readFileSync(`/proc/${server.pid}/status`, 'utf8');
  assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  await operators.post('/revoke', { jti: 'one' });
  assert.match(fs.readFileSync(file, 'utf8'), /"one"/);
  assert.strictEqual(fs.statSync(file).uid, 65534);
});

/* A server that takes certificates of `clients`, and what a client of the name needs. */
async function startWithCertificates(t, { more = [], ...how } = {}) {
  const issuer = how.issuer ?? (await issuerOf(t));
  const [pki, clients] = [new Pki(t), new Pki(t, 'clients')];
  const certificate = pki.issueServer();
  const ca = how.ca ?? clients.cert;
  fs.writeFileSync(ca, clients.certificate);
  const server = await startTlsServer(t, { pki, certificate }, authArgs(t, issuer, ['--tls-client-ca', ca, ...more]));
  const shown = ({ cert, key }) => ({ ...server.tls, cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
  return { clients, server, shown };
}

test('a session falls when its client certificate runs out', async (t) => {
  const { clients, server, shown } = await startWithCertificates(t, { more: ['--token-leeway', '0'] });
  const mortal = await server.client(shown(clients.issueMortal('7', 4)));
  const other = await server.client(shown(clients.issue('8')));
  mortal.follow([7]);
  mortal.publish(7, 1, 2);
  assert.deepStrictEqual(await mortal.next(), { userId: 7, lat: 1, lng: 2 });
  assert.deepStrictEqual(await end(mortal), ['token_expired', 4401]);
  await other.expectNothingMore();
});

forEachWorkerCount((suffix, workers) => {
  test(`a session with a client certificate falls when its authority is taken away, and not when one is added${suffix}`, async (t) => {
    const ca = newPath(t, 'authorities.pem');
    const [others, issuer] = [new Pki(t, 'others'), await issuerOf(t)];
    const { clients, server, shown } = await startWithCertificates(t, { issuer, ca, more: workers });
    const loaded = () => server.program.stderr.match(/ tls\.loaded /g).length;
    const trust = async (...authorities) => {
      const before = loaded();
      fs.writeFileSync(ca, Buffer.concat(authorities.map((it) => it.certificate)));
      server.program.kill('SIGHUP');
      await until(() => loaded() > before, 'the authorities to be read');
    };
    const certificate = shown(clients.issue('7'));
    const renewed = await server.client(shown(clients.issue('9')));
    renewed.send({ token: await issuer.token({ sub: '9' }) });
    assert.ok((await renewed.next()).token.expires > now());
    const bystander = await server.client(bearer(await issuer.token({ sub: '8' })));
    const client = await server.client(certificate);
    await trust(clients, others);
    const other = await server.client(shown(others.issue('6')));
    await client.expectNothingMore();
    await trust(others);
    assert.deepStrictEqual(await end(client), ['token_revoked', 4403]);
    await assert.rejects(server.client(certificate));
    for (const it of [renewed, bystander, other]) await it.expectNothingMore();
  });
});

test('a list that is being read shows nobody else once the authority of its reader is taken away', async (t) => {
  const ca = newPath(t, 'authorities.pem');
  const issuer = await issuerOf(t);
  const { clients, server, shown } = await startWithCertificates(t, { issuer, ca, more: ['--data', temporaryFolder(), '--max-upload-bytes', '8M'] });
  const lines = Array.from({ length: 30_000 }, (_, i) => `{"userId":"other-${i}","lat":1,"lng":2}`).join('\n');
  const { headers } = bearer(await issuer.token({ publish: ['*'] }));
  const type = { 'content-type': 'application/x-ndjson', 'content-length': lines.length };
  const length = { method: 'POST', body: lines, headers: { ...headers, ...type } };
  assert.strictEqual((await server.get('/v1/positions', length)).status, 200);
  const peer = await server.raw(shown(clients.issue('7')));
  await peer.write('GET /v1/runners HTTP/1.1\r\nHost: a\r\n\r\n');
  fs.writeFileSync(ca, new Pki(t, 'others').certificate);
  server.program.kill('SIGHUP');
  assert.doesNotMatch((await peer.httpAnswer()).body, /other-/);
});

test('one with a certificate who is turned away does not use up its sessions', async (t) => {
  const more = ['--max-connections', '2', '--max-sessions-per-token', '1', '--keep-alive-timeout', '200ms'];
  const { clients, server, shown } = await startWithCertificates(t, { more });
  const certificate = shown(clients.issue('7'));
  const others = await server.clients(2);
  for (let i = 0; i < 5; i++)
    assert.strictEqual((await server.get('/healthz', certificate)).status, 503);
  for (const other of others) await other.close();
  await server.becomesIdle();
  const client = await server.client(certificate);
  client.follow([7]);
  client.publish(7, 1, 2);
  assert.deepStrictEqual(await client.next(), { userId: 7, lat: 1, lng: 2 });
});

test('a client certificate is as good as a token for the name in it, until it is revoked', async (t) => {
  const { clients, server, shown } = await startWithCertificates(t, { more: ['--max-sessions-per-token', '2'] });
  const operators = await Operators.of(server);
  const certificate = shown(clients.issue('7'));
  const client = await server.client(certificate);
  client.follow([7, 8]);
  assert.deepStrictEqual((await client.next()).error.ids, [8]);
  client.publish(7, 1, 2);
  assert.deepStrictEqual(await client.next(), { userId: 7, lat: 1, lng: 2 });
  client.publish(8, 1, 2);
  assert.deepStrictEqual((await client.next()).error.ids, [8]);
  await operators.post('/revoke', { sub: '7' });
  assert.deepStrictEqual(await end(client), ['token_revoked', 4403]);
  const again = await server.client(certificate);
  again.publish(7, 3, 4);
  assert.strictEqual((await again.next()).error.code, 'token_required');
  await again.closed();
});
