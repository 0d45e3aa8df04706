'use strict';
/*
 * A web page in Chromium, over wss, with a token: as a spectator's browser does it.
 */
const assert = require('node:assert');
const { execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { Pki } = require('./lib/pki.js');
const { startTlsServer } = require('./lib/server.js');
const { authArgs, bearer, issuerOf } = require('./lib/tokens.js');
const { inTime } = require('./lib/wait.js');

/* Without these it looks for its own services on the network. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-extensions', '--disable-dev-shm-usage'],
];

/* The browser trusts just the key of this certificate. */
function trustKeyOf(cert) {
  const der = crypto.createPublicKey(fs.readFileSync(cert)).export({ type: 'spki', format: 'der' });
  return `--ignore-certificate-errors-spki-list=${crypto.createHash('sha256').update(der).digest('base64')}`;
}

/* Serves one page, and hears what it has to report. */
async function servePage(t, script) {
  const page = { url: undefined };
  page.report = new Promise((resolve) => {
    page.server = http.createServer((request, response) => {
      if (request.method === 'POST') {
        let body = '';
        request.on('data', (data) => (body += data));
        request.on('end', () => resolve(JSON.parse(body)));
      }
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(`<!doctype html><title>test</title><script>${script()}</script>`);
    });
  });
  await new Promise((resolve) => page.server.listen(0, '127.0.0.1', resolve));
  page.url = `http://127.0.0.1:${page.server.address().port}`;
  t.after(() => {
    page.server.closeAllConnections();
    page.server.close();
  });
  return page;
}

function browse(t, url, more) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-chromium-'));
  const child = spawn('chromium', [...FLAGS, ...more, `--user-data-dir=${folder}`, url], { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.on('close', resolve));
  t.after(async () => {
    process.kill(-child.pid, 'SIGKILL');
    await ended;
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });
}

function hasChromium() {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a page in Chromium follows and publishes over wss, with a token among the subprotocols', async (t) => {
  assert.ok(hasChromium(), 'there is no chromium: tools/setup check installs it');
  const issuer = await issuerOf(t);
  const token = await issuer.token({ sub: '7' });
  let server;
  const page = await servePage(
    t,
    () => `
      const report = (what) => fetch('/', { method: 'POST', body: JSON.stringify(what) });
      const socket = new WebSocket('${server.url}', ['spectate.token', '${token}']);
      const got = { messages: [] };
      socket.onopen = () => {
        got.protocol = socket.protocol;
        socket.send(JSON.stringify({ initialRequest: true, following: [7, 8], userId: 7 }));
        socket.send(JSON.stringify({ userId: 7, lat: 48.8568, lng: 2.2927 }));
      };
      socket.onmessage = (event) => {
        got.messages.push(JSON.parse(event.data));
        if (got.messages.length === 2) report(got);
      };
      socket.onclose = (event) => report({ ...got, closed: event.code });`,
  );
  const pki = new Pki(t);
  const certificate = pki.issueServer();
  server = await startTlsServer(t, { pki, certificate }, authArgs(t, issuer, ['--allow-origin', page.url]));
  browse(t, page.url, [trustKeyOf(certificate.cert)]);
  const { protocol, messages, closed } = await inTime(page.report, () => 'the report of the page');
  assert.strictEqual(closed, undefined);
  assert.strictEqual(protocol, 'spectate.token');
  assert.deepStrictEqual(messages[0].error.ids, [8]);
  assert.deepStrictEqual(messages[1], { userId: 7, lat: 48.8568, lng: 2.2927 });
  const client = await server.client({ ...server.tls, ...bearer(token) });
  await client.ping();
});
