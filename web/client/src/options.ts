/*
 * options: what a client can be told when it is made, and what holds otherwise.
 */
import type { BackoffOptions } from './backoff.js';
import { realEnvironment, type Environment } from './environment.js';
import { addressesOf } from './http.js';
import { IndexedDbStorage } from './indexed_db_storage.js';
import { MemoryStorage } from './memory_storage.js';
import { keyOf, type Id } from './messages.js';
import { networkOfBrowser, type Network } from './network.js';
import type { OutboxOptions } from './outbox.js';
import type { TransportName } from './session.js';
import type { Fetch } from './sse_session.js';
import type { PositionStorage } from './storage.js';
import type { TokenSource } from './token_keeper.js';
import type { WebSocketConstructor } from './websocket_like.js';

export interface ClientOptions {
  /** `wss://race.example/` or `https://race.example/`; in a page it may be relative. Never holds the token. */
  url: string;
  /** A token, or where the next one comes from. */
  token?: TokenSource;
  /** The runner of positions that name none. */
  userId?: Id;
  /** Where positions wait; IndexedDB where it is there, else memory. */
  storage?: PositionStorage;
  /** How many may wait, and what happens at the limit. */
  queue?: OutboxOptions;
  backoff?: BackoffOptions;
  /** What may be used; both, unless named. */
  transports?: readonly TransportName[];
  WebSocket?: WebSocketConstructor;
  fetch?: Fetch;
  /** What knows of `online` and `offline`; the browser, unless named. */
  network?: Network;
  /** So long a connection may take to open. */
  openTimeoutMs?: number;
  /** So long a ping may take to be answered. */
  answerTimeoutMs?: number;
  /** Time and chance, for tests. */
  environment?: Environment;
}

export interface Settings {
  webSocketUrl: string;
  httpUrl: string;
  token: TokenSource | undefined;
  userId: Id | undefined;
  storage: PositionStorage;
  queue: OutboxOptions;
  backoff: BackoffOptions;
  transports: readonly TransportName[];
  WebSocket: WebSocketConstructor | undefined;
  fetch: Fetch | undefined;
  network: Network | undefined;
  openMs: number;
  answerMs: number;
  environment: Environment;
}

/** Throws for options that can't be. */
export function settingsOf(options: ClientOptions): Settings {
  const { webSocket, http } = addressesOf(options.url);
  if (options.userId !== undefined) keyOf(options.userId);
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketConstructor | undefined);
  const fetch = options.fetch ?? globalThis.fetch?.bind(globalThis);
  return {
    webSocketUrl: webSocket,
    httpUrl: http,
    token: options.token,
    userId: options.userId,
    storage: options.storage ?? storageFor(http),
    queue: options.queue ?? {},
    backoff: options.backoff ?? {},
    transports: transportsOf(options.transports, WebSocket, fetch),
    WebSocket,
    fetch,
    network: options.network ?? networkOfBrowser(),
    openMs: options.openTimeoutMs ?? 15_000,
    answerMs: options.answerTimeoutMs ?? 10_000,
    environment: options.environment ?? realEnvironment,
  };
}

function transportsOf(wanted: readonly TransportName[] | undefined, WebSocket: unknown, fetch: unknown): TransportName[] {
  const there = { websocket: WebSocket !== undefined, sse: fetch !== undefined };
  const usable = (wanted ?? (['websocket', 'sse'] as const)).filter((name) => there[name]);
  if (usable.length === 0) throw new TypeError('neither WebSocket nor fetch: pass them as options');
  return usable;
}

/** What waits for one server does not go to another. */
function storageFor(url: string): PositionStorage {
  return globalThis.indexedDB ? new IndexedDbStorage({ name: `spectate ${url}` }) : new MemoryStorage();
}
