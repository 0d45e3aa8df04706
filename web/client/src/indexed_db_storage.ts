/*
 * indexed_db_storage: positions that outlive the page, in the browser's IndexedDB.
 *
 * Two pages may share one database: both send what is there, and what is sent twice costs the server nothing.
 */
import { storageKey, type PositionStorage, type QueuedPosition } from './storage.js';

const STORE = 'positions';

export interface IndexedDbOptions {
  /** Name of the database. */
  name?: string;
  indexedDB?: IDBFactory;
}

export class IndexedDbStorage implements PositionStorage {
  readonly #name: string;
  readonly #factory: IDBFactory;
  #database: Promise<IDBDatabase> | undefined;

  constructor({ name = 'spectate', indexedDB = globalThis.indexedDB }: IndexedDbOptions = {}) {
    this.#name = name;
    this.#factory = indexedDB;
  }

  async load(): Promise<QueuedPosition[]> {
    const store = (await this.#open()).transaction(STORE).objectStore(STORE);
    return resultOf<QueuedPosition[]>(store.getAll());
  }

  put(position: QueuedPosition): Promise<void> {
    return this.#change((store) => store.put(position, storageKey(position)));
  }

  remove(positions: readonly QueuedPosition[]): Promise<void> {
    return this.#change((store) => positions.forEach((position) => store.delete(storageKey(position))));
  }

  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  /** Resolves once the browser has it on disk, as far as browsers promise that. */
  async #change(apply: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#open()).transaction(STORE, 'readwrite');
    const isDone = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    apply(transaction.objectStore(STORE));
    return isDone;
  }

  /** A failure is not kept: the next use tries again. */
  #open(): Promise<IDBDatabase> {
    if (!this.#database) {
      const opening = this.#openAnew();
      opening.catch(() => (this.#database = undefined));
      this.#database = opening;
    }
    return this.#database;
  }

  async #openAnew(): Promise<IDBDatabase> {
    const request = this.#factory.open(this.#name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const database = await resultOf(request);
    const forget = () => (this.#database = undefined);
    database.onclose = forget; // the browser may take it away; the next use opens it again
    database.onversionchange = () => {
      database.close();
      forget();
    };
    return database;
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
