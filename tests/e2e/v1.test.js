'use strict';
/*
 * The dialect v1 on the real server: what a client says, and what it hears.
 */
const assert = require('node:assert');
const test = require('node:test');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const V1 = { protocols: ['spectate.v1'] };

/* A client that was welcomed. */
async function join(server, options = {}) {
  const client = await server.client({ ...V1, ...options });
  client.welcome = await client.next();
  assert.strictEqual(client.welcome.type, 'welcome');
  return client;
}

/* Follow, and take the answers: the positions of the snapshot. */
async function follow(client, message) {
  client.send({ type: 'follow', id: 'f', ...message });
  assert.deepStrictEqual(await client.next(), { type: 'ack', id: 'f' });
  return snapshot(client);
}

/* The next messages are a snapshot: its positions, and `cursor` of the client set. */
async function snapshot(client) {
  const positions = [];
  for (;;) {
    const message = await client.next();
    assert.strictEqual(message.type, 'snapshot');
    positions.push(...message.positions);
    if (message.cursor === undefined) continue;
    client.cursor = message.cursor;
    return positions;
  }
}

async function publish(client, message) {
  client.send({ type: 'position', id: 'p', ...message });
  assert.deepStrictEqual(await client.next(), { type: 'ack', id: 'p', stored: false });
}

/* What comes is the live positions of one message. */
async function live(client) {
  const { type, positions, cursor } = await client.next();
  assert.strictEqual(type, 'positions');
  assert.notStrictEqual(cursor, client.cursor);
  client.cursor = cursor;
  return positions;
}

test('who asks for v1 is answered in it and told the limits; who does not speaks as ever', async (t) => {
  const server = await startServer(t, ['--max-message-bytes', '1000', '--stale-time', '7s', '--lost-time', '9s']);
  const before = Date.now();
  const client = await join(server);
  assert.strictEqual(client.ws.protocol, 'spectate.v1');
  const { time, limits, stale, lost, store, expires } = client.welcome;
  assert.ok(time >= before && time <= Date.now());
  assert.deepStrictEqual([limits.messageBytes, stale, lost, store, expires], [1000, 7000, 9000, false, null]);
  const seed = await server.client();
  assert.strictEqual(seed.ws.protocol, '');
  await seed.expectNothingMore();
});

forEachWorkerCount((suffix, workers) => {
  test(`a position comes out as it went in, with all that it says${suffix}`, async (t) => {
    const server = await startServer(t, workers);
    const [runner, spectator] = [await join(server), await join(server)];
    assert.deepStrictEqual(await follow(spectator, { runners: [7, 'ann'] }), []);
    const said = { lat: 48.8568123, lng: -2.2927001, altitude: -35.25, accuracy: 4.5, speed: 3.75, heading: 359.99, battery: 0 };
    const time = Date.now() - 60_000;
    await publish(runner, { userId: 7, time, ...said });
    assert.deepStrictEqual(await live(spectator), [{ userId: 7, time, ...said }]);
    runner.send({ type: 'hello', userId: 'ann' });
    assert.strictEqual((await runner.next()).type, 'welcome');
    await publish(runner, { lat: 1, lng: 2, time: new Date(time).toISOString() });
    assert.deepStrictEqual(await live(spectator), [{ userId: 'ann', lat: 1, lng: 2, time }]);
    const late = await join(server);
    await until(async () => {
      const positions = await follow(late, { groups: ['*'] });
      late.send({ type: 'unfollow', id: 'u', groups: ['*'] });
      assert.deepStrictEqual(await late.next(), { type: 'ack', id: 'u' });
      return positions.length === 2;
    }, 'a snapshot of both');
  });
});

test('both dialects follow the same runners', async (t) => {
  const server = await startServer(t);
  const [one, seed] = [await join(server), await server.client()];
  await follow(one, { runners: [7] });
  seed.follow([7]);
  await seed.ping();
  seed.publish(7, 10, 20);
  assert.deepStrictEqual(await seed.next(), { userId: 7, lat: 10, lng: 20 });
  const [{ time, ...position }] = await live(one);
  assert.deepStrictEqual(position, { userId: 7, lat: 10, lng: 20 });
  assert.ok(Math.abs(Date.now() - time) < 60_000);
  await publish(one, { userId: 7, lat: 11, lng: 21 });
  assert.deepStrictEqual(await seed.next(), { userId: 7, lat: 11, lng: 21 });
});

