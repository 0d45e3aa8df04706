'use strict';
/*
 * `spectate simulate` against the real server: it counts right, and says so by its exit status.
 */
const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const test = require('node:test');
const WebSocket = require('ws');
const { track } = require('./lib/gpx.js');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { until } = require('./lib/wait.js');

const simulate = (server, args) => spectate(['simulate', '--url', server.url, ...args]);

/* The table at the end: { published: 1000, missing: 0 ... } */
function report(program) {
  const lines = [...program.stdout.matchAll(/^([a-z ]+) (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, label, value]) => [label, Number(value)]));
}

/* A server that is not ours, with this for each connection; its URL. */
async function startOther(t, onConnection) {
  const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  server.on('connection', onConnection);
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${server.address().port}` };
}

const FLAWLESS = { missing: 0, duplicates: 0, 'out of order': 0, unexpected: 0, errors: 0, disconnected: 0 };

function assertFlawless(program) {
  const all = report(program);
  assert.strictEqual(program.code, 0, program.stdout + program.stderr);
  for (const [label, value] of Object.entries(FLAWLESS)) assert.strictEqual(all[label], value, label);
  assert.strictEqual(all.delivered, all.expected);
  assert.match(program.stdout, new RegExp(`^delivered ${all.expected} of ${all.expected}$`, 'm'));
  return all;
}

forEachWorkerCount((workers, args) => {
  test(`by default it plays the prototype's scenario, and nothing is missing${workers}`, async (t) => {
    const server = await startServer(t, args);
    const all = assertFlawless(await simulate(server, ['--quiet', '--rate', '0']));
    assert.strictEqual(all.connected, 100);
    assert.strictEqual(all.published, 1000);
    const values = await server.becomesIdle();
    assert.strictEqual(values.get('spectate_positions_received_total'), 1000);
    assert.strictEqual(values.get('spectate_positions_delivered_total'), all.delivered);
  });
});

test('users, follow count and messages are options, and a seed draws the same again', async (t) => {
  const server = await startServer(t);
  const args = ['--quiet', '--users', '10', '--follow', '5', '--messages', '200', '--rate', '0', '--seed', '42'];
  const first = assertFlawless(await simulate(server, args));
  const second = assertFlawless(await simulate(server, args));
  assert.deepStrictEqual([first.connected, first.published], [10, 200]);
  assert.strictEqual(second.expected, first.expected);
});

test('many users who all follow each other', async (t) => {
  const server = await startServer(t, ['--workers', '2']);
  const all = assertFlawless(
    await simulate(server, ['--quiet', '--users', '300', '--follow', '300', '--messages', '300', '--rate', '1000']),
  );
  assert.strictEqual(all.connected, 300);
});

test('--json writes the same numbers', async (t) => {
  const server = await startServer(t);
  const file = temporaryFile(t, 'report.json', '');
  const program = await simulate(server, [
    '--quiet',
    '--users',
    '5',
    '--messages',
    '20',
    '--rate',
    '0',
    '--json',
    file,
  ]);
  const all = assertFlawless(program);
  const json = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.deepStrictEqual([json.users, json.published, json.expected, json.missing], [5, 20, all.expected, 0]);
});

test('a report that can not be written is a failure', async (t) => {
  const server = await startServer(t);
  const program = await simulate(server, ['--quiet', '--users', '2', '--messages', '5', '--json', '/nowhere/report.json']);
  assert.strictEqual(program.code, 1);
  assert.match(program.stderr, /nowhere/);
});

test('--verbose prints a line for each position that a user gets', async (t) => {
  const server = await startServer(t);
  const program = await simulate(server, ['--quiet', '--verbose', '--users', '4', '--messages', '30', '--rate', '0']);
  const all = assertFlawless(program);
  assert.strictEqual([...program.stdout.matchAll(/^user \d+ got /gm)].length, all.delivered);
});

