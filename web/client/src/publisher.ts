/*
 * publisher: brings what waits in the outbox to the server, one request at a time, and takes it out when the server
 * has it.
 *
 * What the server refuses for good is given up and told, what it can't take now is sent again later. When the
 * connection ends in the middle of a request the positions stay, and are sent again on the next one: duplicates cost
 * nothing.
 */
import { Backoff } from './backoff.js';
import { Alarm, type Environment } from './environment.js';
import type { Refusal } from './messages.js';
import type { Outbox, BatchLimits } from './outbox.js';
import type { QueuedPosition } from './storage.js';

/** What became of a request to publish. */
export type Receipt =
  | { outcome: 'accepted'; isStored: boolean }
  | { outcome: 'refused'; error: Refusal; retryAfterMs?: number }
  | { outcome: 'gone' };

/** A connection, as far as publishing is concerned. */
export interface PublishLink {
  readonly batchLimits: BatchLimits;
  /** The server keeps positions; undefined when that is not known before it answers. */
  readonly keeps: boolean | undefined;
  publish(positions: QueuedPosition[]): Promise<Receipt>;
}

export interface PublisherListener {
  acknowledged(positions: QueuedPosition[], isStored: boolean): void;
  /** `isFinal`: they will never be taken, and wait no more. Else they are sent again later. */
  refused(positions: QueuedPosition[], error: Refusal, isFinal: boolean): void;
  /** Storage failed: what waits may not outlive the page. */
  storageFailed(error: unknown): void;
}

/** These are about the positions themselves, and would be said again. All others pass by. */
const FINAL = new Set([
  'bad_id',
  'bad_json',
  'bad_number',
  'bad_parameter',
  'bad_position',
  'bad_time',
  'body_refused',
  'id_too_long',
  'message_too_big',
  'missing_member',
  'not_allowed',
  'not_an_object',
  'too_many_positions',
  'wrong_type',
]);

export class Publisher {
  readonly #alarm: Alarm;
  readonly #backoff: Backoff;
  #link: PublishLink | undefined;
  #isSending = false;
  #most = Infinity; // positions in a batch, less after the server found one too large

  constructor(
    private readonly outbox: Outbox,
    environment: Environment,
    private readonly listener: PublisherListener,
  ) {
    this.#alarm = new Alarm(environment);
    this.#backoff = new Backoff(environment);
  }

  /** There is a connection. */
  attach(link: PublishLink): void {
    this.#link = link;
    this.#backoff.reset();
    this.#alarm.clear();
    void this.#pump();
  }

  /** There is none any more. */
  detach(): void {
    this.#link = undefined;
    this.#alarm.clear();
  }

  /** Something waits. */
  kick(): void {
    if (!this.#alarm.isSet) void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let link = this.#link; link && !this.#alarm.isSet; link = this.#link) {
        const batch = this.outbox.next(this.#limits(link));
        if (batch.length === 0) break;
        await this.#send(link, batch);
      }
    } finally {
      this.#isSending = false;
    }
  }

  #limits(link: PublishLink): BatchLimits {
    return { ...link.batchLimits, positions: Math.min(link.batchLimits.positions, this.#most) };
  }

  async #send(link: PublishLink, batch: QueuedPosition[]): Promise<void> {
    const receipt = await link.publish(batch);
    if (receipt.outcome === 'accepted') await this.#onAccepted(link, batch, receipt.isStored);
    else if (receipt.outcome === 'refused') await this.#onRefused(batch, receipt.error, receipt.retryAfterMs);
    else if (this.#link === link) this.#pause(0);
  }

  async #onAccepted(link: PublishLink, batch: QueuedPosition[], isStored: boolean): Promise<void> {
    if (!isStored && link.keeps === true) return this.#pause();
    this.#backoff.reset();
    this.#most *= 2;
    const isRemoved = this.outbox.acknowledge(batch);
    this.listener.acknowledged(batch, isStored);
    await this.#storing(isRemoved);
  }

  async #onRefused(batch: QueuedPosition[], error: Refusal, retryAfterMs = 0): Promise<void> {
    if (!FINAL.has(error.code)) {
      this.listener.refused(batch, error, false);
      return this.#pause(retryAfterMs);
    }
    const guilty = guiltyOf(batch, error);
    if (guilty.length === 0) {
      this.#most = Math.max(1, Math.floor(batch.length / 2));
      return;
    }
    const isRemoved = this.outbox.remove(guilty);
    this.listener.refused(guilty, error, true);
    await this.#storing(isRemoved);
  }

  async #storing(done: Promise<void>): Promise<void> {
    await done.catch((error: unknown) => this.listener.storageFailed(error));
  }

  #pause(atLeastMs = 0): void {
    this.#alarm.set(this.#backoff.nextMs({ atLeastMs }), () => void this.#pump());
  }
}

/** Whom an error is about; nobody when it does not say so and there are several. */
function guiltyOf(batch: QueuedPosition[], { index, ids }: Refusal): QueuedPosition[] {
  if (batch.length === 1) return batch;
  if (ids) {
    const named = new Set(ids.map(String));
    return batch.filter(({ userId }) => named.has(String(userId)));
  }
  return index === undefined ? [] : batch.slice(index, index + 1);
}
