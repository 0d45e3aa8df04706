/*
 * runners: the newest position of each runner, how old it is, and whether the runner is live, stale or lost.
 *
 * While connected the server says who is stale or lost. Without a connection nobody says so, and then age tells, if it
 * is worse.
 */
import { keyOf, type Id, type Position, type Status, type StatusChange } from './messages.js';

export interface Runner {
  userId: Id;
  /** Its newest position by time. */
  position: Position;
  status: Status;
  /** How long ago that position was taken, in milliseconds of the server's time. */
  ageMs: number;
}

export interface Moment {
  /** By the server's clock. */
  nowMs: number;
  /** Somebody says who is stale or lost. */
  isTold: boolean;
}

interface Known {
  position: Position;
  status: Status;
}

const SEVERITY: Record<Status, number> = { live: 0, stale: 1, lost: 2 };
const worse = (a: Status, b: Status): Status => (SEVERITY[a] >= SEVERITY[b] ? a : b);

export class Runners {
  readonly #known = new Map<string, Known>();
  #staleMs = Infinity;
  #lostMs = Infinity;

  setThresholds(staleMs: number, lostMs: number): void {
    this.#staleMs = staleMs;
    this.#lostMs = lostMs;
  }

  take(positions: Position[]): void {
    for (const position of positions) {
      const key = String(position.userId);
      const before = this.#known.get(key);
      if (before && before.position.time > position.time) continue;
      this.#known.set(key, { position, status: position.status ?? 'live' });
    }
  }

  change({ userId, status }: StatusChange): void {
    const known = this.#known.get(String(userId));
    if (known) known.status = status;
  }

  get(id: Id, moment: Moment): Runner | undefined {
    const known = this.#known.get(keyOf(id));
    return known && this.#describe(known, moment);
  }

  all(moment: Moment): Runner[] {
    return [...this.#known.values()].map((known) => this.#describe(known, moment));
  }

  /** Forget all but these; by key. */
  keepOnly(isKept: (key: string) => boolean): void {
    for (const key of this.#known.keys()) if (!isKept(key)) this.#known.delete(key);
  }

  #describe({ position, status }: Known, { nowMs, isTold }: Moment): Runner {
    const ageMs = Math.max(0, nowMs - position.time);
    const byAge = ageMs >= this.#lostMs ? 'lost' : ageMs >= this.#staleMs ? 'stale' : 'live';
    return { userId: position.userId, position, status: isTold ? status : worse(status, byAge), ageMs };
  }
}
