'use strict';
/*
 * Who comes back with a cursor gets all that it missed, once, and then what is live; or is told that it does not.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const frames = require('./lib/frame.js');
const { hold } = require('./lib/held_file.js');
const { Operators } = require('./lib/operators.js');
const { spectate } = require('./lib/program.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { Spectator } = require('./lib/spectator.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const HOUR_AGO = Date.now() - 3_600_000;
const MOST = 20_000; // positions that are told

/* The `number`-th position of a runner. */
const step = (userId, number) => ({ userId, lat: (1e6 + number) / 1e6, lng: 2, time: HOUR_AGO + number * 100 });
const steps = (userId, from, to) => Array.from({ length: to - from + 1 }, (_, i) => step(userId, from + i));

async function startKeeping(t, args = []) {
  const data = temporaryFolder();
  const server = await startServer(t, ['--data', data, ...args]);
  return { server, data, file: path.join(data, 'spectate.db') };
}

/* Followed these, and was cut: what it had got up to there. */
async function cursorOf(server, message) {
  const spectator = await Spectator.join(server);
  await spectator.follow(message);
  spectator.cut();
  return spectator.cursor;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Numbers from 0 to below 1, the same for the same seed. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/* Runners who publish step after step on connections of their own until stopped: how far each has come. */
async function race(server, runners) {
  const track = { isOver: false, steps: Object.fromEntries(runners.map((id) => [id, 0])) };
  const run = async (id) => {
    const phone = await Spectator.join(server);
    while (!track.isOver) {
      await phone.publish(step(id, ++track.steps[id]));
      await pause(1);
    }
  };
  track.all = Promise.all(runners.map(run));
  track.stop = () => {
    track.isOver = true;
    return track.all;
  };
  return track;
}

test('no cursor passes over somebody who has just appeared in a group', async (t) => {
  const { server } = await startKeeping(t);
  const phone = await Spectator.join(server);
  await phone.publish(step(1, 1));
  for (let newcomer = 2; newcomer < 12; newcomer++) {
    const spectator = await Spectator.join(server);
    const got = await spectator.follow({ groups: ['*'] });
    const before = spectator.cursor;
    phone.send({ type: 'positions', positions: [step(1, newcomer), step(newcomer, 1)] });
    while (spectator.cursor === before) {
      const { positions = [], cursor = before } = await spectator.client.next();
      got.push(...positions);
      spectator.cursor = cursor;
    }
    spectator.cut();
    const back = await Spectator.join(server);
    got.push(...(await back.resume({ groups: ['*'], since: spectator.cursor })));
    back.cut();
    assert.ok(got.some(({ userId }) => userId === newcomer), `${newcomer} was passed over`);
  }
});

forEachWorkerCount((suffix, workers) => {
  test(`one who is cut and returns 200 times gets exactly the race${suffix}`, { timeout: 120_000 }, async (t) => {
    const { server } = await startKeeping(t, [...workers, '--lag-time', '30s', '--publish-every-unfollowed', '0']);
    const random = randomOf(20261126);
    const runners = [1, 2, 3, 'ann', 'bob'];
    const got = Object.fromEntries(runners.map((id) => [id, []]));
    const note = (positions) => positions.forEach(({ userId, time }) => got[userId].push((time - HOUR_AGO) / 100));
    let spectator = await Spectator.join(server);
    await spectator.follow({ runners });
    const track = await race(server, runners);
    for (let returns = 0; returns < 200; returns++) {
      await pause(random() * 15);
      while (spectator.client.texts.length > 0) note((await spectator.next('positions')).positions);
      const { cursor } = spectator;
      spectator.cut();
      await pause(random() * 15);
      spectator = await Spectator.join(server);
      note(await spectator.resume({ runners, since: cursor }));
    }
    await track.stop();
    const hasAll = () => runners.every((id) => got[id].length >= track.steps[id]);
    while (!hasAll()) note((await spectator.next('positions')).positions);
    for (const id of runners) assert.deepStrictEqual(got[id], Array.from({ length: track.steps[id] }, (_, i) => i + 1), id);
    await server.showsMetrics({ 'spectate_resumes_total{outcome="whole"}': 200 });
  });

  test(`a cursor holds over a power cut${suffix}`, async (t) => {
    const data = temporaryFolder();
    const args = [...workers, '--data', data];
    const first = await startServer(t, args);
    const [runner, spectator] = [await Spectator.join(first), await Spectator.join(first)];
    await spectator.follow({ runners: [7, 8] });
    await runner.publish(step(7, 1));
    assert.deepStrictEqual(await spectator.take(1), [step(7, 1)]);
    spectator.cut();
    await runner.publishAll(steps(7, 2, 10));
    await first.cut();
    const second = await startServer(t, args);
    const again = await Spectator.join(second);
    await again.publishAll([...steps(7, 11, 20), ...steps(8, 1, 5)]);
    const back = await Spectator.join(second);
    const missed = await back.resume({ runners: [7, 8], since: spectator.cursor });
    assert.deepStrictEqual(missed, [...steps(7, 2, 20), ...steps(8, 1, 5)]);
    await again.publish(step(8, 6));
    assert.deepStrictEqual(await back.take(1), [step(8, 6)]);
    const third = await Spectator.join(second);
    assert.deepStrictEqual(await third.resume({ runners: [7, 8], since: back.cursor }), []);
  });
});

/* On its worker a late one has a number too; the others never hear of it. */
test('a cursor that came behind late positions holds on every worker', async (t) => {
  const { server } = await startKeeping(t, ['--workers', '4']);
  const runners = await Promise.all(Array.from({ length: 8 }, () => Spectator.join(server)));
  for (const [i, runner] of runners.entries()) {
    const spectator = await Spectator.join(server);
    await spectator.follow({ runners: [i] });
    await runner.publishAll([step(i, 5), ...steps(i, 1, 5)]);
    assert.deepStrictEqual(await spectator.take(1), [step(i, 5)]);
    const late = await Spectator.join(server);
    await late.follow({ runners: [i] });
    for (let back = 0; back < 4; back++) {
      const other = await Spectator.join(server);
      for (const { cursor } of [spectator, late]) {
        const again = await Spectator.join(server);
        assert.deepStrictEqual(await again.resume({ runners: [i], since: cursor }), []);
      }
      other.cut();
    }
  }
  await server.showsMetrics({ 'spectate_resumes_total{outcome="whole"}': 64 });
});

test('who has missed nothing is told so, and where it is', async (t) => {
  const { server } = await startKeeping(t);
  const since = await cursorOf(server, { runners: [7] });
  const back = await Spectator.join(server);
  assert.deepStrictEqual(await back.resume({ runners: [7, 7, '7'], since }), []);
});

test('a cursor of another server, or of one that was not there yet, leads to a reset', async (t) => {
  const [{ server }, other] = [await startKeeping(t), await startKeeping(t)];
  const runner = await Spectator.join(server);
  await runner.publish(step(7, 1));
  const back = await Spectator.join(server);
  const since = await cursorOf(other.server, { runners: [7] });
  assert.deepStrictEqual(await back.isReset({ runners: [7], since }, 'unknown_cursor'), [step(7, 1)]);
  const bytes = Buffer.from(await cursorOf(server, { runners: [7] }), 'base64url');
  bytes[bytes.length - 1]++; // one that was never given
  const ahead = bytes.toString('base64url');
  const second = await Spectator.join(server);
  assert.deepStrictEqual(await second.isReset({ runners: [7], since: ahead }, 'unknown_cursor'), [step(7, 1)]);
  await server.showsMetrics({ 'spectate_resumes_total{outcome="unknown_cursor"}': 2, spectate_sessions_resuming: 0 });
});

test('a cursor that is just ahead of its worker is waited for', async (t) => {
  const { server } = await startKeeping(t);
  const runner = await Spectator.join(server);
  await runner.publish(step(7, 1));
  const bytes = Buffer.from(await cursorOf(server, { runners: [7] }), 'base64url');
  bytes[bytes.length - 1]++;
  const back = await Spectator.join(server);
  back.send({ type: 'follow', runners: [7], since: bytes.toString('base64url') });
  await server.showsMetrics({ spectate_sessions_resuming: 1 });
  await runner.publish(step(7, 2)); // which the cursor holds
  await runner.publish(step(7, 3));
  const heard = await back.whole('positions');
  while (heard.length === 0) heard.push(...(await back.next('positions')).positions);
  assert.deepStrictEqual(heard, [step(7, 3)]);
});

test('as much as is told comes whole, also to one who reads late; more leads to a reset', async (t) => {
  const { server } = await startKeeping(t);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7, 8] });
  const all = [...steps(7, 1, MOST / 2), ...steps(8, 1, MOST / 2)];
  await runner.publishAll(all);
  const late = await Spectator.join(server);
  late.send({ type: 'follow', runners: [8, 7], since });
  late.client.socket.pause();
  const prompt = await Spectator.join(server);
  assert.deepStrictEqual(await prompt.resume({ runners: [7, 8], since }), all);
  late.client.socket.resume();
  assert.deepStrictEqual(await late.whole('positions'), all);
  await runner.publish(step(7, MOST));
  for (const follower of [prompt, late]) assert.deepStrictEqual(await follower.take(1), [step(7, MOST)]);
  const third = await Spectator.join(server);
  const newest = await third.isReset({ runners: [7, 8], since }, 'too_much');
  assert.deepStrictEqual(newest.map(({ userId }) => userId).sort(), [7, 8]);
  const one = await Spectator.join(server); // of one runner it is not too much
  assert.strictEqual((await one.resume({ runners: [7], since })).length, MOST / 2 + 1);
});

