'use strict';
/*
 * Bad days of the disk: what is live goes on, nobody is told that something is stored which is not, and a start that can't be is clear
 * about why.
 */
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { holdForWriting } = require('./lib/hold.js');
const { spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');
const { until } = require('./lib/wait.js');

/* A disk of so many bytes, in memory; or undefined where that can't be had. */
function smallDisk(t, bytes) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-e2e-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', folder], { stdio: 'ignore' });
  } catch {
    fs.rmdirSync(folder);
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    fs.rmdirSync(folder);
  });
  return folder;
}

/* Take all that is free there; the file that does. */
function fill(folder) {
  const file = path.join(folder, 'filler');
  const block = Buffer.alloc(4096, 1);
  try {
    for (;;) fs.appendFileSync(file, block);
  } catch (error) {
    assert.strictEqual(error.code, 'ENOSPC');
  }
  return file;
}

async function join(server) {
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  return client;
}

/* The answer to a position of 7: "ack" or a code. */
async function publish(client, lat) {
  client.send({ type: 'position', id: lat, userId: 7, lat, lng: 2 });
  const answer = await client.next();
  assert.strictEqual(answer.id, lat);
  return answer.type === 'ack' ? 'ack' : answer.code;
}

/* Ends it when its log has the errors that it should. */
async function stopAfterErrors(server) {
  server.endIsChecked = true;
  for (const peer of server.peers) peer.destroy();
  server.program.kill('SIGTERM');
  assert.strictEqual(await server.program.ended(), 0);
  assert.match(server.program.stderr, / error store\./);
}

/* A folder with the track of a runner in a store. */
async function folderWithStore(t, count = 1) {
  const data = path.join(temporaryFolder(t), 'data');
  const lines = Array.from({ length: count }, (_, i) => `{"userId":${i % 50},"lat":1,"lng":2,"time":${1777626000000 + i}}\n`);
  const { code } = await spectate(['import', '--data', data, temporaryFile(t, 'in.ndjson', lines.join(''))]);
  assert.strictEqual(code, 0);
  return data;
}

async function doesNotStart(data) {
  const program = await spectate(['serve', '--listen', '127.0.0.1:0', '--data', data]);
  assert.strictEqual(program.code, 3, program.stderr);
  return program.stderr;
}

test('a full disk: live goes on, publishers and probes are told, and all is well when there is room again', async (t) => {
  const disk = smallDisk(t, '4m');
  if (disk === undefined) return t.skip('a disk that is small can be mounted by root only');
  const server = await startServer(t, ['--data', path.join(disk, 'data')]);
  const [runner, spectator] = [await join(server), await join(server)];
  spectator.send({ type: 'follow', runners: [7] });
  await spectator.next();
  assert.strictEqual(await publish(runner, 1), 'ack');
  const filler = fill(disk);
  let lat = 1;
  await until(async () => (await publish(runner, ++lat)) === 'not_stored', 'the disk to be full');
  assert.strictEqual(await publish(runner, ++lat), 'not_stored');
  for (let i = 1; i <= lat; i++) assert.strictEqual((await spectator.next()).positions[0].lat, i);
  const ready = await server.get('/readyz');
  assert.deepStrictEqual([ready.status, ready.body], [200, 'ready, but positions are not kept: the disk is full\n']);
  const metrics = await server.metrics();
  assert.strictEqual(metrics.get('spectate_store_well'), 0);
  assert.ok(metrics.get('spectate_store_refused_total') >= 2);
  assert.ok(metrics.get('spectate_store_failures_total') >= 2);
  fs.rmSync(filler);
  await until(async () => (await publish(runner, ++lat)) === 'ack', 'room on the disk to be seen');
  assert.strictEqual((await server.get('/readyz')).body, 'ready\n');
  assert.strictEqual(await server.metric('spectate_store_well'), 1);
  await stopAfterErrors(server);
});

test('a disk that is full at the start is told, and nothing is served', async (t) => {
  const disk = smallDisk(t, '64k');
  if (disk === undefined) return t.skip('a disk that is small can be mounted by root only');
  fill(disk);
  assert.match(await doesNotStart(disk), / error store\.not_open .*(disk is full|No space)/);
});

test('a file that is damaged is told at the start, and left as it is', async (t) => {
  const data = await folderWithStore(t, 20000);
  const file = path.join(data, 'spectate.db');
  const sound = fs.readFileSync(file);
  const cases = [
    [Buffer.from(sound).fill('x', 0, 4096), / error store\.not_open .*not a store, or damaged/],
    [Buffer.from(sound).fill(0x5a, 4096), / error store\.(not_open|unreadable) .*(damaged|malformed)/],
  ];
  for (const [damaged, says] of cases) {
    fs.writeFileSync(file, damaged);
    assert.match(await doesNotStart(data), says);
  }
  fs.writeFileSync(file, Buffer.from(sound).fill(0x5a, sound.length / 2));
  assert.match((await spectate(['backup', '--data', data, '--check'])).stderr, /not sound|damaged|malformed/);
});

test('a file of a newer version is told at the start, and left as it is', async (t) => {
  const data = await folderWithStore(t);
  const file = path.join(data, 'spectate.db');
  execFileSync('python3', ['-c', 'import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\nd.execute("PRAGMA user_version=99")\nd.commit()\nd.execute("PRAGMA wal_checkpoint(TRUNCATE)")\nd.close()', file]);
  const before = fs.readFileSync(file);
  assert.match(await doesNotStart(data), / error store\.not_open .*written by a newer version: its form is number 99/);
  assert.deepStrictEqual(fs.readFileSync(file), before);
  assert.match((await spectate(['export', '--data', data])).stderr, /written by a newer version/);
});

test('a file that another program holds at the start is waited for, and then told', async (t) => {
  const data = await folderWithStore(t);
  await holdForWriting(t, path.join(data, 'spectate.db'));
  assert.match(await doesNotStart(data), / error store\.not_open .*locked/);
});

test('a folder that the server may not write to is told', async (t) => {
  const file = temporaryFile(t, 'file', '');
  assert.match(await doesNotStart(path.join(file, 'data')), / error store\.no_folder .*Not a directory/);
});
