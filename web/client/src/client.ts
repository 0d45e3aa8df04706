/*
 * client: follow runners and publish positions, over whatever connection there is at the moment.
 *
 * It is made of parts that each know one thing: connection (when to connect, and how), follows (whom), runners (where
 * they are), outbox and publisher (what is still to be sent). What is asked for while there is no connection counts as
 * soon as there is one.
 */
import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import type { Acknowledged, ClientEvents, ClientState, QueueEvent } from './events.js';
import { Follows, type FollowSet } from './follows.js';
import { keyOf, type Id, type Place, type Position, type Refusal, type ServerMessage, type Told } from './messages.js';
import { settingsOf, type ClientOptions, type Settings } from './options.js';
import { Outbox } from './outbox.js';
import { Publisher } from './publisher.js';
import { Repeats } from './repeats.js';
import { Runners, type Moment, type Runner } from './runners.js';
import { ServerClock } from './server_clock.js';
import type { SessionContext } from './session.js';
import type { QueuedPosition } from './storage.js';
import { TokenKeeper } from './token_keeper.js';

export type FollowTargets = Id | readonly Id[] | FollowSet;

/** A position to publish; without a time it is of now. */
export interface Fix extends Place {
  userId?: Id;
  time?: number;
}

export interface FollowOptions {
  /** At most one position of each runner in so many milliseconds, for all that is followed; 0 is every one. */
  every?: number;
}

const MOST_EVERY_MS = 60_000;
const DETAILS = ['altitude', 'accuracy', 'speed', 'heading', 'battery'] as const;

export class SpectateClient extends Emitter<ClientEvents> {
  readonly #settings: Settings;
  readonly #follows = new Follows();
  readonly #runners = new Runners();
  readonly #serverClock = new ServerClock();
  readonly #context: Omit<SessionContext, 'listener'>;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #publisher: Publisher;
  readonly #repeats = new Repeats();
  readonly #rates = new Map<string, number>();
  readonly #loaded: Promise<void>;
  #lastAcknowledged: Acknowledged | undefined;

