'use strict';
/*
 * Out of file descriptors: the server does not spin and does not die, and serves again when there is room.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const net = require('node:net');
const test = require('node:test');
const { spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { until } = require('./lib/wait.js');

const withDescriptors = (count) => ({ wrapper: ['bash', '-c', `ulimit -n ${count}; exec "$@"`, 'bash'] });
const FEW = withDescriptors(40);
const OUT_OF_DESCRIPTORS = 'spectate_errors_total{code="out_of_descriptors"}';
const WITHOUT_PROC = os.platform() === 'linux' ? false : '/proc is Linux';

/* Connections that are opened and kept, whether the server takes them or not. */
function crowd(server, count) {
  return Array.from({ length: count }, () => {
    const socket = net.connect({ host: server.host, port: server.port });
    socket.on('error', () => {});
    socket.resume();
    return socket;
  });
}

/* Seconds of CPU that the process has used. */
function cpuSeconds(pid) {
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test(
  'without descriptors it turns connections away, and serves again when clients leave',
  { skip: WITHOUT_PROC },
  async (t) => {
    const server = await startServer(t, [], FEW);
    const before = server.descriptors();
    const client = await server.client();
    client.follow([1]);
    await client.ping();
    const sockets = crowd(server, 100);
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    await server.program.printed(/ net\.out_of_descriptors /);
    client.publish(1, 2, 3);
    assert.deepStrictEqual(await client.next(), { userId: 1, lat: 2, lng: 3 });
    for (const socket of sockets) socket.destroy();
    await server.showsMetrics({ spectate_connections: 2 });
    assert.ok((await server.metric(OUT_OF_DESCRIPTORS)) > 0);
    const late = await server.client();
    late.follow([1]);
    await late.ping();
    client.publish(1, 4, 5);
    assert.strictEqual((await late.next()).lat, 4);
    late.destroy();
    client.destroy();
    await server.becomesIdle();
    await server.descriptorsFallTo(before);
  },
);

test('without descriptors it does not spin', { skip: WITHOUT_PROC }, async (t) => {
  const server = await startServer(t, ['--handshake-timeout', '1h'], FEW);
  const client = await server.client();
  const sockets = crowd(server, 100);
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await server.program.printed(/ net\.out_of_descriptors /);
  const begin = { cpu: cpuSeconds(server.pid), at: process.hrtime.bigint() };
  const elapsed = () => Number(process.hrtime.bigint() - begin.at) / 1e9;
  await until(async () => {
    await client.ping();
    return elapsed() > 1;
  }, 'a second of pings');
  const share = (cpuSeconds(server.pid) - begin.cpu) / elapsed();
  assert.ok(share < 0.7, `it used ${Math.round(share * 100)} % of a core for nothing`);
});

for (const limit of [6, 8, 10, 14, 16, 18, 20]) {
  test(
    `with only ${limit} descriptors to begin with, it says what is missing and ends with status 3`,
    { skip: WITHOUT_PROC },
    async () => {
      const program = await spectate(['serve', '--listen', '127.0.0.1:0', '--workers', '2'], withDescriptors(limit));
      assert.strictEqual(program.code, 3, program.stderr);
      assert.match(program.stderr, /^\S+ error /m);
    },
  );
}
