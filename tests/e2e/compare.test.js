'use strict';
/*
 * The comparison of whole servers, with loads so small that they show only that it works: with our server, and with the bare
 * loop. Nothing about time is looked at.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Program, ROOT, SPECTATE } = require('./lib/program.js');
const { temporaryFile } = require('./lib/temporary.js');

const BUILD = path.dirname(SPECTATE);
const FAULTS = ['missing', 'stale', 'duplicates', 'reordered', 'misdelivered', 'foreign', 'strange', 'failed', 'closed'];

async function compare(t, ...args) {
  const json = temporaryFile(t, 'compare.json', '');
  const run = new Program(path.join(ROOT, 'bench/compare/run'), ['--small', '--build', BUILD, '--json', json, ...args]);
  assert.strictEqual(await run.ended(), 0, run.stdout + run.stderr);
  return { run, ...JSON.parse(fs.readFileSync(json, 'utf8')) };
}

function assertFlawless(report, name) {
  for (const fault of FAULTS) assert.strictEqual(report[fault], 0, `${name}: ${fault}`);
  assert.strictEqual(report.delivered, report.expected, name);
  assert.ok(report.ready > 0, name);
}

test('in each scenario every copy arrives, once and in order', async (t) => {
  const { results } = await compare(t, '--server', 'ours');
  assert.ok(Object.keys(results).length >= 10);
  for (const [name, { ours }] of Object.entries(results)) {
    assertFlawless(ours[0], name);
    assert.strictEqual(ours[0].expected > 0, !['idle', 'idle-tls', 'storm'].includes(name), name);
  }
});

test('the page has a table with both, and says what is not there', async (t) => {
  const { run, results } = await compare(t, '--server', 'ours', '--server', 'bare', '--scenario', 'crowd');
  assertFlawless(results.crowd.bare[0], 'bare');
  assert.match(run.stdout, /^\| spectate \| [\d.]+ \|/m);
  assert.match(run.stdout, /^\| bare send loop \| [\d.]+ \([\d.]+\) \|/m);
  assert.match(run.stdout, /^Measured on /m);
});

test('the page says what a delivery costs beside one of the bare loop', async (t) => {
  const { run, results } = await compare(t, '--server', 'ours', '--server', 'bare', '--scenario', 'crowd', '--scenario', 'friends');
  const [, times] = run.stdout.match(/^- `crowd`: ([\d.]+) times as much \([\d.]+ and [\d.]+ us\)$/m);
  const cost = (server) => results.crowd[server][0].server_cpu_us_per_delivery;
  assert.ok(Math.abs(Number(times) - cost('ours') / cost('bare')) < 0.01, `${times}: ${cost('ours')} / ${cost('bare')}`);
  assert.doesNotMatch(run.stdout, /^- `friends`/m);
});

test('without the bare loop the page does not speak of it', async (t) => {
  const { run } = await compare(t, '--server', 'ours', '--scenario', 'crowd');
  assert.doesNotMatch(run.stdout, /bare/);
});

test('over TLS every copy arrives as well, and stands beside what is plain', async (t) => {
  const { run, results } = await compare(t, '--server', 'ours', '--server', 'ours-tls', '--scenario', 'tls', '--scenario', 'idle-tls');
  assertFlawless(results.tls['ours-tls'][0], 'tls');
  assert.ok(results.tls['ours-tls'][0].expected > 0);
  assertFlawless(results['idle-tls']['ours-tls'][0], 'idle-tls');
  assert.match(run.stdout, /^\| spectate, TLS \| [\d.]+ \([\d.]+\) \|/m);
});
