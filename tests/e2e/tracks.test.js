'use strict';
/*
 * Tracks as files: out of a store and into one, erased, and copied; while a server has it open and while none has.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { track } = require('./lib/gpx.js');
const { SPECTATE, run, spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile, temporaryFolder } = require('./lib/temporary.js');

const START = Date.parse('2026-05-01T09:00:00Z');

/* A position for each of `seconds`, with the place that follows from it. */
function positions(userId, seconds) {
  return seconds.map((s) => ({ userId, lat: (480000 + s) / 1e4, lng: (20000 - s) / 1e4, time: START + s * 1000, altitude: 35.25, speed: 3.1 }));
}

function lines(list) {
  return list.map((position) => `${JSON.stringify(position)}\n`).join('');
}

function upTo(count) {
  return Array.from({ length: count }, (_, i) => i);
}

/* The same every time: a run that fails can be repeated. */
function shuffled(list, seed) {
  const result = [...list];
  let state = seed;
  for (let i = result.length - 1; i > 0; i--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

async function ends(code, args, options) {
  const program = await spectate(args, options);
  assert.strictEqual(program.code, code, `${program.name}: ${program.stdout}${program.stderr}`);
  return program;
}

/* A new store with these lines of NDJSON; its folder. */
async function storeOf(t, text) {
  const data = path.join(temporaryFolder(t), 'data');
  await ends(0, ['import', '--data', data, temporaryFile(t, 'in.ndjson', text)]);
  return data;
}

async function exported(data, ...args) {
  return (await ends(0, ['export', '--data', data, ...args])).stdout;
}

test('an export is the same bytes however its positions were sent: late, twice, shuffled, in parts, by number or by text', async (t) => {
  const all = [...positions(7, upTo(300)), ...positions('ann', upTo(300))];
  const expected = lines(all);
  assert.strictEqual(await exported(await storeOf(t, expected)), expected);
  for (const seed of [1, 2, 3]) {
    const sent = shuffled([...all, ...all], seed).map((it, i) => (i % 2 === 0 ? it : { ...it, userId: String(it.userId) }));
    const data = await storeOf(t, lines(sent.slice(0, 500)));
    await ends(0, ['import', '--data', data, temporaryFile(t, 'rest.jsonl', lines(sent.slice(500)))]);
    assert.strictEqual(await exported(data), expected);
    assert.strictEqual(await exported(data, '--format', 'geojson'), await exported(await storeOf(t, expected), '--format', 'geojson'));
  }
});

test('what leaves as NDJSON, GeoJSON or GPX comes back as it was', async (t) => {
  const all = [...positions(7, upTo(50)), ...positions('a/b .é', upTo(50))];
  const data = await storeOf(t, lines(all));
  const folder = temporaryFolder(t);
  for (const form of ['ndjson', 'geojson', 'gpx']) {
    const output = form === 'gpx' ? folder : path.join(folder, `all.${form}`);
    await ends(0, ['export', '--data', data, '--format', form, '--output', output]);
    const files = form === 'gpx' ? fs.readdirSync(folder).filter((name) => name.endsWith('.gpx')).map((name) => path.join(folder, name)) : [output];
    const copy = path.join(folder, `from-${form}`);
    const { stdout } = await ends(0, ['import', '--data', copy, ...files]);
    assert.strictEqual(stdout, '100 positions imported, 0 were there already, 0 refused\n');
    const back = form === 'gpx' ? all.map(({ speed, ...rest }) => rest) : all; // GPX does not say how fast
    assert.strictEqual(await exported(copy), lines(back));
  }
  assert.deepStrictEqual(fs.readdirSync(folder).filter((name) => name.endsWith('.gpx')), ['7.gpx', 'a%2Fb%20.%C3%A9.gpx']);
});

test('a part of the tracks is exported: of runners, of times, more than a page', async (t) => {
  const [seven, ann] = [positions(7, upTo(9000)), positions('ann', upTo(10))];
  const data = await storeOf(t, lines([...ann, ...seven]));
  assert.strictEqual(await exported(data, '--runner', '7'), lines(seven));
  assert.strictEqual(await exported(data, '--runner', 'ann', '--runner', '7'), lines([...ann, ...seven]));
  const part = ['--from', '2026-05-01T09:00:02Z', '--until', '2026-05-01T09:00:05Z'];
  assert.strictEqual(await exported(data, ...part), lines([...seven.slice(2, 5), ...ann.slice(2, 5)]));
  assert.strictEqual(await exported(data, '--from', '2026-05-02'), '');
  assert.strictEqual(await exported(data, '--group', 'nobody'), '');
  const unknown = await ends(1, ['export', '--data', data, '--runner', '8']);
  assert.match(unknown.stderr, /^export: nothing is known of runner 8$/m);
});

test('a GPX file is of one runner; it has the name of who it is', async (t) => {
  const data = await storeOf(t, lines([...positions(7, upTo(2)), ...positions(8, upTo(2))]));
  const refused = await ends(2, ['export', '--data', data, '--format', 'gpx']);
  assert.match(refused.stderr, /a GPX file is of one runner/);
  const gpx = await exported(data, '--format', 'gpx', '--runner', '8');
  assert.match(gpx, /<name>8<\/name>\s*<trkseg>\s*<trkpt lat="48.0000000" lon="2.0000000"><ele>35.25<\/ele><time>2026-05-01T09:00:00Z<\/time>/);
});

test('what a server has stored is exported while it runs, and what comes next time later', async (t) => {
  const data = temporaryFolder(t);
  const server = await startServer(t, ['--data', data]);
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  const now = Date.now();
  const sent = [
    { userId: 7, lat: 48.5, lng: 2.5, time: now - 2000 },
    { userId: 7, lat: 48.6, lng: 2.6, time: now - 1000 },
  ];
  for (const [i, position] of sent.entries()) {
    client.send({ type: 'position', id: i, ...position });
    assert.strictEqual((await client.next()).stored, true);
    assert.strictEqual(await exported(data), lines(sent.slice(0, i + 1)));
  }
  await server.cut();
  assert.strictEqual(await exported(data), lines(sent));
});

test('who would change a store that a server has open is told what to ask the server', async (t) => {
  const data = temporaryFolder(t);
  await startServer(t, ['--data', data]);
  const file = temporaryFile(t, 'in.ndjson', lines(positions(7, [0])));
  const refused = await ends(3, ['import', '--data', data, file]);
  assert.match(refused.stderr, /another process has it open\nimport: is it a server\? Then ask that: POST \/v1\/positions/);
  assert.match((await ends(3, ['erase', '--data', data, '--runner', '7', '--yes'])).stderr, /DELETE \/v1\/runners\/ID/);
});

test('an import is shown by a server that starts after it, and one done again changes nothing', async (t) => {
  const now = Date.now();
  const text = lines([{ userId: 7, lat: 1, lng: 2, time: now - 5000 }]);
  const data = await storeOf(t, text);
  const again = await ends(0, ['import', '--data', data, temporaryFile(t, 'in.ndjson', text)]);
  assert.strictEqual(again.stdout, '0 positions imported, 1 were there already, 0 refused\n');
  const server = await startServer(t, ['--data', data]);
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  client.send({ type: 'follow', runners: [7] });
  assert.strictEqual((await client.next()).positions[0].time, now - 5000);
});

test('lines that are no positions are named and skipped; with --strict nothing is imported', async (t) => {
  const good = positions(7, [0, 1]);
  const bad = [
    'nonsense',
    JSON.stringify({ userId: 7, lat: 0, lng: 0, time: START }),
    JSON.stringify({ userId: 7, lat: 91, lng: 0, time: START }),
    JSON.stringify({ userId: 7, lat: 1, lng: 1 }),
    JSON.stringify({ lat: 1, lng: 1, time: START }),
    JSON.stringify({ userId: 7, lat: 1, lng: 1, time: Date.now() + 3600e3 }),
    JSON.stringify({ userId: 7, lat: 1, lng: 1, time: START / 1000 }),
    `{"userId":7,"name":"${'x'.repeat(1100000)}"}`,
    Buffer.from([0xff, 0x00]).toString('latin1'),
  ];
  const text = `${lines(good.slice(0, 1))}\n\r\n${bad.join('\n')}\n${lines(good.slice(1)).trim()}`;
  const file = temporaryFile(t, 'in.ndjson', text);
  const data = path.join(temporaryFolder(t), 'data');
  const strict = await ends(1, ['import', '--data', data, '--strict', file]);
  assert.match(strict.stderr, /^import: 9 refused, and so none is imported$/m);
  assert.strictEqual(await exported(data), '');
  const { stdout, stderr } = await ends(1, ['import', '--data', data, file]);
  assert.strictEqual(stdout, '2 positions imported, 0 were there already, 9 refused\n');
  assert.strictEqual(await exported(data), lines(good));
  const named = [...stderr.matchAll(/^import: \S+in\.ndjson:(\d+): (.+)$/gm)];
  assert.deepStrictEqual(named.map(([, line]) => Number(line)), [4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const says = [/not JSON/, /0,0/, /latitude/, /no time/, /userId/, /future/, /before there was GPS/, /longer than a megabyte/, /./];
  for (const [i, said] of says.entries()) assert.match(named[i][2], said);
  await ends(0, ['import', '--data', data, '--strict', temporaryFile(t, 'more.ndjson', lines(positions(8, upTo(20000))))]);
  assert.strictEqual(await exported(data, '--runner', '8'), lines(positions(8, upTo(20000))));
});

test('GPX: whose it is, points that have no time or place, a file that is cut off', async (t) => {
  const data = path.join(temporaryFolder(t), 'data');
  const whole = temporaryFile(t, 'ann%2f1.gpx', track(3));
  assert.match((await ends(0, ['import', '--data', data, whole])).stdout, /^3 positions imported/);
  assert.strictEqual((await exported(data, '--runner', 'ann/1')).split('\n').length, 4);
  const odd = '<gpx><trk><trkseg><trkpt lat="1" lon="2"/>\n<trkpt lat="1" lon="200"><time>2026-05-01T09:00:00Z</time></trkpt>\n<trkpt lat="1" lon="2"><time>2026-05-01T09:00:00Z</time></trkpt>';
  const { stdout, stderr } = await ends(1, ['import', '--data', data, '--runner', '9', temporaryFile(t, 'cut.gpx', odd)]);
  assert.strictEqual(stdout, '1 positions imported, 0 were there already, 3 refused\n');
  assert.match(stderr, /cut\.gpx:1: it has no time\n.*no place on the globe\n.*cut\.gpx: line 3/s);
  await ends(2, ['import', '--data', data, temporaryFile(t, `${'x'.repeat(65)}.gpx`, odd)]);
});

test('standard input is read when its form is named, and standard output may be a pipe', async (t) => {
  const text = lines(positions(7, upTo(3)));
  const file = temporaryFile(t, 'in', text);
  const data = path.join(temporaryFolder(t), 'data');
  const fed = { wrapper: ['sh', '-c', `exec "$@" <${file}`, 'sh'] };
  assert.match((await ends(2, ['import', '--data', data, '-'], fed)).stderr, /Give --format/);
  await ends(0, ['import', '--data', data, '--format', 'ndjson', '-'], fed);
  const copied = path.join(temporaryFolder(t), 'copy');
  const both = await run('sh', ['-c', '"$0" export --data "$1" | "$0" import --data "$2" --format ndjson -', SPECTATE, data, copied]);
  assert.strictEqual(both.code, 0, both.stderr);
  assert.strictEqual(await exported(copied), text);
});

test('on a terminal an import shows how far it is', async (t) => {
  const file = temporaryFile(t, 'in.ndjson', lines(positions(7, upTo(2000))));
  const data = path.join(temporaryFolder(t), 'data');
  const shown = await run('script', ['-qefc', `${SPECTATE} import --data ${data} ${file}`, '/dev/null']);
  assert.match(shown.stdout, /\r\[#+\.*\] +\d+ % {2}\d+ positions/);
  assert.match(shown.stdout, /2000 positions imported/);
});

test('what is wrong with a command line, a file or a folder is said, with the status that says so', async (t) => {
  const nowhere = path.join(temporaryFolder(t), 'none');
  const notes = temporaryFile(t, 'notes.txt', '');
  for (const [code, args, says] of [
    [2, ['export'], /--data/],
    [2, ['export', '--data', nowhere], /spectate\.db: No such file/],
    [2, ['export', '--data', nowhere, '--runner', '7', '--group', 'x'], /--runner or --group/],
    [2, ['export', '--data', nowhere, '--format', 'csv'], /ndjson, geojson or gpx/],
    [2, ['export', '--data', nowhere, '--from', 'yesterday'], /2026-05-01T09:00:00Z or 2026-05-01/],
    [2, ['import', '--data', nowhere], /which file/],
    [2, ['import', '--data', nowhere, notes], /what is in .*notes\.txt/],
    [2, ['import', '--data', nowhere, `${notes}.gpx`], /No such file/],
    [2, ['import', '--data', nowhere, '--format', 'ndjson', path.dirname(notes)], /Is a directory/],
    [2, ['erase', '--data', nowhere], /--runner or --before/],
    [2, ['erase', '--data', nowhere, '--runner', '7', '--group', 'x'], /--group goes with --before/],
    [2, ['erase', '--data', nowhere.concat('-'), '--runner', '7', '--yes'], /No such file/],
    [2, ['backup', '--data', nowhere], /--output/],
  ])
    assert.match((await ends(code, args)).stderr, says);
});

test('a store that is damaged, or of another kind, is told and left alone', async (t) => {
  const data = temporaryFolder(t);
  fs.writeFileSync(path.join(data, 'spectate.db'), 'x'.repeat(5000));
  for (const args of [['export'], ['backup', '--check'], ['erase', '--runner', '7', '--yes'], ['import', temporaryFile(t, 'in.ndjson', '')]])
    assert.match((await ends(3, [args[0], '--data', data, ...args.slice(1)])).stderr, /not a store, or damaged/);
  assert.strictEqual(fs.readFileSync(path.join(data, 'spectate.db'), 'utf8'), 'x'.repeat(5000));
});

test('a runner is erased, nobody else; and only by who means it', async (t) => {
  const ann = positions('ann', upTo(10));
  const data = await storeOf(t, lines([...positions(7, upTo(10)), ...ann]));
  assert.match((await ends(1, ['erase', '--data', data, '--runner', '7'])).stderr, /--yes, if it is meant/);
  const { stdout } = await ends(0, ['erase', '--data', data, '--runner', '7', '--yes']);
  assert.strictEqual(stdout, 'runner 7: 10 positions erased\n');
  assert.strictEqual(await exported(data), lines(ann));
  assert.match((await ends(1, ['erase', '--data', data, '--runner', '7', '--yes'])).stderr, /nothing is known of runner 7/);
  const refused = await run('script', ['-qefc', `echo n | cat - | ${SPECTATE} erase --data ${data} --runner ann`, '/dev/null']);
  assert.strictEqual(refused.code, 1);
  assert.strictEqual(await exported(data), lines(ann));
});

test('what is old is erased, piece by piece', async (t) => {
  const all = positions(7, upTo(45000));
  const data = await storeOf(t, lines(all));
  const { stdout } = await ends(0, ['erase', '--data', data, '--before', '2026-05-01T21:00:00Z', '--yes']);
  assert.strictEqual(stdout, '43200 positions erased\n');
  assert.strictEqual(await exported(data), lines(all.slice(43200)));
  assert.strictEqual((await ends(0, ['erase', '--data', data, '--before', '2030-01-01', '--group', 'x', '--yes'])).stdout, '0 positions erased\n');
});

test('a backup is made while a server writes, is sound, and takes the place of what was lost', async (t) => {
  const data = temporaryFolder(t);
  const server = await startServer(t, ['--data', data]);
  const client = await server.client({ protocols: ['spectate.v1'] });
  await client.next();
  const time = Date.now() - 1000;
  client.send({ type: 'position', id: 1, userId: 7, lat: 1, lng: 2, time });
  assert.strictEqual((await client.next()).stored, true);
  const copy = path.join(data, 'copy.db');
  await ends(0, ['backup', '--data', data, '--output', copy, '--check']);
  assert.match((await ends(1, ['backup', '--data', data, '--output', copy])).stderr, /there is a file of that name/);
  await ends(0, ['backup', '--data', data, '--check']);
  assert.strictEqual(fs.statSync(copy).mode & 0o777, 0o600);
  const restored = temporaryFolder(t);
  fs.copyFileSync(copy, path.join(restored, 'spectate.db'));
  assert.strictEqual(await exported(restored), lines([{ userId: 7, lat: 1, lng: 2, time }]));
});