  constructor(options: ClientOptions) {
    super();
    const settings = (this.#settings = settingsOf(options));
    this.#context = this.#makeContext();
    this.#connection = this.#makeConnection();
    this.#outbox = new Outbox(settings.storage, settings.queue);
    this.#publisher = this.#makePublisher();
    this.#loaded = this.#load();
  }

  /** Connect, and stay connected until close(). */
  open(): this {
    this.#connection.open();
    return this;
  }

  /** Until open(). What waits to be published stays. */
  close(): void {
    this.#connection.close();
  }

  get state(): ClientState {
    return this.#connection.state;
  }

  /** Milliseconds since 1970 by the server's clock, as well as it is known. */
  get serverTimeMs(): number {
    return this.#settings.environment.now() + this.#serverClock.offsetMs;
  }

  /** Where the newest position of a runner is, how old, and whether the runner is live. */
  runner(id: Id): Runner | undefined {
    return this.#runners.get(id, this.#moment);
  }

  get runners(): Runner[] {
    return this.#runners.all(this.#moment);
  }

  /** Adds to what is followed. Throws for what is no id. */
  follow(targets: FollowTargets, { every }: FollowOptions = {}): void {
    if (every !== undefined && !(every >= 0 && every <= MOST_EVERY_MS)) throw new RangeError('every is from 0 to 60000 ms');
    const isNew = this.#follows.add(followSetOf(targets));
    const isPaced = every !== undefined && this.#follows.setPace(Math.round(every));
    if (isNew || isPaced) this.#connection.session?.followsChanged(undefined);
  }

  /** Of what is named, nothing is followed any more, and what is known of those runners is forgotten. */
  unfollow(targets: FollowTargets): void {
    const set = followSetOf(targets);
    if (!this.#follows.remove(set)) return;
    if (!this.#follows.hasGroups) this.#runners.keepOnly((key) => this.#follows.hasRunner(key));
    this.#connection.session?.followsChanged(set);
  }

  /**
   * Queue a position; resolves once it is in storage, and the event `queue` tells when the server has it. Rejects for what is no
   * position.
   */
  async publish(fix: Fix): Promise<void> {
    const position = this.#positionOf(fix);
    await this.#loaded;
    const added = this.#outbox.add(position);
    this.#publisher.kick();
    this.#tellQueue();
    await added.catch((error: unknown) => this.#storageFailed(error));
  }

  /** How many positions wait, and what the server has. */
  get queue(): QueueEvent {
    return { length: this.#outbox.length, dropped: this.#outbox.dropped, lastAcknowledged: this.#lastAcknowledged };
  }

  /** The pace in which the server wants positions of this runner, in milliseconds, once it has said so. */
  wantedEvery(id: Id): number | undefined {
    return this.#rates.get(keyOf(id));
  }

  get #moment(): Moment {
    return { nowMs: this.serverTimeMs, isTold: this.state.name === 'live' };
  }

  #makeContext(): Omit<SessionContext, 'listener'> {
    const { environment, userId, token, openMs, answerMs } = this.#settings;
    return {
      environment,
      follows: this.#follows,
      cursor: undefined,
      tokens: new TokenKeeper(token, () => this.serverTimeMs),
      serverClock: this.#serverClock,
      userId,
      openMs,
      answerMs,
    };
  }

  #makeConnection(): Connection {
    return new Connection(this.#settings, this.#context, {
      state: (state) => this.emit('state', state),
      began: (session) => void this.#loaded.then(() => session === this.#connection.session && this.#publisher.attach(session)),
      broke: () => this.#onBroke(),
      message: (message) => this.#hear(message),
      cursor: (cursor) => this.#onCursor(cursor),
      reset: (reason) => this.emit('reset', { reason }),
      failed: (code, message) => this.emit('error', { code, message }),
    });
  }

  #makePublisher(): Publisher {
    return new Publisher(this.#outbox, this.#settings.environment, {
      acknowledged: (positions, isStored) => this.#onAcknowledged(positions, isStored),
      refused: (positions, error, isFinal) => this.#onRefused(positions, error, isFinal),
      storageFailed: (error) => this.#storageFailed(error),
    });
  }

  async #load(): Promise<void> {
    await this.#outbox.load().catch((error: unknown) => this.#storageFailed(error));
    if (this.#outbox.length > 0) this.#tellQueue();
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#runners.setThresholds(message.stale, message.lost);
      case 'snapshot':
        return this.#tellPositions(message, message.positions);
      case 'positions':
        return this.#tellPositions(message, this.#repeats.without(message.positions));
      case 'status':
        this.#runners.change(message);
        return this.emit('status', { userId: message.userId, status: message.status, since: message.since });
      case 'rate':
        this.#rates.set(String(message.userId), message.every);
        return this.emit('rate', { userId: message.userId, every: message.every });
      case 'error':
        return this.emit('error', errorOf(message));
      default: // is the business of the session
    }
  }

  #tellPositions({ type, superseded }: Told, positions: Position[]): void {
    this.#runners.take(positions);
    if (positions.length === 0 && superseded === undefined) return;
    this.emit('positions', { positions, isSnapshot: type === 'snapshot', superseded: superseded ?? 0 });
  }

  #onCursor(cursor: string): void {
    this.#context.cursor = cursor;
    this.#repeats.cursor();
  }

  #onBroke(): void {
    this.#repeats.begin();
    this.#publisher.detach();
  }

  #positionOf({ userId = this.#settings.userId, time = Math.round(this.serverTimeMs), ...place }: Fix): QueuedPosition {
    if (userId === undefined) throw new TypeError('whose position is it? userId is missing');
    keyOf(userId);
    const isPlace = Math.abs(place.lat) <= 90 && Math.abs(place.lng) <= 180;
    if (!isPlace || !Number.isSafeInteger(time)) throw new RangeError('lat, lng or time can not be');
    return { userId, time, ...measured(place) };
  }

  #onAcknowledged(positions: QueuedPosition[], isStored: boolean): void {
    const position = positions[positions.length - 1];
    const last = this.#lastAcknowledged?.position.time ?? -Infinity;
    if (position && position.time >= last) this.#lastAcknowledged = { position, isStored };
    this.#tellQueue();
  }

  #onRefused(positions: QueuedPosition[], error: Refusal, isFinal: boolean): void {
    this.emit('error', { ...errorOf(error), positions, isFinal });
    if (isFinal) this.#tellQueue();
  }

  #storageFailed(error: unknown): void {
    this.emit('error', { code: 'storage', message: String(error) });
  }

  #tellQueue(): void {
    this.emit('queue', this.queue);
  }
}

/** Only what is part of a position, and was measured: browsers say null or NaN where a device does not know. */
function measured(place: Place): Place {
  const { lat, lng } = place;
  const known = DETAILS.filter((name) => Number.isFinite(place[name])).map((name) => [name, place[name]]);
  return { lat, lng, ...Object.fromEntries(known) };
}

function followSetOf(targets: FollowTargets): FollowSet {
  if (typeof targets === 'number' || typeof targets === 'string') return { runners: [targets] };
  return Array.isArray(targets) ? { runners: targets } : (targets as FollowSet);
}

function errorOf({ code, message, ids }: Refusal) {
  return { code, message, ...(ids && { ids }) };
}