test('what could not be stored since leads to a reset', async (t) => {
  const { server, file } = await startKeeping(t, ['--store-queue', '1000']);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7] });
  const holder = await hold(t, file);
  runner.send({ type: 'position', userId: 1, lat: 1, lng: 2 });
  await until(async () => {
    runner.send({ type: 'positions', positions: steps(7, 1, 1000) });
    return (await server.metric('spectate_positions_not_put_total')) > 0;
  }, 'the queue to be full');
  holder.kill();
  await until(async () => {
    runner.send({ type: 'position', id: 'p', ...step(7, 2000) });
    return (await runner.client.next()).type === 'ack';
  }, 'the disk to be there again');
  const back = await Spectator.join(server);
  assert.deepStrictEqual(await back.isReset({ runners: [7], since }, 'not_kept'), [step(7, 2000)]);
  server.endIsChecked = true; // the log has the errors that it should
  server.program.kill('SIGTERM');
  assert.strictEqual(await server.program.ended(), 0);
});

/* Nobody was shown live what an import brings. */
test('a cursor from before an import leads to a reset, also when nothing was new in it, and one from after it holds', async (t) => {
  const { server: first, data } = await startKeeping(t);
  const runner = await Spectator.join(first);
  await runner.publish(step(7, 1));
  const since = await cursorOf(first, { runners: [7] });
  await first.stop();
  for (const [i, imported] of [steps(7, 1, 5), [step(7, 1)]].entries()) {
    const file = temporaryFile(t, 'in.ndjson', imported.map((it) => `${JSON.stringify(it)}\n`).join(''));
    assert.strictEqual((await spectate(['import', '--data', data, file])).code, 0);
    const server = await startServer(t, ['--data', data]);
    const back = await Spectator.join(server);
    assert.deepStrictEqual(await back.isReset({ runners: [7], since }, 'not_kept'), [step(7, 5)]);
    const feed = await Spectator.join(server);
    await feed.publish(step(8, i));
    const again = await Spectator.join(server);
    assert.deepStrictEqual(await again.resume({ runners: [7, 8], since: back.cursor }), [step(8, i)]);
    await server.stop();
  }
});

