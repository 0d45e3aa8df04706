/*
 * outbox: positions that the server has not acknowledged, in memory and in storage, and which of them is sent next.
 *
 * The newest position of each runner goes first: that is what people look at. Then the backlog in batches, the newest
 * batch first, each oldest first. A position leaves only when it is acknowledged, refused for good, or pushed out by
 * the bound.
 */
import { storageKey, type PositionStorage, type QueuedPosition } from './storage.js';

export interface OutboxOptions {
  /** At most so many positions wait. */
  limit?: number;
  /**
   * What happens at the limit: `thin` leaves out every second position of the older half, so that the whole way is still there in
   * coarser steps; `drop` gives up the oldest.
   */
  overflow?: 'thin' | 'drop';
}

export interface BatchLimits {
  positions: number;
  bytes: number;
}

const BYTES_BETWEEN = 2; // a comma, and one to spare

export class Outbox {
  readonly #limit: number;
  readonly #overflow: 'thin' | 'drop';
  readonly #newestDone = new Map<string, number>(); // by runner: the time of the newest that was acknowledged
  #waiting: QueuedPosition[] = []; // by time
  #droppedCount = 0;

  constructor(
    private readonly storage: PositionStorage,
    { limit = 10_000, overflow = 'thin' }: OutboxOptions = {},
  ) {
    this.#limit = Math.max(2, limit);
    this.#overflow = overflow;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** How many were given up at the limit. */
  get dropped(): number {
    return this.#droppedCount;
  }

  /** What an earlier page has left. What was added meanwhile stays. */
  async load(): Promise<void> {
    const earlier = await this.storage.load();
    const now = new Map([...earlier, ...this.#waiting].map((it) => [storageKey(it), it]));
    this.#waiting = [...now.values()].sort((a, b) => a.time - b.time);
    await this.#keepToLimit();
  }

  /** Waits from now on; resolves once storage has it. */
  async add(position: QueuedPosition): Promise<void> {
    this.#insert(position);
    await Promise.all([this.storage.put(position), this.#keepToLimit()]);
  }

  /** What goes next, oldest first, or nothing. */
  next(limits: BatchLimits): QueuedPosition[] {
    const fresh = this.#newestOfEach();
    const batch = fresh.length > 0 ? fresh : this.#waiting;
    return fitting(batch, limits);
  }

  /** The server has these. */
  async acknowledge(positions: readonly QueuedPosition[]): Promise<void> {
    for (const { userId, time } of positions) {
      const key = String(userId);
      this.#newestDone.set(key, Math.max(time, this.#newestDone.get(key) ?? -Infinity));
    }
    await this.remove(positions);
  }

  /** These wait no more. */
  async remove(positions: readonly QueuedPosition[]): Promise<void> {
    const gone = new Set(positions.map(storageKey));
    this.#waiting = this.#waiting.filter((it) => !gone.has(storageKey(it)));
    await this.storage.remove(positions);
  }

  /** Nearly always at the end. */
  #insert(position: QueuedPosition): void {
    const key = storageKey(position);
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.time ?? -Infinity) > position.time) at--;
    for (let i = at - 1; this.#waiting[i]?.time === position.time; i--) {
      const there = this.#waiting[i];
      if (there && storageKey(there) === key) {
        this.#waiting[i] = position;
        return;
      }
    }
    this.#waiting.splice(at, 0, position);
  }

  #newestOfEach(): QueuedPosition[] {
    const newest = new Map<string, QueuedPosition>();
    for (const it of this.#waiting) newest.set(String(it.userId), it);
    const isFresh = ([key, it]: [string, QueuedPosition]) => it.time > (this.#newestDone.get(key) ?? -Infinity);
    const fresh = [...newest].filter(isFresh).map(([, it]) => it);
    return fresh.sort((a, b) => a.time - b.time);
  }

  async #keepToLimit(): Promise<void> {
    const excess = this.#waiting.length - this.#limit;
    if (excess <= 0) return;
    const older = this.#waiting.slice(0, Math.ceil(this.#waiting.length / 2));
    const thinned = this.#overflow === 'thin' ? older.filter((_, i) => i % 2 === 1) : [];
    const given = thinned.length >= excess ? thinned : this.#waiting.slice(0, excess);
    this.#droppedCount += given.length;
    await this.remove(given);
  }
}

/** As many of the last as fit into a message; always at least one. */
function fitting(positions: readonly QueuedPosition[], limits: BatchLimits): QueuedPosition[] {
  let from = positions.length;
  let room = limits.bytes;
  const encoder = new TextEncoder();
  while (from > 0 && positions.length - from < limits.positions) {
    room -= encoder.encode(JSON.stringify(positions[from - 1])).length + BYTES_BETWEEN;
    if (room < 0 && from < positions.length) break;
    from--;
  }
  return positions.slice(from);
}
