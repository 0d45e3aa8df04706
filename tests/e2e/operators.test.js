'use strict';
/*
 * The operators' port on a bad day: it is answered just when the server is full or flooded.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const test = require('node:test');
const { Operators } = require('./lib/operators.js');
const { startServer } = require('./lib/server.js');
const { OPERATORS_TOKEN, authArgs, bearer, issuerOf, newPath } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const WITHOUT_PROC = os.platform() === 'linux' ? false : '/proc is Linux';

async function startWithOperators(t, more, options) {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, more), options);
  return { issuer, server, operators: await Operators.of(server) };
}

test('operators are answered while the server is full', async (t) => {
  const { issuer, server, operators } = await startWithOperators(t, ['--max-connections', '4']);
  await server.clients(4, bearer(await issuer.token({ sub: '7' })));
  await assert.rejects(server.client(), /503/);
  assert.strictEqual((await operators.get('/sessions')).total, 4);
  assert.strictEqual((await operators.post('/kick', { sub: '7' })).kicked, 4);
});

test('operators are answered while more strangers connect than may', async (t) => {
  const { server, operators } = await startWithOperators(t, ['--max-connects-per-second', '1']);
  const turnedAway = async () => (await server.get('/healthz').catch(() => ({ status: 503 }))).status === 503;
  for (let i = 0; i < 20; i++) {
    await until(turnedAway, 'a stranger to be turned away');
    assert.strictEqual((await operators.ask('GET', '/sessions')).status, 200);
  }
});

test('operators are answered while strangers hold all descriptors but the reserve', { skip: WITHOUT_PROC }, async (t) => {
  const few = { wrapper: ['bash', '-c', 'ulimit -n 60; exec "$@"', 'bash'] };
  const { server, operators } = await startWithOperators(t, ['--max-connections', '4'], few);
  const sockets = Array.from({ length: 150 }, () => {
    const socket = net.connect({ host: server.host, port: server.port });
    return socket.on('error', () => {}).pause();
  });
  await server.program.printed(/ net\.out_of_descriptors /);
  for (let i = 0; i < 10; i++) assert.strictEqual((await operators.ask('GET', '/sessions')).status, 200);
  for (const socket of sockets) socket.destroy();
});

test("connections over the operators' own number are told so, and there is room again when one leaves", async (t) => {
  const { operators } = await startWithOperators(t);
  const connect = () =>
    new Promise((resolve) => {
      const socket = net.connect({ host: operators.host, port: operators.port }, () => resolve(socket));
      socket.on('error', () => {});
      t.after(() => socket.destroy());
    });
  const idle = [];
  for (let i = 0; i < 64; i++) idle.push(await connect());
  await until(async () => (await operators.ask('GET', '/healthz')).status === 503, 'the port to be full');
  idle[0].destroy();
  await until(async () => (await operators.ask('GET', '/healthz')).status === 200, 'room');
});

/* A server that starts with so many revocations. */
async function startWithRevocations(t, count) {
  const file = newPath(t, 'revocations');
  const at = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ jti: `a-token-with-a-longer-name-${i}`, at }));
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return startWithOperators(t, ['--revocations', file]);
}

test('twenty thousand revocations are listed whole', async (t) => {
  const { operators } = await startWithRevocations(t, 20_000);
  const { revocations } = await operators.get('/revocations');
  assert.strictEqual(new Set(revocations.map(({ jti }) => jti)).size, 20_000);
});

test('five hundred sessions with the longest subjects are listed whole', async (t) => {
  const { issuer, server, operators } = await startWithOperators(t);
  const sub = '\u0001'.repeat(255);
  await server.clients(500, bearer(await issuer.token({ sub })));
  const { sessions } = await operators.get('/sessions?limit=500');
  assert.strictEqual(sessions.length, 500);
  for (const session of sessions) assert.strictEqual(session.sub, sub);
});

test('an operator who asks for long lists and does not read them is closed', async (t) => {
  const { operators, server } = await startWithRevocations(t, 20_000);
  const socket = net.connect({ host: operators.host, port: operators.port }).on('error', () => {});
  t.after(() => socket.destroy());
  socket.pause();
  const head = `GET /revocations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${OPERATORS_TOKEN}\r\n\r\n`;
  socket.write(head.repeat(20));
  await until(
    async () => (await server.metric('spectate_sessions_closed_total{reason="queue_full"}')) === 1,
    'the connection to be closed',
  );
});
