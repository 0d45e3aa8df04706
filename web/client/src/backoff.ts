/*
 * backoff: how long to wait before the next attempt. Exponential with full jitter and a cap: without the randomness a
 * whole stadium comes back in the same instant. What the server says goes before.
 */
import type { Environment } from './environment.js';

export interface BackoffOptions {
  /** The first wait is from 0 to this. */
  baseMs?: number;
  /** No wait is longer than this, unless the server asks for it. */
  capMs?: number;
}

export interface Hint {
  /** Come back after exactly so long: the server has drawn the lot already. */
  exactlyMs?: number;
  /** Come back after a random time between these. */
  between?: { minimum: number; maximum: number };
  /** Not before. */
  atLeastMs?: number;
}

export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  #attempts = 0;

  constructor(
    private readonly environment: Pick<Environment, 'random'>,
    { baseMs = 1000, capMs = 30_000 }: BackoffOptions = {},
  ) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
  }

  /** How many waits there were since all was well. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait in milliseconds. A random time between bounds, or an exact one, is for the first attempt only. */
  nextMs({ exactlyMs, between, atLeastMs = 0 }: Hint = {}): number {
    const attempt = this.#attempts++;
    const bound = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(attempt, 30));
    if (exactlyMs !== undefined && attempt === 0) return exactlyMs;
    if (between && attempt === 0) return this.#draw(between.minimum, between.maximum);
    return atLeastMs + this.#draw(0, bound);
  }

  reset(): void {
    this.#attempts = 0;
  }

  #draw(from: number, to: number): number {
    return Math.round(from + this.environment.random() * Math.max(0, to - from));
  }
}
