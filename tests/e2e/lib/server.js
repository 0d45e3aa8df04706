'use strict';
/*
 * server: a server of the test's own on a free port, and the clients made for it.
 *
 * It ends with the test: clients first, then SIGTERM, then exit code 0 and a clean log, or the test fails.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const { Client } = require('./client.js');
const { request } = require('./http.js');
const metrics = require('./metrics.js');
const { Program, SPECTATE, WS_ECHO } = require('./program.js');
const { RawPeer, handshake } = require('./raw_peer.js');
const { until } = require('./wait.js');

const ANY_PORT = ['--listen', '127.0.0.1:0'];

/* For tests that must hold however many workers there are. All others are run with one, whose gauges are always up to date. */
const WORKER_COUNTS = [1, 4];

/* What is left when every client is gone: the connection that asks for the metrics. */
const IDLE = {
  spectate_sessions: 0,
  spectate_followers: 0,
  spectate_behind_followers: 0,
  spectate_audiences: 0,
  spectate_sessions_awaiting_keys: 0,
  spectate_sessions_resting: 0,
  spectate_sessions_resuming: 0,
  spectate_queued_bytes: 0,
  spectate_connections: 1,
};

class Server {
  constructor(program) {
    this.program = program;
    this.peers = [];
    this.authority = undefined; // as in a URL: 127.0.0.1:8080, [::1]:8080
    this.url = undefined;
    this.host = undefined;
    this.port = undefined;
    this.tls = undefined; // what its clients need for TLS: { ca }
    this.endIsChecked = false;
  }

  get pid() {
    return this.program.pid;
  }

  /* A client that is connected. */
  async client(options) {
    return this.#keep(new Client(this.url, { ...this.tls, ...options })).opened();
  }

  async clients(count, options) {
    return Promise.all(Array.from({ length: count }, () => this.client(options)));
  }

  /* A raw connection that is established. */
  async raw(options) {
    const tls = this.tls && { ...this.tls, ...options };
    return this.#keep(new RawPeer({ ...this, tls }, options)).connected();
  }

  /* The same without TLS, whatever the server speaks. */
  async rawTcp() {
    return this.#keep(new RawPeer({ ...this, tls: undefined })).connected();
  }

  /* A raw connection with a WebSocket open on it. */
  async rawSession(...behind) {
    const peer = await this.raw();
    return peer.upgrade(...behind);
  }

  /* The same with a subprotocol. */
  async rawSessionOf(protocol) {
    const peer = await this.raw();
    await peer.write(handshake({ headers: { 'Sec-WebSocket-Protocol': protocol } }));
    assert.strictEqual((await peer.httpAnswer()).status, 101);
    return peer;
  }

  #keep(peer) {
    this.peers.push(peer);
    return peer;
  }

  get(path, options) {
    return request(this, path, options);
  }

  /*
   * All metrics now: a Map by name and labels as they are written. Asks again while it is turned away, for a limit or for want of
   * descriptors.
   */
  async metrics() {
    let refused = '';
    const answer = await until(
      async () => {
        assert.ok(!this.program.hasEnded, `ended with ${this.program.code ?? this.program.signal}:\n${this.program.stderr}`);
        const it = await this.get('/metrics').catch((error) => ({ status: 503, body: error.message }));
        refused = it.body;
        return it.status !== 503 && it;
      },
      () => `the metrics: ${refused}`,
    );
    assert.strictEqual(answer.status, 200);
    return metrics.parse(answer.body).values;
  }

  async metric(name) {
    const values = await this.metrics();
    assert.ok(values.has(name), `no metric ${name}`);
    return values.get(name);
  }

  /* Wait until all these metrics have these values. */
  async showsMetrics(wanted) {
    let values;
    const differing = () => Object.keys(wanted).filter((name) => values.get(name) !== wanted[name]);
    await until(
      async () => {
        values = await this.metrics();
        return differing().length === 0;
      },
      () =>
        differing()
          .map((name) => `${name} ${wanted[name]} (is ${values.get(name)})`)
          .join(', '),
    );
    return values;
  }

  /* Nothing of any client is left. */
  becomesIdle() {
    return this.showsMetrics(IDLE);
  }

  /* Open descriptors of the process while nobody asks for metrics. */
  descriptors() {
    return fs.readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /* Wait until only so many descriptors are open. */
  async descriptorsFallTo(count) {
    await until(
      () => this.descriptors() <= count,
      () => `${count} descriptors, ${this.descriptors()} are open`,
    );
  }

  /* Ask it to stop, let the clients go without a word, and see that it ends well. */
  async stop() {
    for (const peer of this.peers) peer.destroy();
    /* A second signal would end it at once. */
    if (!this.program.hasEnded && !this.program.wasKilled) this.program.kill('SIGTERM');
    await this.endsWith(0);
  }

  /* As a power cut does: no word to anybody. */
  async cut() {
    this.endIsChecked = true;
    this.program.kill('SIGKILL');
    await this.program.ended();
    for (const peer of this.peers) peer.destroy();
  }

  async endsWith(code) {
    this.endIsChecked = true;
    assert.strictEqual(await this.program.ended(), code, `exit ${this.program.code}:\n${this.program.stderr}`);
    assert.doesNotMatch(this.program.stderr, /^\S+ error /m);
  }
}

async function start(t, file, args, options) {
  const program = new Program(file, args, options);
  const server = new Server(program);
  t.after(async () => {
    if (!server.endIsChecked) await server.stop();
  });
  const [, authority, host, port] = await program.printed(/ net\.listening .*listening on ((\S+):(\d+))\n/);
  server.authority = authority;
  server.tls = options?.tls;
  server.url = `${server.tls ? 'wss' : 'ws'}://${authority}/`;
  server.host = host.replace(/^\[|\]$/g, '');
  server.port = Number(port);
  await program.printed(/ server\.ready /);
  return server;
}

/* Start `spectate serve` for this test, on any port of 127.0.0.1 and with one worker unless `args` say otherwise. */
function startServer(t, args = [], options = {}) {
  const listen = args.includes('--listen') ? [] : ANY_PORT;
  const workers = args.includes('--workers') ? [] : ['--workers', '1'];
  return start(t, SPECTATE, ['serve', ...listen, ...workers, ...args], options);
}

/* The same with TLS, by a certificate of lib/pki.js; `pki` made it, and its clients trust that. */
function startTlsServer(t, { pki, certificate }, args = [], options = {}) {
  const files = ['--tls-cert', certificate.cert, '--tls-key', certificate.key];
  return startServer(t, [...files, ...args], { ...options, tls: { ca: pki.certificate } });
}

function startEcho(t, args = []) {
  return start(t, WS_ECHO, [...ANY_PORT, ...args]);
}

/*
 * Declare tests for each number of workers: the end of their names, and the arguments for the server. A worker brings its gauges
 * up to date four times in the shortest of the timeouts.
 */
function forEachWorkerCount(declare) {
  for (const count of WORKER_COUNTS)
    declare(count === 1 ? '' : ` (${count} workers)`, ['--workers', String(count), '--keep-alive-timeout', '200ms']);
}

module.exports = { forEachWorkerCount, startEcho, startServer, startTlsServer };
