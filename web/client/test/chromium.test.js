/*
 * In a browser: its WebSocket, its fetch across origins, and its IndexedDB.
 */
import assert from 'node:assert';
import test from 'node:test';
import { reportOf } from './lib/browser.js';
import { inTime, startServer, temporaryFolder } from './lib/world.js';

/* Follows and publishes by one transport until both have worked, and tells how. */
const TRY = `
  const tryBy = (url, transport, userId) => new Promise((resolve) => {
    const client = new SpectateClient({ url, transports: [transport], userId });
    const seen = { errors: [] };
    const look = () => {
      const { length, lastAcknowledged } = client.queue;
      if (length > 0 || !client.runner(userId)) return;
      seen.isStored = lastAcknowledged.isStored;
      seen.lat = client.runner(userId).position.lat;
      client.close();
      resolve(seen);
    };
    client.on('error', (error) => seen.errors.push(error.code));
    client.on('state', (state) => (seen.transport ??= state.name === 'live' ? state.transport : undefined));
    client.on('queue', look);
    client.on('positions', look);
    client.follow(userId);
    client.publish({ lat: 48.8568, lng: 2.2927 }).then(() => client.open());
  });`;

test('a page in Chromium follows and publishes by either transport, with a queue in IndexedDB', async (t) => {
  const server = await startServer(t, ['--data', temporaryFolder()]);
  const script = `${TRY}
    const seen = [await tryBy('${server.url}', 'websocket', 7), await tryBy('${server.url}', 'sse', 8)];
    const databases = await indexedDB.databases();
    await report({ seen, databases: databases.map((it) => it.name) });`;
  const well = { errors: [], isStored: true, lat: 48.8568 };
  assert.deepStrictEqual(await inTime(reportOf(t, script), () => 'a report of the page'), {
    seen: [
      { ...well, transport: 'websocket' },
      { ...well, transport: 'sse' },
    ],
    databases: [`spectate http://${server.authority}/`],
  });
});
