/*
 * token_keeper: the token, and where the next one comes from. Who has only a text has no next one; a callback is asked
 * when there is none yet, when the server has refused it, and before it expires.
 */
import { expiryOf } from './jwt.js';

export type TokenSource = string | (() => string | Promise<string>);

const MOST_LEAD_MS = 60_000;
const LEAD_SHARE = 0.2; // of what is left of its life when it is seen first

export class TokenKeeper {
  #token: string | undefined;
  #refused: string | undefined;
  #renewAtMs = Infinity; // by the server's clock

  constructor(
    private readonly source: TokenSource | undefined,
    private readonly serverNow: () => number,
  ) {}

  get canRenew(): boolean {
    return typeof this.source === 'function';
  }

  /** By the server's clock; Infinity when it does not expire or can't be renewed. */
  get renewAtMs(): number {
    return this.canRenew ? this.#renewAtMs : Infinity;
  }

  /** One to show, or undefined where there is none. Rejects as the callback does. */
  async get(): Promise<string | undefined> {
    if (typeof this.source !== 'function') return this.source;
    const isGood = this.#token !== undefined && this.#token !== this.#refused && this.serverNow() < this.#renewAtMs;
    return isGood ? this.#token : this.renew();
  }

  /** The next one, from the callback. */
  async renew(): Promise<string | undefined> {
    if (typeof this.source !== 'function') return this.source;
    const token = await this.source();
    if (token !== this.#token) {
      this.#token = token;
      this.expiresAt(expiryOf(token) ?? null);
    }
    return token;
  }

  /** When the token that is used now expires, in seconds since 1970: what the server says goes before what the token says. */
  expiresAt(seconds: number | null): void {
    const leftMs = seconds === null ? Infinity : seconds * 1000 - this.serverNow();
    this.#renewAtMs = this.serverNow() + leftMs - Math.min(MOST_LEAD_MS, Math.max(0, leftMs) * LEAD_SHARE);
  }

  /** The server does not take this one. */
  refuse(token: string | undefined): void {
    if (token !== undefined) this.#refused = token;
  }

  isRefused(token: string | undefined): boolean {
    return token !== undefined && token === this.#refused;
  }
}
