'use strict';
/*
 * wait: for conditions, never for time. A wait that is not fulfilled fails with what it waited for.
 *
 * The bound is only there so that a failing test ends. It is generous: the server may run under a sanitizer on a busy machine.
 */
const BOUND_MS = 30_000;
const POLL_MS = 10;

/* The promise's value, or an error naming `what` when it takes too long. */
async function inTime(promise, what, boundMs = BOUND_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${boundMs} ms for ${what()}`)), boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/* Call `look` until what it returns is neither false nor undefined nor null, and return that. `what` may be a function. */
async function until(look, what, boundMs = BOUND_MS) {
  const end = Date.now() + boundMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined && seen !== null) return seen;
    if (Date.now() > end) throw new Error(`waited ${boundMs} ms for ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/* Wakes whoever waits for a change of something: wait() ends at the next notify(). */
class Signal {
  #waiting = [];

  notify() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  wait() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /* Like until(), but looks again at each notify() and not by the clock. */
  async until(look, what, boundMs = BOUND_MS) {
    const search = async () => {
      for (;;) {
        const seen = look();
        if (seen !== false && seen !== undefined && seen !== null) return seen;
        await this.wait();
      }
    };
    return inTime(search(), typeof what === 'function' ? what : () => what, boundMs);
  }
}

module.exports = { BOUND_MS, Signal, inTime, until };
