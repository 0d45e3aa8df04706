/*
 * fake_environment: time that passes when a test says so, and chance that is none.
 */

export class FakeEnvironment {
  #timers = new Map();
  #count = 0;

  constructor({ nowMs = 1_700_000_000_000, random = 0.5 } = {}) {
    this.nowMs = nowMs;
    this.chance = random;
    this.now = () => this.nowMs;
    this.random = () => this.chance;
    this.setTimeout = (call, ms) => this.#set(call, ms);
    this.clearTimeout = (timer) => this.#timers.delete(timer);
  }

  #set(call, ms) {
    const timer = ++this.#count;
    this.#timers.set(timer, { call, atMs: this.nowMs + ms });
    return timer;
  }

  get waiting() {
    return this.#timers.size;
  }

  /* Let time pass; what is due happens in its order. */
  pass(ms) {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, it]) => it.atMs <= endMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.nowMs = Math.max(this.nowMs, due[1].atMs);
      due[1].call();
    }
    this.nowMs = endMs;
  }
}

/* What promises have started has come to its rest. */
export async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
