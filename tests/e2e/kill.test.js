'use strict';
/*
 * What was acknowledged is on disk: the process is killed at random moments while it acknowledges thousands of positions a second, again
 * and again on the same store, and nothing that anybody was told is missing after that.
 *
 * KILL_ROUNDS (5), KILL_RATE (5000 positions a second), KILL_SEED: for longer runs, and to repeat one.
 */
const assert = require('node:assert');
const test = require('node:test');
const { spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFolder } = require('./lib/temporary.js');

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 5);
const RATE = Number(process.env.KILL_RATE ?? 5000);
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1e6);
const CLIENTS = 5;
const RUNNERS = 100;
const TICK_MS = 10;
const BATCH = Math.max(1, Math.round((RATE * TICK_MS) / 1000 / CLIENTS));
const START = Date.now() - 24 * 3600e3;

/* 0 to 1, by the minimal standard generator (Park and Miller). */
let state = SEED + 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

/* The n-th position of all: its runner has no other of that time. */
function position(n) {
  return { userId: n % RUNNERS, lat: (10000 + (n % 1000)) / 1e4, lng: 2, time: START + n };
}

class Load {
  constructor() {
    this.sent = 0;
    this.acknowledged = new Set(); // numbers of positions
    this.refused = 0;
  }

  async join(server) {
    const client = await server.client({ protocols: ['spectate.v1'] });
    await client.next();
    return client;
  }

  publish(client) {
    const first = this.sent;
    this.sent += BATCH;
    client.send({ type: 'positions', id: first, positions: Array.from({ length: BATCH }, (_, i) => position(first + i)) });
  }

  /* Until the connection breaks. */
  async listen(client) {
    for (;;) {
      const text = await client.nextText().catch(() => undefined);
      if (text === undefined) return;
      const { type, id, stored } = JSON.parse(text);
      assert.ok(type === 'ack' && stored, text);
      for (let i = 0; i < BATCH; i++) this.acknowledged.add(id + i);
    }
  }

  /* One life of the server: it is killed some time after it has acknowledged something. Returns how long it acknowledged. */
  async round(server) {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => this.join(server)));
    const before = this.acknowledged.size;
    const listening = clients.map((client) => this.listen(client));
    const timer = setInterval(() => clients.filter(({ closing }) => !closing).forEach((client) => this.publish(client)), TICK_MS);
    await clients[0].changed.until(() => this.acknowledged.size > before, 'an acknowledgement');
    const beganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 950));
    await server.cut();
    clearInterval(timer);
    await Promise.all(listening);
    return performance.now() - beganMs;
  }
}

/* Numbers of the positions in the store; each as it was sent. */
async function stored(data, load) {
  const { code, stdout, stderr } = await spectate(['export', '--data', data]);
  assert.strictEqual(code, 0, stderr);
  const numbers = new Set();
  for (const line of stdout.split('\n').slice(0, -1)) {
    const found = JSON.parse(line);
    const n = found.time - START;
    assert.deepStrictEqual(found, position(n));
    assert.ok(n < load.sent);
    numbers.add(n);
  }
  return numbers;
}

test(`${ROUNDS} kills under ${RATE} acknowledged positions a second lose none of them`, async (t) => {
  const args = ['--workers', '2', '--data', temporaryFolder(t)];
  const load = new Load();
  const restarts = [];
  let server = await startServer(t, args);
  let publishedMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    publishedMs += await load.round(server);
    const cutMs = performance.now();
    server = await startServer(t, args);
    restarts.push(performance.now() - cutMs);
    const numbers = await stored(args[3], load);
    for (const n of load.acknowledged) assert.ok(numbers.has(n), `round ${round}, seed ${SEED}: position ${n} was acknowledged and is missing`);
  }
  const perSecond = Math.round(load.acknowledged.size / (publishedMs / 1000));
  t.diagnostic(`seed ${SEED}: ${load.acknowledged.size} acknowledged, ${perSecond} a second; ready again after ${Math.round(Math.max(...restarts))} ms at most`);
});
