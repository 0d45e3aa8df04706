/*
 * browser: Debian's Chromium with a page of the test's own, which loads the library as a site would and reports what it has seen.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/* Without these it looks for its own services on the network. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-extensions', '--disable-dev-shm-usage'],
];

/* `/dist/...` is the library, POST is a report, all else the page with this script as a module. */
function answer(request, response, { script, report }) {
  if (request.method === 'POST') {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => report(JSON.parse(body)));
    return response.end();
  }
  if (request.url.startsWith('/dist/')) {
    response.writeHead(200, { 'Content-Type': 'text/javascript' });
    return response.end(fs.readFileSync(path.join(DIST, path.basename(request.url))));
  }
  response.writeHead(200, { 'Content-Type': 'text/html' });
  return response.end(`<!doctype html><title>test</title><script type="module">${script}</script>`);
}

/* What the page reports, by calling report(value). */
export async function reportOf(t, body) {
  const script = `
    import { SpectateClient } from '/dist/index.js';
    const report = (it) => fetch('/', { method: 'POST', body: JSON.stringify(it) });
    addEventListener('error', (event) => report({ failed: event.message }));
    addEventListener('unhandledrejection', (event) => report({ failed: String(event.reason) }));
    ${body}`;
  let server;
  const reported = new Promise((resolve) => {
    server = http.createServer((request, response) => answer(request, response, { script, report: resolve }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-chromium-'));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`, url], { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.on('close', resolve));
  t.after(async () => {
    process.kill(-child.pid, 'SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });
  return reported;
}