test('of a group those are told who are in it now, and who joins it meanwhile is not lost', async (t) => {
  const groups = temporaryFile(t, 'groups.json', '{"elite": ["7", "new"]}');
  const { server, file } = await startKeeping(t, ['--groups', groups]);
  const runner = await Spectator.join(server);
  await runner.publish(step(7, 1));
  const since = await cursorOf(server, { groups: ['elite'] });
  await runner.publishAll([...steps(7, 2, 5), ...steps('new', 1, 5), ...steps(9, 1, 5)]);
  const back = await Spectator.join(server);
  const missed = await back.resume({ groups: ['elite'], since });
  assert.deepStrictEqual(missed, [...steps(7, 2, 5), ...steps('new', 1, 5)]);
  await runner.publish(step('new', 6));
  assert.deepStrictEqual(await back.take(1), [step('new', 6)]);

  const holder = await hold(t, file);
  runner.send({ type: 'position', ...step(9, 6) });
  const all = await Spectator.join(server);
  all.send({ type: 'follow', groups: ['*'], since: back.cursor });
  await server.showsMetrics({ spectate_sessions_resuming: 1 });
  runner.send({ type: 'position', ...step('late', 1) });
  await server.showsMetrics({ spectate_runners: 4 });
  holder.kill();
  const heard = await all.whole('positions');
  while (!heard.some(({ userId }) => userId === 'late')) heard.push(...(await all.client.next()).positions);
  assert.deepStrictEqual(heard.filter(({ userId }) => userId === 'late'), [step('late', 1)]);
});

