/*
 * session: one connection from its opening to its end, whatever it is made of. Implementations: websocket_session,
 * sse_session.
 */
import type { Ending } from './ending.js';
import type { Environment } from './environment.js';
import type { FollowSet, Follows } from './follows.js';
import type { Id, ServerMessage } from './messages.js';
import type { PublishLink } from './publisher.js';
import type { ServerClock } from './server_clock.js';
import type { TokenKeeper } from './token_keeper.js';

export type TransportName = 'websocket' | 'sse';

/** What a session tells. After `ended`, which comes once, it tells nothing. */
export interface SessionListener {
  /** All may begin. */
  ready(): void;
  message(message: ServerMessage): void;
  /** All up to here has come, of what was followed. */
  cursor(cursor: string): void;
  /** What lies between is not told whole. */
  reset(reason: string): void;
  /** Something failed here, and not at the server: the token's callback. */
  failed(code: string, message: string): void;
  ended(ending: Ending): void;
}

/** What outlives sessions, and each of them uses. */
export interface SessionContext {
  environment: Environment;
  follows: Follows;
  /** What the last session has got. */
  cursor: string | undefined;
  tokens: TokenKeeper;
  serverClock: ServerClock;
  userId: Id | undefined;
  /** So long a connection may take to open, and a ping to be answered. */
  openMs: number;
  answerMs: number;
  listener: SessionListener;
}

export interface Session extends PublishLink {
  readonly name: TransportName;
  /** Whom to follow, or the pace, has changed; these are not wanted any more. */
  followsChanged(removed: FollowSet | undefined): void;
  /** There is reason to doubt that anybody is there. */
  check(): void;
  /** Without a further word to the listener. */
  close(): void;
}
