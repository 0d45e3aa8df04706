/*
 * transport_choice: a WebSocket or server-sent events, for the next connection.
 *
 * WebSockets come first. Two in a row that don't open may be the network, or something between that lets none through:
 * then an event stream is tried, and after that they take turns. One that opened stays the choice; but after a while
 * on event streams a WebSocket is tried again.
 */
import type { TransportName } from './session.js';

const ENOUGH_FAILURES = 2;
const RETRY_WEBSOCKET_MS = 300_000;

export class TransportChoice {
  #failures = 0; // of WebSockets, in a row
  #isOnSse = false;
  #sinceMs = 0;

  constructor(
    private readonly allowed: readonly TransportName[],
    private readonly now: () => number,
  ) {}

  next(): TransportName {
    if (!this.allowed.includes('websocket')) return 'sse';
    if (!this.allowed.includes('sse')) return 'websocket';
    if (this.#isOnSse && this.now() - this.#sinceMs < RETRY_WEBSOCKET_MS) return 'sse';
    return this.#failures < ENOUGH_FAILURES ? 'websocket' : 'sse';
  }

  opened(name: TransportName): void {
    const isNew = name === 'sse' && !this.#isOnSse;
    this.#isOnSse = name === 'sse';
    if (isNew) this.#sinceMs = this.now();
    this.#failures = name === 'sse' ? ENOUGH_FAILURES - 1 : 0;
  }

  failed(name: TransportName): void {
    if (name === 'websocket') {
      this.#failures++;
      if (this.#isOnSse) this.#sinceMs = this.now();
    } else {
      this.#failures = ENOUGH_FAILURES - 1;
      this.#isOnSse = false;
    }
  }
}
