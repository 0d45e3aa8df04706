/*
 * ending: why a connection ended, and what that means for the next one.
 */
import type { Hint } from './backoff.js';

export interface Ending {
  /** A close code of WebSocket, a status of HTTP, or 0 when the network failed or nobody answered. */
  code: number;
  /** A code of protocol.md where the server gave one, else a few words. */
  reason: string;
  hint?: Hint;
}

/**
 * `later`: come back. `much_later`: it is refused for now, on purpose. `token`: with another token. `stop`: it would be the
 * same again.
 */
export type Verdict = 'later' | 'much_later' | 'token' | 'stop';

const VERDICTS: Record<number, Verdict> = {
  400: 'stop',
  401: 'token',
  403: 'stop', // pages of this origin may not connect
  414: 'stop',
  431: 'stop',
  1002: 'stop',
  1003: 'stop',
  1007: 'stop',
  1008: 'much_later',
  1009: 'stop',
  4401: 'token',
  4403: 'token',
};

export function verdictOf({ code }: Ending): Verdict {
  return VERDICTS[code] ?? 'later';
}
