'use strict';
/*
 * Five thousand spectators: of one runner, and of five each.
 */
const assert = require('node:assert');
const { execSync } = require('node:child_process');
const fs = require('node:fs');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { SPECTATE } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { until } = require('./lib/wait.js');

const SPECTATORS = 5000;
const AT_A_TIME = 250;
const NEEDED = SPECTATORS + 200;
const FOLLOW = frames.text({ initialRequest: true, following: [1], userId: 7 });
const RUNNERS = 200;
const OF_FIVE = 5;
const BYTES_EACH = 1000; // of a session that follows five

/* The hard limit is what counts: node and the server raise theirs to it. */
function descriptorLimit() {
  const limit = execSync('ulimit -Hn', { shell: '/bin/sh' }).toString().trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

const TOO_FEW =
  descriptorLimit() >= NEEDED ? false : `needs ${NEEDED} file descriptors, ${descriptorLimit()} are allowed`;

/* A sanitizer keeps a shadow of all memory, and what was freed. A program built with one names its runtime's functions. */
const IS_SANITIZED = /__(asan|tsan|msan)_init/.test(fs.readFileSync(SPECTATE, 'latin1'));
const CANT_WEIGH = TOO_FEW || (IS_SANITIZED && 'the memory of a build with a sanitizer says nothing');

/* Whom the i-th spectator follows: five of all, nearly each others (steps as in a generator of random numbers). */
function fiveOf(i) {
  const ids = new Set();
  for (let state = i + 1; ids.size < OF_FIVE; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    ids.add((state >>> 16) % RUNNERS);
  }
  return [...ids];
}

async function gather(server, count, followOf) {
  const peers = [];
  while (peers.length < count)
    peers.push(
      ...(await Promise.all(
        Array.from({ length: AT_A_TIME }, (_, i) => server.rawSession(followOf(peers.length + i))),
      )),
    );
  return peers;
}

test(
  'five thousand spectators all get a position, and leave nothing',
  { skip: TOO_FEW },
  async (t) => {
    const server = await startServer(t, ['--workers', '2', '--keep-alive-timeout', '400ms']);
    const before = server.descriptors();
    const runner = await server.client();
    const spectators = await gather(server, SPECTATORS, () => FOLLOW);
    const full = await server.showsMetrics({
      spectate_sessions: SPECTATORS + 1,
      spectate_followers: SPECTATORS,
      spectate_connections: SPECTATORS + 2,
    });
    assert.ok(full.get('spectate_audiences') <= 2, `${full.get('spectate_audiences')} audiences`);
    for (let i = 0; i < 3; i++) {
      runner.publish(1, i, 2 * i);
      const got = await Promise.all(spectators.map((spectator) => spectator.message()));
      for (const position of got) assert.deepStrictEqual(position, { userId: 1, lat: i, lng: 2 * i });
    }
    await server.showsMetrics({ spectate_positions_delivered_total: 3 * SPECTATORS, spectate_queued_bytes: 0 });
    for (const spectator of spectators) spectator.destroy();
    runner.destroy();
    await server.becomesIdle();
    await server.descriptorsFallTo(before);
  },
);

/* What a server has in memory once it has done all that the test is about, if only for a few. */
async function residentAfterFew(server, followOf) {
  const few = await gather(server, AT_A_TIME, followOf);
  for (const peer of few) peer.destroy();
  await server.becomesIdle();
  return server.metric('process_resident_memory_bytes');
}

test(
  'an idle session that follows five costs little memory, which goes back when the crowd has gone',
  { skip: CANT_WEIGH },
  async (t) => {
    const server = await startServer(t, ['--keep-alive-timeout', '400ms']);
    const resident = () => server.metric('process_resident_memory_bytes');
    const followOf = (i) => frames.text({ initialRequest: true, following: fiveOf(i) });
    const empty = await residentAfterFew(server, followOf);
    const spectators = await gather(server, SPECTATORS, followOf);
    await server.showsMetrics({ spectate_sessions: SPECTATORS, spectate_followers: SPECTATORS });

    const each = ((await resident()) - empty) / SPECTATORS;
    assert.ok(each < BYTES_EACH, `${Math.round(each)} bytes for each session`);

    for (const spectator of spectators) spectator.destroy();
    await server.becomesIdle();
    let left;
    await until(
      async () => (left = (await resident()) - empty) < (each * SPECTATORS) / 4,
      () => `memory to come back: ${left} of ${each * SPECTATORS} bytes are in use still`,
    );
  },
);
