/*
 * server_clock: the server's time by this device's clock. Each answer that carries the time says where the server's
 * clock was between a request and its answer; of the last few the one with the shortest way counts.
 */
const KEPT = 8;

interface Sample {
  offsetMs: number;
  uncertaintyMs: number;
}

export class ServerClock {
  #samples: Sample[] = [];

  /** The server said `serverMs` between these two instants of this device. */
  learn(serverMs: number, askedMs: number, heardMs: number): void {
    const uncertaintyMs = Math.max(0, heardMs - askedMs) / 2;
    this.#samples.push({ offsetMs: serverMs - (heardMs - uncertaintyMs), uncertaintyMs });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** What to add to this device's time; 0 while nothing is known. */
  get offsetMs(): number {
    const best = this.#samples.reduce<Sample | undefined>(
      (least, it) => (least && least.uncertaintyMs < it.uncertaintyMs ? least : it),
      undefined,
    );
    return best ? Math.round(best.offsetMs) : 0;
  }

  /** Device clocks jump, above all after sleep: what was learned on an earlier connection counts only until there is better. */
  forget(): void {
    this.#samples.splice(0, Math.max(0, this.#samples.length - 1));
    const last = this.#samples[0];
    if (last) last.uncertaintyMs = Infinity;
  }
}