test('what comes late or twice is acknowledged, and moves no marker', async (t) => {
  const server = await startServer(t);
  const [runner, spectator] = [await join(server), await join(server)];
  await follow(spectator, { runners: [7] });
  const time = Date.now() - 60_000;
  await publish(runner, { userId: 7, lat: 1, lng: 1, time });
  assert.strictEqual((await live(spectator))[0].time, time);
  await publish(runner, { userId: 7, lat: 1, lng: 1, time });
  await publish(runner, { userId: 7, lat: 2, lng: 2, time: time - 1000 });
  await spectator.expectNothingMore();
  await server.showsMetrics({ spectate_positions_late_total: 1, spectate_positions_received_total: 1 });
});

test('many positions at once count whole or not at all', async (t) => {
  const server = await startServer(t);
  const [runner, spectator] = [await join(server), await join(server)];
  await follow(spectator, { runners: [7, 8] });
  const time = Date.now() - 10_000;
  const track = Array.from({ length: 1000 }, (_, i) => ({ userId: 7 + (i % 2), lat: (i + 1) / 100, lng: i / 10, time: time + i }));
  runner.send({ type: 'positions', id: 1, positions: track });
  assert.deepStrictEqual(await runner.next(), { type: 'ack', id: 1, stored: false });
  const heard = [];
  while (heard.length < track.length) heard.push(...(await live(spectator)));
  assert.deepStrictEqual(heard, track);
  const bad = [{ userId: 7, lat: 1, lng: 1 }, { userId: 7, lat: 1, lng: 1, time: Date.now() + 3_600_000 }];
  runner.send({ type: 'positions', id: 2, positions: bad });
  const { code, id, index } = await runner.next();
  assert.deepStrictEqual([code, id, index], ['bad_time', 2, 1]);
  await spectator.expectNothingMore();
});

test('who follows a group follows those who join it later', async (t) => {
  const server = await startServer(t);
  const [runner, spectator] = [await join(server), await join(server)];
  assert.deepStrictEqual(await follow(spectator, { groups: ['*'] }), []);
  await publish(runner, { userId: 'new', lat: 1, lng: 2 });
  const [{ userId }] = await snapshot(spectator);
  assert.strictEqual(userId, 'new');
  await publish(runner, { userId: 'new', lat: 3, lng: 4 });
  assert.strictEqual((await live(spectator))[0].lat, 3);
  spectator.send({ type: 'unfollow', id: 1, groups: ['*'] });
  assert.deepStrictEqual(await spectator.next(), { type: 'ack', id: 1 });
  await publish(runner, { userId: 'new', lat: 5, lng: 6 });
  await spectator.expectNothingMore();
});

test('a runner that falls silent is stale, then lost, and live again; a snapshot says so too', async (t) => {
  const server = await startServer(t, ['--stale-time', '300ms', '--lost-time', '1s']);
  const [runner, spectator] = [await join(server), await join(server)];
  await follow(spectator, { runners: [7] });
  await publish(runner, { userId: 7, lat: 1, lng: 2 });
  const [{ time }] = await live(spectator);
  assert.deepStrictEqual(await spectator.next(), { type: 'status', userId: 7, status: 'stale', since: time });
  assert.deepStrictEqual(await spectator.next(), { type: 'status', userId: 7, status: 'lost', since: time });
  const late = await join(server);
  assert.strictEqual((await follow(late, { runners: [7] }))[0].status, 'lost');
  await publish(runner, { userId: 7, lat: 3, lng: 4 });
  const { type, status } = await spectator.next();
  assert.deepStrictEqual([type, status], ['status', 'live']);
  assert.strictEqual((await live(spectator))[0].lat, 3);
});

test('with a pace the newest of each comes at a tick', async (t) => {
  const server = await startServer(t);
  const [runner, spectator] = [await join(server), await join(server)];
  await follow(spectator, { runners: [7], every: 300 });
  for (let i = 1; i <= 50; i++) await publish(runner, { userId: 7, lat: i, lng: 0 });
  const heard = [];
  while (heard.at(-1) !== 50) heard.push(...(await live(spectator)).map(({ lat }) => lat));
  assert.deepStrictEqual(heard, [...heard].sort((a, b) => a - b));
  assert.strictEqual(new Set(heard).size, heard.length);
});

test('without a store a cursor leads to a reset, then all is there', async (t) => {
  const server = await startServer(t);
  const [runner, spectator] = [await join(server), await join(server)];
  await follow(spectator, { runners: [7] });
  await publish(runner, { userId: 7, lat: 1, lng: 2 });
  await live(spectator);
  for (const [since, reason] of [[spectator.cursor, 'not_kept'], ['nonsense', 'unknown_cursor']]) {
    const back = await join(server);
    back.send({ type: 'follow', id: 1, runners: [7], since });
    assert.deepStrictEqual(await back.next(), { type: 'reset', id: 1, reason });
    assert.deepStrictEqual(await back.next(), { type: 'ack', id: 1 });
    assert.strictEqual((await snapshot(back))[0].lat, 1);
  }
});