test('with a pace all that was missed comes, and from there on the pace holds', async (t) => {
  const { server } = await startKeeping(t);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7] });
  await runner.publishAll(steps(7, 1, 50));
  const back = await Spectator.join(server);
  assert.deepStrictEqual(await back.resume({ runners: [7], since, every: 500 }), steps(7, 1, 50));
  await runner.publishAll(steps(7, 51, 60));
  const heard = [];
  while (heard.at(-1)?.time !== step(7, 60).time) heard.push(...(await back.next('positions')).positions);
  assert.ok(heard.length < 10, `${heard.length} positions`);
});

test('what a session follows already comes once', async (t) => {
  const { server } = await startKeeping(t);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7, 8] });
  const spectator = await Spectator.join(server);
  await spectator.follow({ runners: [7] });
  await runner.publishAll([...steps(7, 1, 5), ...steps(8, 1, 5)]);
  assert.deepStrictEqual(await spectator.take(5), steps(7, 1, 5));
  assert.deepStrictEqual(await spectator.resume({ runners: [7, 8], since }), steps(8, 1, 5));
  await runner.publishAll([step(7, 6), step(8, 6)]);
  assert.deepStrictEqual(await spectator.take(2), [step(7, 6), step(8, 6)]);
  assert.deepStrictEqual(await spectator.resume({ runners: [8], since }), []);
});

test('what was only just published, and waits for the disk, is not missing', async (t) => {
  const { server } = await startKeeping(t, ['--store-gather', '300ms']);
  const since = await cursorOf(server, { runners: [7] });
  const [runner, back] = [await server.rawSessionOf('spectate.v1'), await Spectator.join(server)];
  await runner.write(...steps(7, 1, 10).map((position) => frames.text({ type: 'position', ...position })));
  await server.showsMetrics({ spectate_positions_received_total: 10 });
  assert.deepStrictEqual(await back.resume({ runners: [7], since }), steps(7, 1, 10));
});

test('many come back at once', async (t) => {
  const { server } = await startKeeping(t);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7] });
  await runner.publishAll(steps(7, 1, 100));
  const back = await Promise.all(Array.from({ length: 100 }, () => Spectator.join(server)));
  await Promise.all(back.map(async (it) => assert.deepStrictEqual(await it.resume({ runners: [7], since }), steps(7, 1, 100))));
  await server.showsMetrics({ spectate_resumed_positions_total: 10_000 });
});

/* A session that resumes and has to wait for the disk, with what `more` says. */
async function startHeld(t, args = [], options = {}) {
  const { server, file } = await startKeeping(t, args);
  const runner = await Spectator.join(server, options);
  const first = await Spectator.join(server, options);
  await first.follow({ runners: [7] });
  first.cut();
  await runner.publish(step(7, 1));
  const back = await Spectator.join(server, options);
  const holder = await hold(t, file);
  runner.send({ type: 'position', ...step(7, 2) });
  back.send({ type: 'follow', runners: [7], since: first.cursor });
  await server.showsMetrics({ spectate_sessions_resuming: 1 });
  return { server, runner, back, holder };
}

test('while it waits for the disk a session is alive, and what it says is done afterwards in its turn', async (t) => {
  const { server, runner, back, holder } = await startHeld(t);
  await back.client.ping();
  back.send({ type: 'unfollow', id: 1, runners: [7] });
  back.send({ type: 'ping', id: 2 });
  await server.showsMetrics({ spectate_sessions_resuming: 1 });
  runner.send({ type: 'position', ...step(7, 3) });
  assert.deepStrictEqual(back.client.texts, []);
  holder.kill();
  assert.deepStrictEqual(await back.whole('positions'), steps(7, 1, 2));
  assert.deepStrictEqual(await back.take(1), [step(7, 3)]);
  assert.deepStrictEqual(await back.next('ack'), { type: 'ack', id: 1 });
  assert.strictEqual((await back.next('pong')).id, 2);
  await runner.publish(step(7, 4));
  await back.client.expectNothingMore();
});

