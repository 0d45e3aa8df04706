'use strict';
/*
 * Plain HTTP on the same port: Node's client, curl, and bytes that neither would send.
 */
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const test = require('node:test');
const metrics = require('./lib/metrics.js');
const { run } = require('./lib/program.js');
const { handshake } = require('./lib/raw_peer.js');
const { startServer } = require('./lib/server.js');

const GET = (path, headers = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

function hasCurl() {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const WITHOUT_CURL = hasCurl() ? false : 'there is no curl';

test('/ says what this is, in HTML', async (t) => {
  const server = await startServer(t);
  const { status, headers, body } = await server.get('/');
  assert.strictEqual(status, 200);
  assert.match(headers['content-type'], /^text\/html/);
  assert.match(body, /^<!doctype html>[^]*spectate/);
});

test('/healthz and /readyz answer 200, with a query too', async (t) => {
  const server = await startServer(t);
  for (const path of ['/healthz', '/readyz', '/healthz?x=1']) assert.strictEqual((await server.get(path)).status, 200);
});

test('/metrics is valid Prometheus text with every metric that is promised', async (t) => {
  const server = await startServer(t);
  const { status, headers, body } = await server.get('/metrics');
  assert.strictEqual(status, 200);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const { values, types } = metrics.parse(body);
  const promised = {
    spectate_sessions: 'gauge',
    spectate_followers: 'gauge',
    spectate_audiences: 'gauge',
    spectate_runners: 'gauge',
    spectate_queued_bytes: 'gauge',
    spectate_positions_received_total: 'counter',
    spectate_positions_delivered_total: 'counter',
    spectate_positions_superseded_total: 'counter',
    spectate_sessions_closed_total: 'counter',
    spectate_errors_total: 'counter',
  };
  for (const [name, type] of Object.entries(promised)) assert.strictEqual(types.get(name), type, name);
  for (const reason of ['client_close', 'client_gone', 'reset', 'heartbeat_timeout', 'shutdown'])
    assert.strictEqual(values.get(`spectate_sessions_closed_total{reason="${reason}"}`), 0, reason);
  for (const [name, value] of values) assert.ok(value >= 0, `${name} ${value}`);
});

test('the histogram adds up', async (t) => {
  const server = await startServer(t);
  const client = await server.client();
  client.follow([1]);
  for (let i = 0; i < 20; i++) {
    client.publish(1, i, i);
    await client.next();
  }
  const values = await server.metrics();
  const buckets = [...values]
    .filter(([name]) => name.startsWith('spectate_flush_seconds_bucket'))
    .map(([, value]) => value);
  assert.deepStrictEqual(
    buckets,
    [...buckets].sort((a, b) => a - b),
  );
  assert.strictEqual(buckets.at(-1), values.get('spectate_flush_seconds_count'));
  assert.ok(values.get('spectate_flush_seconds_count') >= 1);
});

test('other paths are 404', async (t) => {
  const server = await startServer(t);
  for (const path of ['/nothing', '/metrics/', '/Healthz', '//', '/../etc/passwd', '/%2e%2e/'])
    assert.strictEqual((await server.get(path)).status, 404, path);
});

test('HEAD has the headers of GET and no body', async (t) => {
  const server = await startServer(t);
  for (const path of ['/', '/healthz', '/nothing']) {
    const get = await server.get(path);
    const peer = await server.raw();
    await peer.write(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const head = await peer.httpAnswer('HEAD');
    assert.strictEqual(head.status, get.status);
    assert.strictEqual(head.headers['content-length'], String(get.body.length));
    await peer.ended();
  }
});

test('other methods are 405 and name the ones that are allowed, bodies are 413', async (t) => {
  const server = await startServer(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    const { status, headers } = await server.get('/', { method, headers: { 'Content-Length': 0 } });
    assert.strictEqual(status, 405, method);
    assert.strictEqual(headers.allow, 'GET, HEAD');
  }
  assert.strictEqual((await server.get('/', { method: 'POST', body: 'x' })).status, 413);
  assert.strictEqual(
    (await server.get('/', { method: 'POST', body: 'x', headers: { 'Transfer-Encoding': 'chunked' } })).status,
    413,
  );
});

test('several requests share a connection', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  for (const path of ['/', '/healthz', '/nothing', '/metrics', '/readyz']) {
    await peer.write(GET(path));
    const { status, headers } = await peer.httpAnswer();
    assert.strictEqual(status, path === '/nothing' ? 404 : 200);
    assert.notStrictEqual(headers.connection, 'close');
  }
  assert.strictEqual(await server.metric('spectate_connections'), 2);
  await peer.write(GET('/', 'Connection: close\r\n'));
  assert.strictEqual((await peer.httpAnswer()).headers.connection, 'close');
  await peer.ended();
});

test('requests may be pipelined, and a WebSocket may come behind them', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  const paths = ['/healthz', '/nothing', '/readyz', '/healthz', '/x', '/'];
  await peer.write(...paths.map((path) => GET(path)), handshake());
  for (const path of paths)
    assert.strictEqual((await peer.httpAnswer()).status, ['/nothing', '/x'].includes(path) ? 404 : 200);
  assert.strictEqual((await peer.httpAnswer()).status, 101);
});

test('a request may come one byte at a time, after empty lines', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.writeSlowly('\r\n\r\n', GET('/healthz'));
  assert.strictEqual((await peer.httpAnswer()).status, 200);
});

