/*
 * memory_storage: where nothing else is there. What waits is gone with the page.
 */
import { storageKey, type PositionStorage, type QueuedPosition } from './storage.js';

export class MemoryStorage implements PositionStorage {
  readonly #kept = new Map<string, QueuedPosition>();

  async load(): Promise<QueuedPosition[]> {
    return [...this.#kept.values()];
  }

  async put(position: QueuedPosition): Promise<void> {
    this.#kept.set(storageKey(position), position);
  }

  async remove(positions: readonly QueuedPosition[]): Promise<void> {
    for (const position of positions) this.#kept.delete(storageKey(position));
  }

  async close(): Promise<void> {}
}
