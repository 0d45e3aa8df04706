/*
 * environment: time and chance, which tests replace.
 */

export interface Environment {
  /** Milliseconds since 1970 by this device. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  setTimeout(call: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const realEnvironment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (call, ms) => globalThis.setTimeout(call, ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as number),
};

const MOST_MS = 0x7fffffff; // longer ones would ring at once

/** One thing that is to happen later. Setting it again replaces it. */
export class Alarm {
  #timer: unknown;

  constructor(private readonly environment: Environment) {}

  get isSet(): boolean {
    return this.#timer !== undefined;
  }

  set(ms: number, call: () => void): void {
    this.clear();
    this.#timer = this.environment.setTimeout(
      () => {
        this.#timer = undefined;
        call();
      },
      Math.min(Math.max(ms, 0), MOST_MS),
    );
  }

  clear(): void {
    if (this.#timer !== undefined) this.environment.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