test('HTTP/1.0 is answered and closed', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.write('GET /healthz HTTP/1.0\r\n\r\n');
  assert.strictEqual((await peer.httpAnswer()).status, 200);
  await peer.ended();
});

/* [what is sent, the status, the code in the body] */
const REFUSED = {
  garbage: ['\x01\x02\x03 nonsense\r\n\r\n', 400, 'bad_request'],
  'a TLS hello': [Buffer.from('16030100c8010000c40303', 'hex'), 400, 'bad_request'],
  "HTTP/2's preface": ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'bad_request'],
  'HTTP/2.0': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505, 'bad_request'],
  'no host': ['GET / HTTP/1.1\r\n\r\n', 400, 'bad_request'],
  'two hosts': ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'bad_request'],
  'a header without a colon': ['GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', 400, 'bad_request'],
  'a blank before the colon': ['GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n', 400, 'bad_request'],
  'a folded header': ['GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n', 400, 'bad_request'],
  'bare line feeds': ['GET / HTTP/1.1\nHost: a\n\n', 400, 'bad_request'],
  'a NUL in a header': ['GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400, 'bad_request'],
  'Content-Length and Transfer-Encoding': [
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'bad_request',
  ],
  'two lengths': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', 400, 'bad_request'],
  'a length that is no number': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx', 400, 'bad_request'],
  'a body': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello', 413, 'body_refused'],
  'a chunked body': [
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    413,
    'body_refused',
  ],
  'another transfer coding': ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n', 501, 'body_refused'],
  'a request line that is too long': [`GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, 'header_too_big'],
  'a request line without end': [`GET /${'x'.repeat(9000)}`, 414, 'header_too_big'],
  'a header that is too large': [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, 431, 'header_too_big'],
  'too many headers': [`GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(64)}\r\n`, 431, 'header_too_big'],
};

for (const [name, [bytes, status, code]] of Object.entries(REFUSED)) {
  test(`${name}: ${status} and closed`, async (t) => {
    const server = await startServer(t);
    const peer = await server.raw();
    await peer.write(bytes);
    const answer = await peer.httpAnswer();
    assert.strictEqual(answer.status, status, answer.body);
    assert.match(answer.body, new RegExp(`^${code}: .+\n$`));
    assert.strictEqual(answer.headers.connection, 'close');
    await peer.ended();
    peer.destroy();
    const values = await server.becomesIdle();
    assert.strictEqual(values.get(`spectate_errors_total{code="${code}"}`), 1);
    assert.strictEqual(values.get(`spectate_http_requests_total{code="${status}"}`), 1);
  });
}

/* [what differs from a right handshake, the status, headers of the answer] */
const HANDSHAKES = {
  'HTTP/1.0': [{ version: 'HTTP/1.0' }, 400],
  POST: [{ method: 'POST', headers: { 'Content-Length': '0' } }, 405, { allow: /GET/ }],
  HEAD: [{ method: 'HEAD' }, 405, { allow: /GET/ }],
  'no Connection': [{ headers: { Connection: undefined } }, 400],
  'Connection without upgrade': [{ headers: { Connection: 'keep-alive' } }, 400],
  'no Host': [{ headers: { Host: undefined } }, 400],
  'two Hosts': [{ headers: { Host: ['a', 'b'] } }, 400],
  'no key': [{ headers: { 'Sec-WebSocket-Key': undefined } }, 400],
  'two keys': [{ headers: { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] } }, 400],
  'a key of 15 bytes': [{ headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' } }, 400],
  'a key that is not base64': [{ headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j!Q==' } }, 400],
  'an empty key': [{ headers: { 'Sec-WebSocket-Key': '' } }, 400],
  'no version': [{ headers: { 'Sec-WebSocket-Version': undefined } }, 400],
  'two versions': [{ headers: { 'Sec-WebSocket-Version': ['13', '13'] } }, 400],
  'version 8': [
    { headers: { 'Sec-WebSocket-Version': '8' } },
    426,
    { 'sec-websocket-version': /^13$/, upgrade: /websocket/ },
  ],
  'version 013': [{ headers: { 'Sec-WebSocket-Version': '013' } }, 426, { 'sec-websocket-version': /^13$/ }],
  'a body': [{ headers: { 'Content-Length': '3' } }, 413],
};

for (const [name, [differing, status, headers = {}]] of Object.entries(HANDSHAKES)) {
  test(`a handshake with ${name}: ${status} and closed`, async (t) => {
    const server = await startServer(t);
    const peer = await server.raw();
    await peer.write(handshake(differing));
    const answer = await peer.httpAnswer(differing.method);
    assert.strictEqual(answer.status, status, answer.body);
    for (const [header, value] of Object.entries(headers)) assert.match(answer.headers[header] ?? '', value, header);
    if (differing.method !== 'HEAD') await peer.ended();
    peer.destroy();
    const values = await server.becomesIdle();
    assert.strictEqual(values.get('spectate_sessions_opened_total'), 0);
  });
}

const GOOD_HANDSHAKES = {
  'tokens in any case and in lists': { Upgrade: 'h2c, WebSocket', Connection: 'keep-alive, UPGRADE' },
  'Connection in two headers': { Connection: ['keep-alive', 'upgrade'] },
  'other upgrades and headers': { Origin: 'http://elsewhere', Cookie: 'a=b', 'X-Forwarded-For': '1.2.3.4' },
};

for (const [name, headers] of Object.entries(GOOD_HANDSHAKES)) {
  test(`a handshake with ${name} is accepted`, async (t) => {
    const server = await startServer(t);
    const peer = await server.raw();
    await peer.write(handshake({ headers }));
    assert.strictEqual((await peer.httpAnswer()).status, 101);
  });
}

test('an upgrade to something else is plain HTTP', async (t) => {
  const server = await startServer(t);
  const peer = await server.raw();
  await peer.write(GET('/healthz', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'));
  assert.strictEqual((await peer.httpAnswer()).status, 200);
});

test('a handshake that never ends is answered with 408, however busily it goes on', async (t) => {
  const server = await startServer(t, ['--handshake-timeout', '300ms']);
  const peer = await server.raw();
  await peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
  const dribble = setInterval(() => peer.socket.write('X'), 20);
  t.after(() => clearInterval(dribble));
  assert.strictEqual((await peer.httpAnswer()).status, 408);
  await peer.ended();
  clearInterval(dribble);
  peer.destroy();
  const values = await server.becomesIdle();
  assert.strictEqual(values.get('spectate_sessions_closed_total{reason="handshake_timeout"}'), 1);
});

test('a connection that says nothing is closed without an answer', async (t) => {
  const server = await startServer(t, ['--handshake-timeout', '200ms']);
  const peer = await server.raw();
  await peer.ended();
  peer.destroy();
  const values = await server.becomesIdle();
  assert.strictEqual(values.get('spectate_sessions_closed_total{reason="handshake_timeout"}'), 1);
});

test('a connection that stays idle after its answer is closed', async (t) => {
  const server = await startServer(t, ['--keep-alive-timeout', '200ms']);
  const peer = await server.raw();
  await peer.write(GET('/healthz'));
  assert.strictEqual((await peer.httpAnswer()).status, 200);
  await peer.ended();
});

test('the time for a request runs anew for the second on a connection', async (t) => {
  const server = await startServer(t, ['--handshake-timeout', '300ms', '--keep-alive-timeout', '10s']);
  const peer = await server.raw();
  await peer.write(GET('/healthz'));
  await peer.httpAnswer();
  await peer.write('GET /healthz HTTP/1.1\r\n');
  assert.strictEqual((await peer.httpAnswer()).status, 408);
});

test('a client that goes in the middle of its handshake leaves nothing', async (t) => {
  const server = await startServer(t);
  const head = handshake();
  for (const size of [1, 20, head.length - 1]) {
    for (const leave of [
      (socket) => socket.end(),
      (socket) => socket.destroy(),
      (socket) => socket.resetAndDestroy(),
    ]) {
      const peer = await server.raw();
      await peer.write(head.slice(0, size));
      leave(peer.socket);
    }
  }
  await server.becomesIdle();
});

test('slow connections by the hundred do not hold up others', async (t) => {
  const server = await startServer(t, ['--handshake-timeout', '500ms']);
  const peers = await Promise.all(Array.from({ length: 300 }, () => server.raw()));
  for (const peer of peers) peer.socket.write('GET / HT');
  const client = await server.client();
  client.follow([1]);
  client.publish(1, 2, 3);
  assert.strictEqual((await client.next()).lat, 2);
  const statuses = await Promise.all(peers.map(async (peer) => (await peer.httpAnswer()).status));
  assert.ok(statuses.every((status) => status === 408));
});

test('curl reads every page', { skip: WITHOUT_CURL }, async (t) => {
  const server = await startServer(t);
  const pages = { '/': 200, '/healthz': 200, '/readyz': 200, '/metrics': 200, '/nothing': 404 };
  for (const [path, status] of Object.entries(pages)) {
    const curl = await run('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}',
      `http://${server.authority}${path}`,
    ]);
    const [code, size] = curl.stdout.split(' ').map(Number);
    assert.deepStrictEqual([curl.code, code, size > 0], [0, status, true], path);
  }
});

test('curl reuses the connection, sends HEAD, POST and what comes with Expect', { skip: WITHOUT_CURL }, async (t) => {
  const server = await startServer(t);
  const url = `http://${server.authority}/healthz`;
  const reused = await run('curl', ['-sS', '-o', '/dev/null', '-o', '/dev/null', '-w', '%{num_connects}\n', url, url]);
  assert.strictEqual(reused.stdout, '1\n0\n');
  const head = await run('curl', ['-sSI', url]);
  assert.match(head.stdout, /^HTTP\/1\.1 200 OK\r\n/);
  const post = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-d', 'x=1', url]);
  assert.strictEqual(post.stdout, '413');
  const expect = await run('curl', [
    '-sS',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    'Expect: 100-continue',
    '-d',
    'x'.repeat(2000),
    url,
  ]);
  assert.strictEqual(expect.stdout, '413');
});
