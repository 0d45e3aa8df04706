'use strict';
/*
 * The operators' port on a bad day: it is answered just when the server is full or flooded.
 */
const assert = require('node:assert');
const net = require('node:net');
const os = require('node:os');
const test = require('node:test');
const { Operators } = require('./lib/operators.js');
const { startServer } = require('./lib/server.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
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