test('what is wrong is told with the request that it was in, and the session lives on', async (t) => {
  const server = await startServer(t);
  const client = await join(server);
  const wrong = [
    ['nonsense', 'bad_json'],
    [{ type: 'dance', id: 1 }, 'unknown_type'],
    [{ id: 1 }, 'missing_member'],
    [{ type: 'position', id: 1, lat: 1, lng: 2 }, 'missing_member'],
    [{ type: 'position', id: 1, userId: 7, lat: 91, lng: 2 }, 'bad_position'],
    [{ type: 'position', id: 1, userId: 7, lat: 0, lng: 0 }, 'bad_position'],
    [{ type: 'position', id: 1, userId: 7, lat: 1, lng: 2, battery: 101 }, 'bad_position'],
    [{ type: 'position', id: 1, userId: 7, lat: 1, lng: 2, time: 'yesterday' }, 'bad_time'],
    [{ type: 'position', id: 1, userId: 7, lat: 1, lng: 2, time: 0 }, 'bad_time'],
    [{ type: 'follow', id: 1, runners: [1.5] }, 'bad_id'],
    [{ type: 'follow', id: 1, runners: [], every: -1 }, 'bad_pace'],
  ];
  for (const [message, code] of wrong) {
    client.send(message);
    const answer = await client.next();
    assert.deepStrictEqual([answer.type, answer.code], ['error', code], JSON.stringify(message));
    if (message.id) assert.strictEqual(answer.id, message.id);
  }
  client.send({ type: 'ping', id: 'still here' });
  const { type, id } = await client.next();
  assert.deepStrictEqual([type, id], ['pong', 'still here']);
});

test('a token is shown by hello, and grants what it grants', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer));
  const client = await server.client(V1);
  client.send({ type: 'hello', id: 1, token: await issuer.token({ sub: '7', follow: ['8'] }), userId: 7 });
  const welcome = await client.next();
  assert.deepStrictEqual([welcome.type, welcome.id, typeof welcome.expires], ['welcome', 1, 'number']);
  client.send({ type: 'follow', id: 2, runners: [7, 8, 9], groups: ['*'] });
  const denied = await client.next();
  assert.deepStrictEqual([denied.code, denied.id, denied.ids], ['not_allowed', 2, [9]]);
  assert.deepStrictEqual(await client.next(), { type: 'ack', id: 2 });
  assert.deepStrictEqual(await snapshot(client), []);
  client.send({ type: 'position', id: 3, userId: 8, lat: 1, lng: 2 });
  const refused = await client.next();
  assert.deepStrictEqual([refused.code, refused.id, refused.ids], ['not_allowed', 3, [8]]);
  client.send({ type: 'token', id: 4, token: await issuer.token({ sub: '7' }) });
  assert.strictEqual((await client.next()).type, 'token');
  const stranger = await server.client(V1);
  stranger.send({ type: 'follow', runners: [7] });
  assert.strictEqual((await stranger.next()).code, 'token_required');
  await stranger.closed();
});

test('a token in the subprotocols beside v1 is taken, and v1 answered', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer));
  const token = await issuer.token({ sub: '7' });
  const client = await join(server, { protocols: ['spectate.v1', 'spectate.token', token] });
  assert.strictEqual(client.ws.protocol, 'spectate.v1');
  const header = await join(server, { ...V1, ...bearer(token) });
  assert.strictEqual(typeof header.welcome.expires, 'number');
});

test('when the server stops, each is told when to come back', async (t) => {
  const server = await startServer(t);
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await join(server));
  const { minimum, maximum } = clients[0].welcome.reconnect;
  server.program.kill('SIGTERM');
  const after = [];
  for (const client of clients) {
    const message = await client.next();
    assert.strictEqual(message.type, 'reconnect');
    assert.ok(message.after >= minimum && message.after <= maximum);
    after.push(message.after);
    assert.strictEqual((await client.closed()).code, 1001);
  }
  assert.ok(new Set(after).size > 1, `all at ${after}`);
});

test('who asks and does not read is closed in the middle of it, and the server lives on', async (t) => {
  const server = await startServer(t, ['--max-queued-bytes', '4K', '--lag-bytes', '1K', '--max-faults', '1000']);
  const client = await join(server);
  client.socket.pause();
  const id = 'x'.repeat(60);
  const runners = Array.from({ length: 5 }, (_, i) => `${id}${i}`);
  const closed = async () => (await server.metric('spectate_sessions_closed_total{reason="queue_full"}')) === 1;
  await until(async () => {
    for (let i = 0; i < 500; i++) client.send({ type: 'follow', id, runners, since: 'nonsense' });
    return closed();
  }, 'the session to be closed');
  client.destroy();
  await (await join(server)).expectNothingMore();
});

