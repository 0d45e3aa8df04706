'use strict';
/*
 * `spectate watch`: what a follower on the command line prints.
 */
const assert = require('node:assert');
const test = require('node:test');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');

/* A watcher that follows already. */
async function watch(t, server, args) {
  const program = new Program(SPECTATE, ['watch', '--url', server.url, ...args]);
  t.after(() => program.kill('SIGKILL'));
  await server.showsMetrics({ spectate_followers: 1 });
  return program;
}

test('it prints a line for each position of the runners that it follows', async (t) => {
  const server = await startServer(t);
  const watcher = await watch(t, server, ['7', 'Ann', '--count', '3']);
  const runner = await server.client();
  runner.publish(7, 48.8568, 2.2927);
  runner.publish(8, 1, 1);
  runner.publish('Ann', -1.5, 100);
  runner.publish('7', 0, 0);
  assert.strictEqual(await watcher.ended(), 0);
  const lines = watcher.stdout.trimEnd().split('\n');
  const [first, second, third] = lines.map((line) => line.match(/^\d\d:\d\d:\d\d\.\d{3} (\S+) (\S+) (\S+)$/).slice(1));
  assert.deepStrictEqual([first[0], second[0], third[0]], ['7', 'Ann', '7']);
  assert.deepStrictEqual(second.slice(1).map(Number), [-1.5, 100]);
  assert.deepStrictEqual(first.slice(1).map(Number), [48.8568, 2.2927]);
});

test('with --json each line is an object with the exact numbers', async (t) => {
  const server = await startServer(t);
  const watcher = await watch(t, server, ['9007199254740993', '--json', '--count', '2']);
  const runner = await server.client();
  runner.send('{"userId": 9007199254740993, "lat": 48.85671234567, "lng": 1e-7}');
  runner.send('{"userId": "9007199254740993", "lat": 1, "lng": 2}');
  assert.strictEqual(await watcher.ended(), 0);
  const lines = watcher.stdout.trimEnd().split('\n');
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.match(lines[0], /"userId":9007199254740993,/);
  assert.deepStrictEqual([first.lat, first.lng], [48.85671234567, 1e-7]);
  assert.deepStrictEqual([second.userId, second.lat, second.lng], ['9007199254740993', 1, 2]);
  assert.ok(Math.abs(Date.parse(first.received) - Date.now()) < 60_000, first.received);
});

test('with --snapshot it begins with what is known', async (t) => {
  const server = await startServer(t);
  const runner = await server.client();
  runner.publish(1, 2, 3);
  await runner.ping();
  const watcher = await spectate(['watch', '--url', server.url, '1', '--snapshot', '--count', '1']);
  assert.strictEqual(watcher.code, 0);
  assert.match(watcher.stdout, / 1 2/);
});

test('ids that would play tricks on a terminal are made harmless', async (t) => {
  const server = await startServer(t);
  const watcher = await watch(t, server, ['\u001b[2J', '--count', '1']);
  const runner = await server.client();
  runner.publish('\u001b[2J', 1, 2);
  assert.strictEqual(await watcher.ended(), 0);
  assert.ok(!watcher.stdout.includes('\u001b'), JSON.stringify(watcher.stdout));
});

test('when the server goes away it comes back by itself, and follows again', async (t) => {
  const first = await startServer(t);
  const watcher = await watch(t, first, ['1', '--count', '1']);
  first.program.kill('SIGTERM');
  await first.endsWith(0);
  await watcher.printed(/watch: trying again/);
  const second = await startServer(t, ['--listen', first.authority]);
  await second.showsMetrics({ spectate_followers: 1 });
  const runner = await second.client();
  runner.publish(1, 2, 3);
  assert.strictEqual(await watcher.ended(), 0);
  assert.match(watcher.stdout, / 1 2/);
});

test('it waits for a server that is not there yet', async (t) => {
  const first = await startServer(t);
  await first.stop();
  const watcher = new Program(SPECTATE, ['watch', '--url', first.url, '1']);
  t.after(() => watcher.kill('SIGKILL'));
  await watcher.printed(/refused/);
  const server = await startServer(t, ['--listen', first.authority]);
  await server.showsMetrics({ spectate_followers: 1 });
  watcher.kill('SIGINT');
  assert.strictEqual(await watcher.ended(), 0);
});

test('Ctrl-C ends it with status 0, and leaves nothing on the server', async (t) => {
  const server = await startServer(t);
  const watcher = await watch(t, server, ['1']);
  watcher.kill('SIGINT');
  assert.strictEqual(await watcher.ended(), 0);
  const values = await server.becomesIdle();
  assert.strictEqual(values.get('spectate_sessions_closed_total{reason="client_close"}'), 1);
});

for (const args of [[], ['--nonsense', '1'], ['--url', 'http://x', '1'], ['--count', '0', '1'], ['x'.repeat(65)]]) {
  test(`watch ${args.join(' ').slice(0, 40)}: status 2`, async () => {
    const { code, stderr } = await spectate(['watch', ...args]);
    assert.strictEqual(code, 2, stderr);
    assert.notStrictEqual(stderr, '');
  });
}
