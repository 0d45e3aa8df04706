import assert from 'node:assert';
import test from 'node:test';
import { MemoryStorage, SpectateClient } from '../../dist/index.js';
import { FakeEnvironment, settle } from '../lib/fake_environment.js';

const WELCOME = {
  type: 'welcome',
  id: 'hello',
  version: '0',
  time: 1_700_000_000_000,
  pingInterval: 25_000,
  store: true,
  limits: { messageBytes: 65536, messagesPerSecond: 1000, follows: 1000, positionsPerMessage: 1000 },
  stale: 15_000,
  lost: 60_000,
  reconnect: { minimum: 500, maximum: 10_000 },
  expires: null,
};

/* A client whose sockets do what a test says. */
function begin(options = {}) {
  const it = { environment: new FakeEnvironment(), sockets: [], states: [] };
  class FakeSocket {
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, said: [], isClosed: false });
      it.sockets.push(this);
    }

    send(text) {
      this.said.push(JSON.parse(text));
    }

    close() {
      this.isClosed = true;
    }

    hear(message) {
      this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify(message) });
    }

    welcome() {
      this.onopen();
      this.hear(WELCOME);
    }

    break(code = 1006, reason = '') {
      this.onclose({ code, reason });
    }
  }
  it.client = new SpectateClient({
    url: 'ws://race.example/',
    WebSocket: FakeSocket,
    transports: ['websocket'],
    storage: new MemoryStorage(),
    environment: it.environment,
    ...options,
  });
  it.client.on('state', (state) => it.states.push(state.name));
  it.open = async () => {
    it.client.open();
    await settle();
    return it.socket();
  };
  it.socket = () => it.sockets.at(-1);
  it.wait = () => it.client.state.atMs - it.environment.nowMs;
  it.pass = async (ms) => {
    it.environment.pass(ms);
    await settle();
    return it.socket();
  };
  return it;
}

test('it says hello with dialect v1, and is live with the welcome', async () => {
  const it = begin({ token: 'secret', userId: 7 });
  const socket = await it.open();
  assert.deepStrictEqual([socket.url, socket.protocols], ['ws://race.example/', ['spectate.v1']]);
  socket.onopen();
  assert.deepStrictEqual(socket.said, [{ type: 'hello', id: 'hello', token: 'secret', userId: 7 }]);
  socket.hear({ ...WELCOME, id: undefined }); // comes by itself where no token is needed
  assert.strictEqual(it.client.state.name, 'connecting');
  socket.hear(WELCOME);
  assert.deepStrictEqual(it.states, ['connecting', 'live']);
});

test('while nothing opens the waits double', async () => {
  const it = begin();
  await it.open();
  const waits = [];
  for (let i = 0; i < 7; i++) {
    it.socket().break();
    waits.push(it.wait());
    await it.pass(it.wait());
  }
  assert.deepStrictEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test('after a welcome it comes back as the welcome says, or at the time that the server names as it leaves', async () => {
  const it = begin();
  (await it.open()).welcome();
  it.socket().break();
  assert.strictEqual(it.wait(), 5250);
  (await it.pass(it.wait())).welcome();
  for (let i = 0; i < 3; i++) {
    await it.pass(20_000);
    it.socket().hear({ type: 'pong', id: 'ping', time: it.environment.nowMs });
  }
  it.socket().hear({ type: 'reconnect', after: 1730 });
  it.socket().break(1001, 'the server is going away');
  assert.strictEqual(it.wait(), 1730);
});

test('only a connection that has held for a minute takes the waits back', async () => {
  const it = begin();
  await it.open();
  for (let i = 0; i < 4; i++) {
    it.socket().break();
    (await it.pass(it.wait())).welcome();
  }
  it.socket().break();
  assert.strictEqual(it.wait(), 8000);
});

test('one that does not open in time is given up', async () => {
  const it = begin();
  const socket = await it.open();
  await it.pass(15_000);
  assert.deepStrictEqual([it.client.state.name, it.client.state.why.reason, socket.isClosed], ['reconnecting', 'no_connection', true]);
});

test('codes that would be the same again end it, with the reason', async () => {
  for (const code of [1002, 1003, 1007, 1009]) {
    const it = begin();
    (await it.open()).welcome();
    it.socket().break(code, 'why');
    assert.deepStrictEqual(it.client.state, { name: 'closed', why: { code, reason: 'why' } });
    await it.pass(3_600_000);
    assert.deepStrictEqual([it.sockets.length, it.environment.waiting], [1, 0]);
  }
});

test('closed, it keeps no timer, says nothing, and hears nothing', async () => {
  const it = begin();
  const socket = await it.open();
  socket.welcome();
  it.client.close();
  socket.hear({ type: 'error', code: 'x', message: '' });
  socket.break();
  assert.deepStrictEqual([it.states, socket.isClosed, it.environment.waiting], [['connecting', 'live', 'closed'], true, 0]);
});

test('one who closes it in a listener is heeded', async () => {
  for (const name of ['connecting', 'live', 'reconnecting']) {
    const it = begin();
    it.client.on('state', (state) => state.name === name && it.client.close());
    (await it.open())?.welcome?.();
    it.socket()?.break();
    await it.pass(3_600_000);
    assert.strictEqual(it.client.state.name, 'closed', name);
    assert.strictEqual(it.environment.waiting, 0, name);
  }
});

test('what is no message, and what is not known, is passed over', async () => {
  const it = begin();
  (await it.open()).welcome();
  const nothings = ['', 'null', '[]', '{}', '{"type":7}', '{"type":"new"}', '{"type":"ack","id":"nobody"}'];
  for (const nothing of nothings) it.socket().hear(nothing);
  assert.strictEqual(it.client.state.name, 'live');
});

test('positions that were left out are told, with others or alone', async () => {
  const it = begin();
  const told = [];
  it.client.on('positions', (event) => told.push(event));
  (await it.open()).welcome();
  const position = { userId: 7, lat: 1, lng: 2, time: 1 };
  it.socket().hear({ type: 'positions', positions: [position] });
  it.socket().hear({ type: 'positions', positions: [], cursor: 'c1' });
  it.socket().hear({ type: 'positions', positions: [], cursor: 'c2', superseded: 3 });
  assert.deepStrictEqual(told, [
    { positions: [position], isSnapshot: false, superseded: 0 },
    { positions: [], isSnapshot: false, superseded: 3 },
  ]);
});
