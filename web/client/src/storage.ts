/*
 * storage: where positions wait that the server has not acknowledged. Implementations: memory_storage,
 * indexed_db_storage.
 */
import type { Id, Place } from './messages.js';

/** A position of one's own that is to be published. */
export interface QueuedPosition extends Place {
  userId: Id;
  /** Milliseconds since 1970, by the server's clock as well as it is known. */
  time: number;
}

/** A runner and a time are the key: the server, too, takes two of the same for one. */
export interface PositionStorage {
  /** All that is there, in any order. */
  load(): Promise<QueuedPosition[]>;
  put(position: QueuedPosition): Promise<void>;
  remove(positions: readonly QueuedPosition[]): Promise<void>;
  close(): Promise<void>;
}

export function storageKey({ userId, time }: QueuedPosition): string {
  return `${time} ${userId}`;
}
