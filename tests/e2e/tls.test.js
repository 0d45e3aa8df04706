'use strict';
/*
 * TLS, as clients see it that we did not write: ws, Node's https and tls, curl, openssl.
 */
const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const https = require('node:https');
const tls = require('node:tls');
const test = require('node:test');
const { Client } = require('./lib/client.js');
const frames = require('./lib/frame.js');
const { Pki } = require('./lib/pki.js');
const { Program, spectate } = require('./lib/program.js');
const { KEY } = require('./lib/raw_peer.js');
const { forEachWorkerCount, startServer, startTlsServer } = require('./lib/server.js');
const { inTime, until } = require('./lib/wait.js');

const LIVE_SESSIONS = 1000;
const AT_A_TIME = 50;

/* A server with a certificate of a new authority. */
async function start(t, args = []) {
  const pki = new Pki(t);
  const certificate = pki.issueServer();
  const server = await startTlsServer(t, { pki, certificate }, args);
  return { pki, certificate, server };
}

/* Run a command to its end: { code, output }, both streams as they came. */
function run(file, args, input = '') {
  const done = new Promise((resolve) => {
    const child = execFile(file, args, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
  });
  return inTime(done, () => `${file} ${args.join(' ')}`);
}

/* What the server presents to somebody who connects now: the certificate's common name. */
async function presented(server) {
  const socket = tls.connect({ host: server.host, port: server.port, ...server.tls });
  await inTime(new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)), () => 'TLS');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

/* --- happy paths --- */

forEachWorkerCount((with_workers, args) => {
  test(`runners and spectators speak wss${with_workers}`, async (t) => {
    const { server } = await start(t, args);
    const follower = await server.client();
    follower.follow([7]);
    await follower.settle();
    const runner = await server.client();
    runner.publish(7, 48.8568, 2.2927);
    assert.deepStrictEqual(await follower.next(), { userId: 7, lat: 48.8568, lng: 2.2927 });
    assert.strictEqual((await server.get('/healthz')).body, 'alive\n');
    const values = await server.metrics();
    assert.ok(values.get('spectate_tls_handshakes_total') >= 3);
    const left_s = values.get('spectate_tls_certificate_expiry_seconds') - Date.now() / 1000;
    assert.ok(left_s > 29 * 86400 && left_s < 31 * 86400, `${left_s} s`);
    await follower.close(1000);
    await runner.close(1000);
    await server.becomesIdle();
  });
});

test('messages of many records come through whole, in both directions', async (t) => {
  const { server } = await start(t, ['--max-message-bytes', '1M', '--max-queued-bytes', '16M']);
  const client = await server.client();
  const ids = Array.from({ length: 10_000 }, (_, i) => `a runner with a long name, number ${i}`);
  client.follow(ids);
  await client.settle();
  client.send(JSON.stringify({ userId: ids[9999], lat: 1, lng: 2 }));
  assert.deepStrictEqual(await client.next(), { userId: ids[9999], lat: 1, lng: 2 });
});

test('sessions are closed in order, over TLS too, when the server stops', async (t) => {
  const { server } = await start(t);
  const client = await server.client();
  server.program.kill('SIGTERM');
  assert.strictEqual((await client.closed()).code, 1001);
  await server.endsWith(0);
});

test('who is over the limit is told so over TLS', async (t) => {
  const { server } = await start(t, ['--max-connections', '1']);
  await server.client();
  const answer = await server.get('/');
  assert.strictEqual(answer.status, 503);
  assert.match(answer.body, /^too_many_connections: /);
});

test('a slow reader gets the newest over TLS, and holds less than a record', async (t) => {
  const { server } = await start(t, ['--max-messages-per-second', '0', '--lag-bytes', '64K']);
  const runner = await server.client();
  const stuck = await server.rawSession(frames.text({ initialRequest: true, following: [1] }), frames.frame(frames.PING));
  assert.strictEqual((await stuck.frame()).opcode, frames.PONG);
  stuck.socket.pause();
  let count = 0;
  let values;
  do {
    for (let i = 0; i < 500; i++) runner.publish(1, count++, 0);
    await runner.ping();
    values = await server.metrics();
  } while (values.get('spectate_behind_followers') !== 1);
  assert.ok(values.get('spectate_queued_bytes') < 64 * 1024, `${values.get('spectate_queued_bytes')} bytes`);
  stuck.socket.resume();
  let last = -1;
  while (last !== count - 1) {
    const { lat } = JSON.parse((await stuck.frameButPings()).payload.toString());
    assert.ok(lat > last, `${lat} after ${last}`);
    last = lat;
  }
});

