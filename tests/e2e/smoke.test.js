'use strict';
/*
 * The shortest way through all of it: what else is tested has no meaning when this fails. Also run under ThreadSanitizer.
 */
const assert = require('node:assert');
const test = require('node:test');
const { forEachWorkerCount, startServer } = require('./lib/server.js');

forEachWorkerCount((workers, args) => {
  test(`a spectator sees what a runner publishes${workers}`, async (t) => {
    const server = await startServer(t, args);
    const [runner, spectator] = await server.clients(2);
    spectator.follow([7]);
    await spectator.ping();
    runner.publish(7, 48.8568, 2.2927);
    assert.deepStrictEqual(await spectator.next(), { userId: 7, lat: 48.8568, lng: 2.2927 });
    await runner.expectNothingMore();
  });

  test(`the server says that it is alive, ready, and what it did${workers}`, async (t) => {
    const server = await startServer(t, args);
    const client = await server.client();
    client.follow([1]);
    client.publish(1, 1, 2);
    await client.next();
    assert.strictEqual((await server.get('/healthz')).status, 200);
    assert.strictEqual((await server.get('/readyz')).status, 200);
    await server.showsMetrics({
      spectate_sessions: 1,
      spectate_followers: 1,
      spectate_runners: 1,
      spectate_positions_received_total: 1,
      spectate_positions_delivered_total: 1,
      spectate_positions_superseded_total: 0,
    });
  });

  test(`many clients come, talk and go at the same time${workers}`, async (t) => {
    const server = await startServer(t, args);
    for (let round = 0; round < 3; round++) {
      const clients = await server.clients(20);
      /* Each is a runner of its own: of one that publishes by several connections at once, an older position may be left out. */
      for (const client of clients) client.follow(clients.map((_, id) => id));
      await Promise.all(clients.map((client) => client.ping()));
      for (const [i, client] of clients.entries()) client.publish(i, i, round);
      await Promise.all(clients.map((client) => client.take(20)));
      for (const client of clients.slice(10)) client.destroy();
      await Promise.all(clients.slice(0, 10).map((client) => client.close(1000)));
    }
    await server.becomesIdle();
  });

  test(`on SIGTERM the clients are told and the server ends well${workers}`, async (t) => {
    const server = await startServer(t, args);
    const client = await server.client();
    server.program.kill('SIGTERM');
    assert.deepStrictEqual(await client.closed(), { code: 1001, reason: 'the server is going away' });
    await server.endsWith(0);
  });
});
