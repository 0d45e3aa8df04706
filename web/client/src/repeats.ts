/*
 * repeats: positions that came behind the last cursor, so that they would come once more on the next connection, are
 * told once.
 *
 * A cursor does not come with every message. Two positions of a runner with the same time are the same one.
 */
import type { Position } from './messages.js';

export class Repeats {
  #told = new Set<string>(); // behind the last cursor, on this connection
  #earlier = new Set<string>(); // likewise, on those before

  /** Another connection begins where the cursor is. */
  begin(): void {
    for (const key of this.#told) this.#earlier.add(key);
    this.#told.clear();
  }

  /** All up to here will not come again. */
  cursor(): void {
    this.#told.clear();
    this.#earlier.clear();
  }

  /** Those that have not been told. */
  without(positions: Position[]): Position[] {
    const fresh = this.#earlier.size === 0 ? positions : positions.filter((it) => !this.#earlier.has(keyOfPosition(it)));
    for (const it of fresh) this.#told.add(keyOfPosition(it));
    return fresh;
  }
}

function keyOfPosition({ userId, time }: Position): string {
  return `${time} ${userId}`;
}