/* --- what is spoken --- */

test('curl gets an answer, and none with TLS 1.1', async (t) => {
  const { pki, server } = await start(t);
  const url = `https://localhost:${server.port}/healthz`;
  const args = ['--silent', '--show-error', '--noproxy', '*', '--resolve', `localhost:${server.port}:127.0.0.1`];
  const good = await run('curl', [...args, '--cacert', pki.cert, url]);
  assert.deepStrictEqual(good, { code: 0, output: 'alive\n' });
  const old = ['--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'];
  const refused = await run('curl', [...args, ...old, '--cacert', pki.cert, url]);
  assert.notStrictEqual(refused.code, 0);
  await server.showsMetrics({ 'spectate_tls_failures_total{reason="nothing_shared"}': 1 });
});

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/* openssl s_client, which asks for /healthz when the handshake is done. */
function sClient(server, pki, ...args) {
  const where = ['-connect', `${server.host}:${server.port}`, '-CAfile', pki.cert, '-ign_eof'];
  return run('openssl', ['s_client', ...where, ...args], REQUEST);
}

test('curl that asks for a WebSocket over TLS gets 101', async (t) => {
  const { pki, server } = await start(t);
  const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`];
  const curl = new Program('curl', [
    ...['--silent', '--verbose', '--http1.1', '--noproxy', '*', '--resolve', `localhost:${server.port}:127.0.0.1`],
    ...['--cacert', pki.cert, ...headers.flatMap((header) => ['--header', header])],
    `https://localhost:${server.port}/`,
  ]);
  t.after(() => curl.kill('SIGKILL'));
  await curl.printed(/< HTTP\/1\.1 101 /);
  await server.showsMetrics({ spectate_sessions: 1 });
});

test('only TLS 1.2 and 1.3 with ciphers of today are spoken', async (t) => {
  const { pki, server } = await start(t);
  for (const args of [['-tls1_2'], ['-tls1_3'], ['-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305']]) {
    const { output } = await sClient(server, pki, ...args);
    assert.match(output, /Verify return code: 0 \(ok\)/, args.join(' '));
    assert.match(output, /\nalive\n/);
  }
  const refused = [
    ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'],
    ['-tls1', '-cipher', 'DEFAULT@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'AES128-GCM-SHA256'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM'],
    ['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0'],
    ['-tls1_3', '-groups', 'secp521r1'],
  ];
  for (const args of refused) {
    const { code, output } = await sClient(server, pki, ...args);
    assert.notStrictEqual(code, 0, args.join(' '));
    assert.doesNotMatch(output, /\nalive\n/, args.join(' '));
    assert.match(output, /alert (protocol version|handshake failure)/, args.join(' '));
  }
});

test('HTTP/1.1 is what is spoken, and who wants something else is told', async (t) => {
  const { pki, server } = await start(t);
  const both = await sClient(server, pki, '-alpn', 'h2,http/1.1');
  assert.match(both.output, /ALPN protocol: http\/1\.1/);
  const other = await sClient(server, pki, '-alpn', 'h2');
  assert.match(other.output, /no application protocol/);
  const none = await sClient(server, pki);
  assert.match(none.output, /No ALPN negotiated/);
});

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`a ticket spares the full handshake, also after the certificate was exchanged (${version})`, async (t) => {
    const { pki, server } = await start(t);
    const ticket = pki.file('ticket');
    const first = await sClient(server, pki, version, '-sess_out', ticket);
    assert.match(first.output, /\nNew, TLS/);
    pki.issueServer();
    server.program.kill('SIGHUP');
    await until(() => server.program.stderr.match(/ tls\.loaded /g)?.length === 2, 'the new certificate');
    const again = await sClient(server, pki, version, '-sess_in', ticket);
    assert.match(again.output, /\nReused, TLS/);
    assert.match(again.output, /\nalive\n/);
    await server.showsMetrics({ spectate_tls_resumptions_total: 1 });
  });
}

