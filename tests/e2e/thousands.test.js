'use strict';
/*
 * Five thousand spectators of one runner.
 */
const assert = require('node:assert');
const { execSync } = require('node:child_process');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { startServer } = require('./lib/server.js');

const SPECTATORS = 5000;
const AT_A_TIME = 250;
const NEEDED = SPECTATORS + 200;
const FOLLOW = frames.text({ initialRequest: true, following: [1], userId: 7 });

/* The hard limit is what counts: node and the server raise theirs to it. */
function descriptorLimit() {
  const limit = execSync('ulimit -Hn', { shell: '/bin/sh' }).toString().trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

const TOO_FEW =
  descriptorLimit() >= NEEDED ? false : `needs ${NEEDED} file descriptors, ${descriptorLimit()} are allowed`;

test(
  'five thousand spectators all get a position, cost little memory, and leave nothing',
  { skip: TOO_FEW },
  async (t) => {
    const server = await startServer(t, ['--workers', '2', '--keep-alive-timeout', '400ms']);
    const before = server.descriptors();
    const runner = await server.client();
    const empty = await server.metric('process_resident_memory_bytes');
    const spectators = [];
    while (spectators.length < SPECTATORS)
      spectators.push(...(await Promise.all(Array.from({ length: AT_A_TIME }, () => server.rawSession(FOLLOW)))));
    const full = await server.showsMetrics({
      spectate_sessions: SPECTATORS + 1,
      spectate_followers: SPECTATORS,
      spectate_connections: SPECTATORS + 2,
    });
    assert.ok(full.get('spectate_audiences') <= 2, `${full.get('spectate_audiences')} audiences`);
    const each = (full.get('process_resident_memory_bytes') - empty) / SPECTATORS;
    assert.ok(each < 20_000, `${Math.round(each)} bytes for each spectator`);
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