forEachWorkerCount((suffix, workers) => {
  test(`who publishes is told to do it often while somebody follows, and seldom while nobody does${suffix}`, async (t) => {
    const server = await startServer(t, [...workers, '--publish-every', '2s', '--publish-every-unfollowed', '12s']);
    const runner = await join(server);
    runner.send({ type: 'hello', userId: 7 });
    await until(() => runner.rates.length === 1, 'the first pace');
    const spectator = await join(server);
    await follow(spectator, { runners: ['7'] });
    await until(() => runner.rates.length === 2, 'the pace with a follower');
    assert.deepStrictEqual(runner.rates, [
      { type: 'rate', userId: 7, every: 12000 },
      { type: 'rate', userId: 7, every: 2000 },
    ]);
    spectator.close();
    await until(() => runner.rates.length === 3, 'the pace without it');
    assert.deepStrictEqual(runner.rates[2], { type: 'rate', userId: 7, every: 12000 });
  });
});

test('who may not publish as a runner any more is not told whether somebody follows it', async (t) => {
  const issuer = await issuerOf(t);
  const server = await startServer(t, authArgs(t, issuer, ['--publish-every', '2s', '--publish-every-unfollowed', '12s']));
  const runner = await server.client({ ...V1, ...bearer(await issuer.token({ sub: '7' })) });
  const witness = await server.client({ ...V1, ...bearer(await issuer.token({ sub: '7' })) });
  const spectator = await server.client({ ...V1, ...bearer(await issuer.token({ sub: '9', follow: ['7'] })) });
  for (const client of [runner, witness]) client.send({ type: 'hello', userId: 7 });
  await until(() => runner.rates.length === 1 && witness.rates.length === 1, 'the first pace');
  runner.send({ type: 'token', token: await issuer.token({ sub: '8' }) });
  await runner.settle();
  spectator.send({ type: 'follow', runners: [7] });
  await until(() => witness.rates.length === 2, 'the pace with a follower');
  await runner.settle();
  assert.deepStrictEqual(runner.rates, [{ type: 'rate', userId: 7, every: 12000 }]);
  runner.send({ type: 'position', userId: 8, lat: 1, lng: 2 });
  await until(() => runner.rates.length === 2, 'the pace of another runner');
  assert.deepStrictEqual(runner.rates[1], { type: 'rate', userId: 8, every: 12000 });
});

test('the pace is told of the first runner that a session publishes, and of none without a pace', async (t) => {
  const server = await startServer(t, ['--publish-every', '0']);
  const gateway = await join(server);
  for (const userId of [1, 2, 3]) await publish(gateway, { userId, lat: 1, lng: 2 });
  const spectator = await join(server);
  await follow(spectator, { runners: [1, 2, 3] });
  await until(async () => (await server.metric('spectate_followers')) === 1, 'the follower');
  await publish(gateway, { userId: 1, lat: 2, lng: 2 });
  assert.deepStrictEqual(gateway.rates, [{ type: 'rate', userId: 1, every: 10000 }]);
});

test('a follow that is refused is answered by the error alone, and changes nothing', async (t) => {
  const server = await startServer(t, ['--max-follows', '2']);
  const [runner, spectator] = [await join(server), await join(server)];
  for (const userId of [1, 2, 3]) await publish(runner, { userId, lat: 1, lng: 2 });
  assert.deepStrictEqual((await follow(spectator, { runners: [1] })).map(({ userId }) => userId), [1]);
  spectator.send({ type: 'follow', id: 'x', groups: ['*'] });
  const { type, id, code } = await spectator.next();
  assert.deepStrictEqual([type, id, code], ['error', 'x', 'too_many_follows']);
  await publish(runner, { userId: 4, lat: 1, lng: 2 }); // it does not follow the group
  await publish(runner, { userId: 1, lat: 2, lng: 2 });
  assert.strictEqual((await live(spectator))[0].lat, 2);
  await spectator.expectNothingMore();
});

test('a message of no positions is carried out', async (t) => {
  const server = await startServer(t);
  const runner = await join(server);
  runner.send({ type: 'positions', id: 'none', positions: [] });
  const answer = await runner.next();
  assert.deepStrictEqual(answer, { type: 'ack', id: 'none', stored: false });
});