test('a session that closes in the middle of it is answered, and leaves nothing behind', async (t) => {
  const { server, runner, back, holder } = await startHeld(t);
  assert.strictEqual((await back.client.close(1000)).code, 1000);
  await server.showsMetrics({ spectate_sessions_resuming: 1, 'spectate_resumes_total{outcome="ended"}': 1 }); // the store has it still
  holder.kill();
  await server.showsMetrics({ spectate_sessions_resuming: 0 });
  runner.cut();
  await server.becomesIdle();
});

test('the server ends in the middle of it', async (t) => {
  const { server, back, holder } = await startHeld(t);
  server.program.kill('SIGTERM');
  assert.strictEqual((await back.next('reconnect')).type, 'reconnect');
  assert.strictEqual((await back.client.closed()).code, 1001);
  holder.kill();
  await server.stop();
});

test('a token that is revoked in the middle of it ends the session', async (t) => {
  const issuer = await issuerOf(t);
  const { server, back, holder } = await startHeld(t, authArgs(t, issuer), bearer(await issuer.token({ sub: '7' })));
  const operators = await Operators.of(server);
  await operators.post('/revoke', { sub: '7' });
  assert.strictEqual((await back.next('error')).code, 'token_revoked');
  assert.strictEqual((await back.client.closed()).code, 4403);
  holder.kill();
  await server.showsMetrics({ spectate_sessions_resuming: 0, 'spectate_resumes_total{outcome="ended"}': 1 });
});

test('when what it may follow changes in the middle of it, it starts anew with what it may', async (t) => {
  const issuer = await issuerOf(t);
  const groups = temporaryFile(t, 'groups.json', '{"elite": ["7", "8"]}');
  const { server, file } = await startKeeping(t, authArgs(t, issuer, ['--groups', groups]));
  const runner = await Spectator.join(server, bearer(await issuer.token({ sub: '7', publish: ['*'] })));
  const reader = bearer(await issuer.token({ sub: 'reader', follow: ['group:elite'] }));
  const first = await Spectator.join(server, reader);
  await first.follow({ runners: [7, 8] });
  await runner.publishAll([step(7, 1), step(8, 1)]);
  const back = await Spectator.join(server, reader);
  const holder = await hold(t, file);
  runner.send({ type: 'position', ...step(7, 2) });
  back.send({ type: 'follow', runners: [7, 8], since: first.cursor });
  back.send({ type: 'ping', id: 'behind' });
  await server.showsMetrics({ spectate_sessions_resuming: 1 });
  fs.writeFileSync(groups, '{"elite": ["7"]}');
  server.program.kill('SIGHUP');
  assert.strictEqual((await back.next('token')).type, 'token');
  assert.strictEqual((await back.next('reset')).reason, 'not_kept');
  assert.deepStrictEqual(await back.whole('snapshot'), [step(7, 2)]);
  assert.strictEqual((await back.next('pong')).id, 'behind');
  holder.kill();
  await runner.publish(step(7, 3));
  assert.deepStrictEqual(await back.take(1), [step(7, 3)]);
  await back.client.expectNothingMore();
  await server.showsMetrics({ spectate_sessions_resuming: 0, 'spectate_resumes_total{outcome="not_kept"}': 1 });
});

test('what was missed is compressed where that was agreed on', async (t) => {
  const { server } = await startKeeping(t, ['--compression', '6']);
  const runner = await Spectator.join(server);
  const since = await cursorOf(server, { runners: [7] });
  await runner.publishAll(steps(7, 1, 2000));
  const back = await Spectator.join(server, { perMessageDeflate: true });
  const before = back.client.socket.bytesRead;
  assert.deepStrictEqual(await back.resume({ runners: [7], since }), steps(7, 1, 2000));
  assert.ok(back.client.socket.bytesRead - before < 2000 * 20);
});

test('who asks for more than it may follow follows what it did before, with a cursor too', async (t) => {
  const { server } = await startKeeping(t, ['--max-follows', '2']);
  const since = await cursorOf(server, { runners: [7] });
  const back = await Spectator.join(server);
  await back.follow({ runners: [7] });
  back.send({ type: 'follow', runners: [8, 9], since });
  assert.strictEqual((await back.next('error')).code, 'too_many_follows');
  await back.publish(step(8, 1));
  await back.client.expectNothingMore();
});
