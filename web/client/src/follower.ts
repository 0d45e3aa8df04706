/*
 * follower: tells the server over one connection whom to follow, one request at a time, and knows what the cursor
 * covers.
 *
 * First, with the cursor, all who were followed before; then, without, who is new. A cursor that comes before the
 * former have been answered for does not cover them: it is held back until then, and when the connection ends before,
 * the old one still counts.
 */
import { chunksOf, setOf, targetsOf, type FollowSet, type Follows, type Target } from './follows.js';
import type { ClientMessage, Refusal, ServerMessage } from './messages.js';

const BYTES_BESIDE_IDS = 1200; // a cursor, and the members' names

interface Request {
  id: string;
  targets: Target[];
  isResume: boolean;
  isAcknowledged: boolean;
  isTold: boolean; // a cursor came behind the acknowledgement
  isPassed: boolean; // a ping behind it was answered, or is not needed
}

export interface FollowerOptions {
  follows: Follows;
  since: string | undefined;
  messageBytes: number;
  send(message: ClientMessage): void;
  cursor(cursor: string): void;
  /** Ask to be called again, by retry(), a little later. */
  retryLater(): void;
}

export class Follower {
  readonly #follows: Follows;
  #chunks: Target[][];
  #request: Request | undefined;
  #heldCursor: string | undefined;
  #everySaid: number | undefined;
  #isWaiting = false;
  #count = 0;

  constructor(private readonly options: FollowerOptions) {
    this.#follows = options.follows;
    this.#follows.begin(options.since !== undefined);
    this.#chunks = chunksOf(this.#follows.in('covered'), this.#roomForIds);
    this.#next();
  }

  changed(removed: FollowSet | undefined): void {
    const parts = removed ? chunksOf(targetsOf(removed), this.#roomForIds) : [];
    for (const part of parts) this.options.send({ type: 'unfollow', ...setOf(part) });
    this.#next();
  }

  retry(): void {
    this.#isWaiting = false;
    this.#next();
  }

  hear(message: ServerMessage): void {
    if (message.type === 'ack') this.#onAnswer(message.id, 'isAcknowledged');
    else if (message.type === 'pong') this.#onAnswer(message.id, 'isPassed');
    else if (message.type === 'error') this.#onError(message);
    else if ((message.type === 'positions' || message.type === 'snapshot') && message.cursor !== undefined)
      this.#onCursor(message.cursor);
  }

  get #roomForIds(): number {
    return Math.max(256, this.options.messageBytes - BYTES_BESIDE_IDS);
  }

  get #isResuming(): boolean {
    return this.#chunks.length > 0 || this.#request?.isResume === true;
  }

  #next(): void {
    if (this.#request || this.#isWaiting) return;
    const chunk = this.#chunks.shift();
    if (chunk) return this.#ask(chunk, this.options.since);
    const [wanted] = chunksOf(this.#follows.in('wanted'), this.#roomForIds);
    if (wanted) return this.#ask(wanted, undefined);
    if (this.#follows.everyMs !== this.#everySaid && !this.#follows.isEmpty)
      this.options.send({ type: 'follow', runners: [], every: this.#sayEvery() });
  }

  #ask(targets: Target[], since: string | undefined): void {
    const id = `follow ${++this.#count}`;
    const isResume = since !== undefined;
    /* A cursor behind the acknowledgement may be of those who were followed before: only behind a pong it is of these too. */
    const needsPing = isResume && this.#count > 1;
    this.#request = { id, targets, isResume, isAcknowledged: false, isTold: false, isPassed: !needsPing };
    const every = this.#sayEvery();
    const more = { ...(isResume && { since }), ...(every !== undefined && { every }) };
    this.options.send({ type: 'follow', id, ...setOf(targets), ...more });
    if (needsPing) this.options.send({ type: 'ping', id });
  }

  #sayEvery(): number | undefined {
    this.#everySaid = this.#follows.everyMs;
    return this.#everySaid;
  }

  #onAnswer(id: unknown, what: 'isAcknowledged' | 'isPassed'): void {
    if (!this.#request || id !== this.#request.id) return;
    this.#request[what] = true;
    this.#endIfWhole();
  }

  #onCursor(cursor: string): void {
    if (this.#isResuming) this.#heldCursor = cursor;
    else this.options.cursor(cursor);
    if (!this.#request?.isAcknowledged) return;
    this.#request.isTold = true;
    this.#endIfWhole();
  }

  #endIfWhole(): void {
    const request = this.#request;
    if (!request?.isAcknowledged || !request.isTold || !request.isPassed) return;
    this.#end(request, 'covered');
  }

  #end(request: Request, state: Target['state']): void {
    for (const target of request.targets) target.state = state;
    this.#request = undefined;
    if (!this.#isResuming && this.#heldCursor !== undefined) {
      this.options.cursor(this.#heldCursor);
      this.#heldCursor = undefined;
    }
    this.#next();
  }

  /** `not_allowed` is about some; the others are followed, and acknowledged. */
  #onError({ id, code }: Refusal): void {
    const request = this.#request;
    if (!request || id !== request.id || code === 'not_allowed') return;
    if (!code.startsWith('too_many_messages')) return this.#end(request, 'refused');
    if (request.isResume) this.#chunks.unshift(request.targets);
    this.#request = undefined;
    this.#isWaiting = true;
    this.options.retryLater();
  }
}
