/*
 * world: the real server, and clients whose sockets a test can cut. Waits are those of the server's own end-to-end tests.
 */
import { EventEmitter } from 'node:events';
import { WebSocket } from 'ws';
import operators from '../../../../tests/e2e/lib/operators.js';
import servers from '../../../../tests/e2e/lib/server.js';
import temporary from '../../../../tests/e2e/lib/temporary.js';
import tokens from '../../../../tests/e2e/lib/tokens.js';
import waiting from '../../../../tests/e2e/lib/wait.js';
import { MemoryStorage, SpectateClient } from '../../dist/index.js';

export const { Operators } = operators;
export const { startServer } = servers;
export const { temporaryFile, temporaryFolder } = temporary;
export const { authArgs, issuerOf } = tokens;
export const { inTime, until } = waiting;
const { Signal } = waiting;

const EVENTS = ['state', 'positions', 'status', 'reset', 'rate', 'queue', 'error'];
const HOUR_AGO = Date.now() - 3_600_000;

/* The `number`-th position of a runner. */
export const step = (userId, number) => ({ userId, lat: (1e6 + number) / 1e6, lng: 2, time: HOUR_AGO + number * 100 });
export const steps = (userId, from, to) => Array.from({ length: to - from + 1 }, (_, i) => step(userId, from + i));

/* Real time, and the shortest of the waits that may be drawn. */
const PROMPT = {
  now: () => Date.now(),
  random: () => 0,
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/* A network whose word a test gives. */
export class FakeNetwork extends EventEmitter {
  onLine = true;
  addEventListener = this.on;
  removeEventListener = this.off;

  say(name) {
    this.onLine = name === 'online';
    this.emit(name);
  }
}

/* A client, and all that it has told. */
export class Witness {
  constructor(t, url, options = {}) {
    this.sockets = [];
    this.urls = [];
    this.said = []; // each [name, value]
    this.changed = new Signal();
    this.client = new SpectateClient({
      url,
      WebSocket: this.#recorded(options.WebSocket ?? WebSocket),
      fetch: (where, ...rest) => this.#record(where) && (options.fetch ?? fetch)(where, ...rest),
      storage: new MemoryStorage(),
      environment: PROMPT,
      ...Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'WebSocket' && name !== 'fetch')),
    });
    for (const name of EVENTS) this.client.on(name, (it) => this.#note(name, it));
    t.after(() => {
      this.client.close();
      for (const socket of this.sockets) socket.terminate(); // one that was paused would wait for its close frame
    });
  }

  #note(name, value) {
    this.said.push([name, value]);
    this.changed.notify();
  }

  #record(url) {
    this.urls.push(String(url));
    return true;
  }

  #recorded(Base) {
    const witness = this;
    return class extends Base {
      constructor(url, protocols) {
        super(url, protocols);
        witness.#record(url);
        witness.sockets.push(this);
      }
    };
  }

  /* All that was told under this name. */
  all(name) {
    return this.said.filter(([it]) => it === name).map(([, value]) => value);
  }

  /* Positions in the order in which they came. */
  get positions() {
    return this.all('positions').flatMap((it) => it.positions);
  }

  /* Wait until what it has told, or how the client is, is so. */
  until(look, what = look.toString()) {
    return this.changed.until(look, () => `${what}; told: ${JSON.stringify(this.said.slice(-12)).slice(0, 2000)}`);
  }

  /* Wait for the first of this name that `fits`. */
  told(name, fits = () => true) {
    return this.until(() => this.all(name).find(fits), `${name} ${fits}`);
  }

  stateIs(name) {
    return this.until(() => this.client.state.name === name && this.client.state, `state ${name}`);
  }

  async live() {
    this.client.open();
    await this.stateIs('live');
    return this;
  }

  /* Wait until so many positions have come. */
  async has(count) {
    await this.until(() => this.positions.length >= count, `${count} positions, ${this.positions.length} came`);
    return this.positions;
  }

  queueIs(length) {
    return this.until(() => this.client.queue.length === length, `a queue of ${length}`);
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /* The connection breaks, without a word. */
  cut() {
    this.socket.terminate();
  }

  /* The connection breaks, and the client is back. */
  async cutAndBack() {
    const before = this.sockets.length;
    this.cut();
    await this.until(() => this.sockets.length > before && this.client.state.name === 'live', 'another connection');
  }
}

/* One who publishes and waits until the server has it. */
export async function publish(server, positions, headers = {}) {
  const response = await fetch(`http://${server.authority}/v1/positions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(positions),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}