test('a renegotiation is refused', async (t) => {
  const { pki, server } = await start(t);
  const where = ['-connect', `${server.host}:${server.port}`, '-CAfile', pki.cert, '-tls1_2'];
  const { output } = await run('openssl', ['s_client', ...where], 'R\n');
  assert.match(output, /RENEGOTIATING[^]*no renegotiation/);
});

/* --- certificates anew --- */

test('a thousand sessions live on when the certificate is exchanged, and new ones get the new one', async (t) => {
  const { pki, server } = await start(t, ['--workers', '2']);
  const runner = await server.client();
  const followers = [];
  while (followers.length < LIVE_SESSIONS) followers.push(...(await server.clients(AT_A_TIME)));
  for (const follower of followers) follower.follow([1]);
  await Promise.all(followers.map((follower) => follower.settle()));
  assert.strictEqual(await presented(server), 'server');
  pki.issueServer('server', 'renewed');
  server.program.kill('SIGHUP');
  await until(async () => (await presented(server)) === 'renewed', 'the new certificate');
  runner.publish(1, 2, 3);
  const got = await Promise.all(followers.map((follower) => follower.next()));
  for (const position of got) assert.deepStrictEqual(position, { userId: 1, lat: 2, lng: 3 });
  assert.strictEqual(followers.filter((follower) => follower.closing).length, 0);
});

forEachWorkerCount((with_workers, args) => {
  test(`a new file that is wrong leaves the old certificate in force${with_workers}`, async (t) => {
    const { pki, certificate, server } = await start(t, args);
    fs.writeFileSync(certificate.cert, 'nonsense');
    server.program.kill('SIGHUP');
    await server.program.printed(/ warn tls\.not_reloaded .*server\.pem: it holds no certificate/);
    assert.strictEqual(await presented(server), 'server');
    pki.issueServer('server', 'renewed');
    server.program.kill('SIGHUP');
    await until(async () => (await presented(server)) === 'renewed', 'the new certificate');
  });
});

test('without a certificate that can be read it does not start', async (t) => {
  const pki = new Pki(t);
  const server = pki.issueServer();
  const other = pki.issueServer('other');
  const listen = ['serve', '--listen', '127.0.0.1:0'];
  const missing = await spectate([...listen, '--tls-cert', pki.file('none.pem'), '--tls-key', server.key]);
  assert.strictEqual(missing.code, 3);
  assert.match(missing.stderr, / error tls\.not_loaded .*none\.pem: No such file or directory\n/);
  const mixed = await spectate([...listen, '--tls-cert', server.cert, '--tls-key', other.key]);
  assert.strictEqual(mixed.code, 3);
  assert.match(mixed.stderr, /other\.key: the key is not that of the certificate in .*server\.pem\n/);
});

/* --- bad peers --- */

test('HTTP without TLS is told to use TLS', async (t) => {
  const { server } = await start(t);
  const peer = await server.rawTcp();
  await peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const answer = await peer.httpAnswer();
  assert.strictEqual(answer.status, 400);
  assert.strictEqual(answer.body, 'TLS is spoken here: use https:// or wss://\n');
  await peer.ended();
  await server.showsMetrics({
    'spectate_errors_total{code="tls_failed"}': 1,
    'spectate_tls_failures_total{reason="plain_http"}': 1,
    'spectate_sessions_closed_total{reason="tls_failed"}': 1,
  });
});

test('garbage ends the connection, is counted, and leaves nothing', async (t) => {
  const { server } = await start(t);
  for (let i = 0; i < 20; i++) {
    const peer = await server.rawTcp();
    await peer.write('This is nothing that anybody could take for TLS.');
    await peer.changed.until(() => peer.hasEnded, 'the end');
    peer.destroy();
  }
  await server.showsMetrics({ 'spectate_sessions_closed_total{reason="tls_failed"}': 20 });
  await server.becomesIdle();
  assert.doesNotMatch(server.program.stderr, /tls\.failed/);
});

test('TLS to a server without it is a bad request', async (t) => {
  const server = await startServer(t);
  const { output } = await run('openssl', ['s_client', '-connect', `${server.host}:${server.port}`]);
  assert.match(output, /wrong version number|packet length too long/);
});

test('a handshake that stops half-way has only so much time', async (t) => {
  const { server } = await start(t, ['--handshake-timeout', '300ms']);
  const silent = await server.rawTcp();
  const half = await server.rawTcp();
  await half.write('\x16\x03\x01\x02\x00\x01');
  await silent.ended();
  await half.ended();
  await server.showsMetrics({ 'spectate_sessions_closed_total{reason="handshake_timeout"}': 2 });
  await server.becomesIdle();
});

