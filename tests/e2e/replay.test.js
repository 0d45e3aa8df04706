'use strict';
/*
 * `spectate replay`: recorded tracks as live runners, point by point.
 */
const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { points, recordings, track } = require('./lib/gpx.js');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { forEachWorkerCount, startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');

const replay = (server, args) => spectate(['replay', '--url', server.url, ...args]);
const { folder, files } = recordings();
const WITHOUT_RECORDINGS = files.length > 0 ? false : `no recordings in ${folder}`;

async function followerOf(server, ids) {
  const client = await server.client();
  client.follow(ids);
  await client.ping();
  return client;
}

const positionsOf = (messages, id) =>
  messages.filter(({ userId }) => `${userId}` === `${id}`).map(({ lat, lng }) => ({ lat, lng }));

test('each file is published by one runner, every point in its order', async (t) => {
  const server = await startServer(t);
  const first = temporaryFile(t, 'a.gpx', track(100));
  const second = temporaryFile(t, 'b.gpx', track(50, { offset: 1 }));
  const follower = await followerOf(server, [1, 2]);
  const program = await replay(server, ['--speed', 'max', first, second]);
  assert.strictEqual(program.code, 0, program.stdout + program.stderr);
  const got = await follower.take(150);
  assert.deepStrictEqual(positionsOf(got, 1), points(first));
  assert.deepStrictEqual(positionsOf(got, 2), points(second));
  await follower.expectNothingMore();
});

forEachWorkerCount((workers, args) => {
  test(
    `each of several followers gets exactly the points of the recorded runs, in order${workers}`,
    { skip: WITHOUT_RECORDINGS },
    async (t) => {
      const server = await startServer(t, [
        ...args,
        '--max-messages-per-second',
        '0',
        '--lag-bytes',
        '8M',
        '--max-queued-bytes',
        '8M',
        '--lag-time',
        '1m',
      ]);
      const ids = files.map((_, i) => i + 1);
      const tracks = files.map(points);
      const all = await Promise.all([1, 2, 3].map(() => followerOf(server, ids)));
      const alone = await Promise.all(ids.map((id) => followerOf(server, [id])));
      const program = await replay(server, ['--speed', '0', '--follow', '--quiet', ...files]);
      assert.strictEqual(program.code, 0, program.stdout + program.stderr);
      assert.match(program.stdout, /^missing 0$/m);
      const total = tracks.reduce((sum, it) => sum + it.length, 0);
      assert.ok(total > 1000, `${total} points`);
      for (const follower of all) {
        const got = await follower.take(total);
        for (const id of ids)
          assert.deepStrictEqual(positionsOf(got, id), tracks[id - 1], path.basename(files[id - 1]));
        await follower.expectNothingMore();
      }
      for (const [i, follower] of alone.entries()) {
        assert.deepStrictEqual(positionsOf(await follower.take(tracks[i].length), ids[i]), tracks[i]);
        await follower.expectNothingMore();
      }
      await server.showsMetrics({ spectate_positions_received_total: total, spectate_positions_superseded_total: 0 });
    },
  );
});

test("--speed keeps the track's own timing, so many times as fast", async (t) => {
  const server = await startServer(t);
  const file = temporaryFile(t, 'a.gpx', track(11));
  const follower = await followerOf(server, [1]);
  const begin = process.hrtime.bigint();
  const program = await replay(server, ['--speed', '20', file]);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  assert.strictEqual(program.code, 0, program.stderr);
  assert.ok(seconds >= 0.49, `10 s of track were played in ${seconds} s at 20 times the speed`);
  assert.deepStrictEqual(positionsOf(await follower.take(11), 1), points(file));
});

test('--id names the runners', async (t) => {
  const server = await startServer(t);
  const file = temporaryFile(t, 'a.gpx', track(3));
  const follower = await followerOf(server, ['Ann', 12]);
  const program = await replay(server, ['--speed', '0', '--id', 'Ann', '--id', '12', file, file]);
  assert.strictEqual(program.code, 0, program.stderr);
  const got = await follower.take(6);
  assert.deepStrictEqual([positionsOf(got, 'Ann').length, positionsOf(got, 12).length], [3, 3]);
});

test('--follow accounts for what arrives', async (t) => {
  const server = await startServer(t);
  const file = temporaryFile(t, 'a.gpx', track(200));
  const program = await replay(server, ['--speed', '0', '--follow', '--quiet', file]);
  assert.strictEqual(program.code, 0, program.stdout + program.stderr);
  assert.match(program.stdout, /^published 200$/m);
  assert.match(program.stdout, /^missing 0$/m);
  assert.match(program.stdout, /^delivered 200 of 200$/m);
});

/* What real exports do. [the file, the points that are to be published] */
const P = (lat, lon, more = '') => `<trkpt lat="${lat}" lon="${lon}">${more}</trkpt>`;
const GPX = (inner, head = '<?xml version="1.0" encoding="UTF-8"?>') => `${head}<gpx version="1.1">${inner}</gpx>`;
const TOLERATED = {
  'a byte order mark': ['\ufeff' + GPX(`<trk><trkseg>${P(1, 2)}</trkseg></trk>`), [[1, 2]]],
  'GPX 1.0 with its namespace': [
    `<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0"><trk><trkseg>${P(1, 2)}${P(3, 4)}</trkseg></trk></gpx>`,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  'a prefix': [
    `<g:gpx version="1.1" xmlns:g="http://www.topografix.com/GPX/1/1"><g:trk><g:trkseg><g:trkpt lat="1" lon="2"/></g:trkseg></g:trk></g:gpx>`,
    [[1, 2]],
  ],
  'several tracks and segments': [
    GPX(`<trk><trkseg>${P(1, 1)}</trkseg><trkseg>${P(2, 2)}</trkseg></trk><trk><trkseg>${P(3, 3)}</trkseg></trk>`),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  ],
  'points without time': [
    GPX(
      `<trk><trkseg>${P(1, 1, '<time>2026-01-01T00:00:00Z</time>')}${P(2, 2)}${P(3, 3, '<time>2026-01-01T00:00:01Z</time>')}</trkseg></trk>`,
    ),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  ],
  'times out of order': [
    GPX(
      `<trk><trkseg>${P(1, 1, '<time>2026-01-01T00:00:05Z</time>')}${P(2, 2, '<time>2026-01-01T00:00:01Z</time>')}</trkseg></trk>`,
    ),
    [
      [1, 1],
      [2, 2],
    ],
  ],
  'single quotes, blanks and foreign elements': [
    GPX(
      `<trk><extensions><x:a xmlns:x="y"><b lat="9" lon="9"/></x:a></extensions><trkseg>\n<trkpt lon='2'\n lat = '1' ><ele>5</ele></trkpt></trkseg></trk>`,
    ),
    [[1, 2]],
  ],
  'points that are nowhere': [
    GPX(`<trk><trkseg>${P(1, 2)}${P('x', 2)}${P(91, 2)}<trkpt lat="3"/>${P(5, 6)}</trkseg></trk>`),
    [
      [1, 2],
      [5, 6],
    ],
  ],
};

for (const [name, [content, expected]] of Object.entries(TOLERATED)) {
  test(`a file with ${name} is read`, async (t) => {
    const server = await startServer(t);
    const file = temporaryFile(t, 'odd.gpx', content);
    const follower = await followerOf(server, [1]);
    const program = await replay(server, ['--speed', '0', file]);
    assert.strictEqual(program.code, 0, program.stdout + program.stderr);
    const got = await follower.take(expected.length);
    assert.deepStrictEqual(got.map(({ lat, lng }) => [lat, lng]).sort(), expected.map((it) => [...it]).sort());
    await follower.expectNothingMore();
  });
}

const REFUSED = {
  'is not there': undefined,
  'is empty': '',
  'is no XML': 'hello',
  'is cut off': track(10).slice(0, 500),
  'is no GPX': '<kml/>',
  'declares entities': `<!DOCTYPE gpx [<!ENTITY a "b">]>${GPX(`<trk><trkseg>${P(1, 2)}</trkseg></trk>`, '')}`,
};

for (const [name, content] of Object.entries(REFUSED)) {
  test(`a file that ${name}: status 2, and why`, async (t) => {
    const file = content === undefined ? '/nonexistent/track.gpx' : temporaryFile(t, 'track.gpx', content);
    const { code, stderr } = await replay({ url: 'ws://127.0.0.1:1' }, [file]);
    assert.strictEqual(code, 2, stderr);
    assert.match(stderr, /track\.gpx: .+/);
  });
}

test('a huge file, nearly all of it foreign elements, is read', async (t) => {
  const server = await startServer(t);
  const foreign = `<extensions>${'<x:heart xmlns:x="y">120</x:heart>'.repeat(200)}</extensions>`;
  const file = temporaryFile(t, 'huge.gpx', track(2000).replaceAll('</time>', `</time>${foreign}`));
  const program = await replay(server, ['--speed', '0', '--quiet', file]);
  assert.strictEqual(program.code, 0, program.stderr);
  await server.showsMetrics({ spectate_positions_received_total: 2000 });
});

test('without a server: status 3', async (t) => {
  const file = temporaryFile(t, 'a.gpx', track(3));
  const { code, stderr } = await replay({ url: 'ws://127.0.0.1:1' }, [file]);
  assert.strictEqual(code, 3);
  assert.match(stderr, /refused/);
});

test('when the server dies in the middle it ends, with status 1', async (t) => {
  const server = await startServer(t);
  const file = temporaryFile(t, 'a.gpx', track(10_000));
  const program = new Program(SPECTATE, ['replay', '--url', server.url, '--speed', '10', '--quiet', file]);
  t.after(() => program.kill('SIGKILL'));
  const follower = await followerOf(server, [1]);
  await follower.take(3);
  server.program.kill('SIGKILL');
  await server.program.ended();
  server.endIsChecked = true;
  assert.strictEqual(await program.ended(), 1);
});

test('a high --speed stays within what a server allows one session, and loses nothing', async (t) => {
  const server = await startServer(t, ['--max-messages-per-second', '6000']);
  const file = temporaryFile(t, 'dense.gpx', track(14_000));
  const program = await replay(server, ['--speed', '1000000', '--follow', '--quiet', file]);
  assert.strictEqual(program.code, 0, program.stdout + program.stderr);
  assert.match(program.stdout, /^delivered 14000 of 14000$/m);
});
