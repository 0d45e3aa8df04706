'use strict';
/*
 * What is older than it may be is erased from the disk, and not shown any more by a server that starts after that.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');

const HOUR = 3600e3;

function lines(list) {
  return list.map((position) => `${JSON.stringify(position)}\n`).join('');
}

async function imported(t, list) {
  const data = path.join(temporaryFolder(t), 'data');
  const { code, stderr } = await spectate(['import', '--data', data, temporaryFile(t, 'in.ndjson', lines(list))]);
  assert.strictEqual(code, 0, stderr);
  return data;
}

async function exported(data) {
  return (await spectate(['export', '--data', data])).stdout;
}

function at(userId, time) {
  return { userId, lat: 1, lng: 2, time };
}

async function newest(server) {
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  client.send({ type: 'follow', groups: ['*'] });
  return (await client.next()).positions.map(({ userId }) => userId).sort();
}

test('a start erases what is too old, piece by piece, and shows nobody of whom that is all', async (t) => {
  const now = Date.now();
  const [old, young] = [now - 3 * HOUR, now - HOUR];
  const many = Array.from({ length: 25000 }, (_, i) => at('many', old - i));
  const data = await imported(t, [...many, at('many', young), at('old', old), at('young', young)]);
  const args = ['--data', data, '--position-ttl', '0'];
  const server = await startServer(t, [...args, '--retention', '2h']);
  assert.deepStrictEqual(await newest(server), ['many', 'young']);
  await server.showsMetrics({ spectate_store_erased_total: 25001 });
  await server.program.printed(/ info retention\.erased .*than they may be: 25001\n/);
  assert.strictEqual(await exported(data), lines([at('many', young), at('young', young)]));
  await server.stop();
  assert.deepStrictEqual(await newest(await startServer(t, args)), ['many', 'young']);
});

test('what grows too old while a server runs is erased', async (t) => {
  const data = temporaryFolder(t);
  const server = await startServer(t, ['--data', data, '--retention', '1s', '--position-ttl', '0']);
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  client.send({ type: 'position', id: 1, ...at(7, Date.now()) });
  assert.strictEqual((await client.next()).stored, true);
  await server.showsMetrics({ spectate_store_erased_total: 1 });
  assert.strictEqual(await exported(data), '');
});

test('without a time to keep them positions stay for ever', async (t) => {
  const ancient = at(7, Date.parse('2006-01-01T00:00:00Z'));
  const data = await imported(t, [ancient]);
  const server = await startServer(t, ['--data', data, '--retention', '0', '--retention-group', 'elite=0']);
  await server.showsMetrics({ spectate_store_erased_total: 0 });
  await server.stop();
  assert.strictEqual(await exported(data), lines([ancient]));
});

test('a time for a group that is none is refused', async () => {
  const program = await spectate(['serve', '--retention-group', 'elite']);
  assert.strictEqual(program.code, 2);
  assert.match(program.stderr, /a group and a time \(like elite=30d\)/);
});