test('while a flood of handshakes waits its turn everybody else is served', async (t) => {
  const { server } = await start(t, ['--tls-handshakes-per-second', '10', '--keep-alive-timeout', '60s']);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const waiting = async () => {
    const { body } = await server.get('/metrics', { agent });
    return Number(body.match(/^spectate_tls_handshakes_waiting (\d+)$/m)[1]);
  };
  await waiting();
  const [runner, follower] = await server.clients(2);
  follower.follow([1]);
  await follower.settle();
  const flood = Array.from({ length: 300 }, () => tls.connect({ host: server.host, port: server.port, ...server.tls }));
  for (const socket of flood) socket.on('error', () => {});
  t.after(() => flood.forEach((socket) => socket.destroy()));
  await until(async () => (await waiting()) > 200, 'a flood');
  for (let i = 0; i < 100; i++) runner.publish(1, i, 0);
  const got = await follower.take(100);
  assert.deepStrictEqual(got.at(-1), { userId: 1, lat: 99, lng: 0 });
  assert.ok((await waiting()) > 100, 'the flood was over before the positions came');
});

test('who waits for a turn gets one', async (t) => {
  const { server } = await start(t, ['--tls-handshakes-per-second', '100']);
  const clients = await server.clients(160);
  assert.strictEqual(clients.length, 160);
});

/* --- certificates of clients --- */

/* Connect with these options, and see the error that comes of it, then or with the first answer. */
async function refusal(server, options) {
  const client = new Client(server.url, { ...server.tls, ...options });
  await client.closed();
  return client.error?.message;
}

test('a certificate of a client is asked for, and must be of the right authority', async (t) => {
  const pki = new Pki(t);
  const strangers = new Pki(t, 'strangers');
  const certificate = pki.issueServer();
  const server = await startTlsServer(t, { pki, certificate }, ['--tls-client-ca', pki.cert]);
  const read = ({ cert, key }) => ({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
  const known = await server.client(read(pki.issue('ann')));
  const anonymous = await server.client();
  known.follow([1]);
  await known.settle();
  anonymous.publish(1, 2, 3);
  assert.deepStrictEqual(await known.next(), { userId: 1, lat: 2, lng: 3 });
  assert.match(await refusal(server, read(strangers.issue('eve'))), /unknown ca/i);
  await server.showsMetrics({ 'spectate_tls_failures_total{reason="bad_certificate"}': 1 });
});

/* --- our own clients --- */

test('the commands speak wss and trust whom they are told to', async (t) => {
  const { pki, server } = await start(t);
  const some = ['--users', '10', '--messages', '50', '--quiet'];
  const trusting = await spectate(['simulate', '--url', server.url, '--ca', pki.cert, ...some]);
  assert.strictEqual(trusting.code, 0, trusting.stderr);
  const doubting = await spectate(['simulate', '--url', server.url, ...some]);
  assert.strictEqual(doubting.code, 3);
  assert.match(doubting.stderr, /TLS: the peer's certificate is not to be trusted: /);
});

test('the commands want the name in the URL to be that of the certificate', async (t) => {
  const pki = new Pki(t);
  const certificate = pki.issue('server', { names: 'DNS:elsewhere.example' });
  const server = await startTlsServer(t, { pki, certificate }, []);
  const done = await spectate(['simulate', '--url', server.url, '--ca', pki.cert, '--users', '2', '--quiet']);
  assert.strictEqual(done.code, 3);
  assert.match(done.stderr, /IP address mismatch/);
});

test('a file of authorities that is wrong, or is given for a URL without TLS, is a matter of usage', async (t) => {
  const pki = new Pki(t);
  const wrong = await spectate(['watch', '--url', 'wss://127.0.0.1:1', '--ca', pki.file('none.pem'), '7']);
  assert.strictEqual(wrong.code, 2);
  assert.match(wrong.stderr, /none\.pem: No such file or directory/);
  const useless = await spectate(['watch', '--url', 'ws://127.0.0.1:1', '--ca', pki.cert, '7']);
  assert.strictEqual(useless.code, 2);
  assert.match(useless.stderr, /a CA file is for wss:\/\/ URLs/);
});