test('--duration ends it', async (t) => {
  const server = await startServer(t);
  const all = assertFlawless(
    await simulate(server, ['--quiet', '--users', '5', '--rate', '200', '--duration', '300ms']),
  );
  assert.ok(all.published > 0 && all.published <= 61, `${all.published} published`);
});

test('with --course the users run along it', async (t) => {
  const server = await startServer(t);
  const course = temporaryFile(t, 'course.gpx', track(200));
  const program = await simulate(server, ['--quiet', '--users', '5', '--course', course, '--duration', '1500ms']);
  const all = assertFlawless(program);
  assert.ok(all.published > 0);
});

test('when positions do not arrive, they are missing and the status is 1', async (t) => {
  const deaf = await startOther(t, () => {});
  const program = await simulate(deaf, [
    '--quiet',
    '--users',
    '3',
    '--messages',
    '10',
    '--rate',
    '0',
    '--settle',
    '100ms',
  ]);
  const all = report(program);
  assert.strictEqual(program.code, 1);
  assert.ok(all.missing > 0);
  assert.strictEqual(all.missing, all.expected);
});

test('when positions come twice or out of order, it counts them and the status is 1', async (t) => {
  const liar = await startOther(t, (client) => {
    let held;
    client.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.initialRequest) return;
      if (held === undefined) {
        held = data.toString();
        return;
      }
      client.send(data.toString());
      client.send(held);
      client.send(held);
      held = undefined;
    });
  });
  const program = await simulate(liar, [
    '--quiet',
    '--users',
    '1',
    '--follow',
    '1',
    '--messages',
    '10',
    '--rate',
    '0',
    '--settle',
    '1s',
  ]);
  const all = report(program);
  assert.strictEqual(program.code, 1);
  assert.strictEqual(all.duplicates, 5);
  assert.ok(all['out of order'] > 0);
});

test('without a server it ends with status 3', async () => {
  const program = await simulate({ url: 'ws://127.0.0.1:1' }, ['--quiet']);
  assert.strictEqual(program.code, 3);
  assert.match(program.stderr, /127\.0\.0\.1:1.*refused/);
});

test('when the server dies in the middle it ends, with another status than 0', async (t) => {
  const server = await startServer(t);
  const program = new Program(SPECTATE, [
    'simulate',
    '--quiet',
    '--url',
    server.url,
    '--users',
    '20',
    '--messages',
    '0',
    '--rate',
    '500',
    '--duration',
    '1h',
    '--settle',
    '200ms',
  ]);
  t.after(() => program.kill('SIGKILL'));
  await until(async () => (await server.metric('spectate_positions_received_total')) > 20, 'positions');
  server.program.kill('SIGKILL');
  await server.program.ended();
  server.endIsChecked = true;
  assert.notStrictEqual(await program.ended(), 0);
  assert.notStrictEqual(program.code, null);
});

test('Ctrl-C ends it with its report', async (t) => {
  const server = await startServer(t);
  const program = new Program(SPECTATE, [
    'simulate',
    '--quiet',
    '--url',
    server.url,
    '--users',
    '20',
    '--messages',
    '0',
    '--rate',
    '500',
    '--duration',
    '1h',
  ]);
  t.after(() => program.kill('SIGKILL'));
  await until(async () => (await server.metric('spectate_positions_received_total')) > 20, 'positions');
  program.kill('SIGINT');
  await program.ended();
  assert.notStrictEqual(program.code, null);
  assert.match(program.stdout, /^missing 0$/m);
  await server.becomesIdle();
});

for (const args of [
  ['--users', '0'],
  ['--users', 'x'],
  ['--nonsense'],
  ['--course', '/nonexistent.gpx'],
  ['--url', 'ftp://x'],
  ['stray'],
]) {
  test(`simulate ${args.join(' ')}: status 2`, async () => {
    const { code, stderr } = await spectate(['simulate', '--quiet', ...args]);
    assert.strictEqual(code, 2, stderr);
    assert.notStrictEqual(stderr, '');
  });
}
