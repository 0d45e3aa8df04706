/*
 * connection: one session after the other, until it is closed: which transport, when to come back, and when not to.
 */
import { Backoff } from './backoff.js';
import { verdictOf, type Ending, type Verdict } from './ending.js';
import { Alarm } from './environment.js';
import type { ClientState } from './events.js';
import type { Settings } from './options.js';
import type { Session, SessionContext, SessionListener, TransportName } from './session.js';
import { SseSession } from './sse_session.js';
import { TransportChoice } from './transport_choice.js';
import { WebSocketSession } from './websocket_session.js';

const LONG_ENOUGH_MS = 60_000; // a connection that held so long was a good one
const MUCH_LATER_MS = 60_000;
const MOST_REFUSED_TOKENS = 4;

export interface ConnectionListener extends Omit<SessionListener, 'ready' | 'ended'> {
  state(state: ClientState): void;
  began(session: Session): void;
  broke(): void;
}

export class Connection {
  readonly #backoff: Backoff;
  readonly #alarm: Alarm;
  readonly #choice: TransportChoice;
  #session: Session | undefined;
  #state: ClientState = { name: 'closed', why: { code: 0, reason: 'not_opened' } };
  #refusedTokens = 0; // in a row

  constructor(
    private readonly settings: Settings,
    private readonly context: Omit<SessionContext, 'listener'>,
    private readonly listener: ConnectionListener,
  ) {
    const { environment } = settings;
    this.#backoff = new Backoff(environment, settings.backoff);
    this.#alarm = new Alarm(environment);
    this.#choice = new TransportChoice(settings.transports, () => environment.now());
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The session that is live, if one is. */
  get session(): Session | undefined {
    return this.#state.name === 'live' ? this.#session : undefined;
  }

  open(): void {
    if (this.#state.name !== 'closed') return;
    this.#refusedTokens = 0;
    this.#backoff.reset();
    this.settings.network?.addEventListener('online', this.#onOnline);
    this.settings.network?.addEventListener('offline', this.#onOffline);
    this.#connect();
  }

  close(why: Ending = { code: 1000, reason: 'closed' }): void {
    if (this.#state.name === 'closed') return;
    this.settings.network?.removeEventListener('online', this.#onOnline);
    this.settings.network?.removeEventListener('offline', this.#onOffline);
    this.#alarm.clear();
    this.#session?.close();
    this.#session = undefined;
    this.listener.broke();
    this.#enter({ name: 'closed', why });
  }

  #enter(state: ClientState): void {
    this.#state = state;
    this.listener.state(state);
  }

  #connect(): void {
    const name = this.#choice.next();
    this.#enter({ name: 'connecting', transport: name, attempt: this.#backoff.attempts });
    if (this.#state.name !== 'connecting') return; // a listener closed it
    /* Each session has its own listener, and shares all else with the others, also what changes. */
    const context: SessionContext = Object.assign(Object.create(this.context), { listener: this.#listenerFor(name) });
    const { httpUrl, webSocketUrl, fetch, WebSocket } = this.settings;
    if (name === 'websocket' && WebSocket) this.#session = new WebSocketSession(context, webSocketUrl, WebSocket);
    else if (fetch) this.#session = new SseSession(context, httpUrl, fetch);
  }

  #listenerFor(name: TransportName): SessionListener {
    const { message, cursor, reset, failed } = this.listener;
    const ready = () => this.#onReady(name);
    return { message, cursor, reset, failed, ready, ended: (ending) => this.#onEnded(name, ending) };
  }

  #onReady(name: TransportName): void {
    this.#choice.opened(name);
    this.#refusedTokens = 0;
    this.#enter({ name: 'live', transport: name, sinceMs: this.settings.environment.now() });
    if (this.session) this.listener.began(this.session);
  }

  #onEnded(name: TransportName, ending: Ending): void {
    const { state } = this;
    const now = this.settings.environment.now();
    if (state.name === 'live' && now - state.sinceMs >= LONG_ENOUGH_MS) this.#backoff.reset();
    if (state.name !== 'live' && ending.reason === 'no_connection') this.#choice.failed(name);
    this.#session = undefined;
    this.listener.broke();
    const verdict = verdictOf(ending);
    if (verdict === 'stop' || (verdict === 'token' && this.#isTokenHopeless())) return this.close({ code: ending.code, reason: ending.reason });
    this.#wait(ending, verdict);
  }

  #isTokenHopeless(): boolean {
    return !this.context.tokens.canRenew || ++this.#refusedTokens >= MOST_REFUSED_TOKENS;
  }

  #wait(why: Ending, verdict: Verdict): void {
    const hints = { later: why.hint, much_later: { atLeastMs: MUCH_LATER_MS }, token: {}, stop: {} };
    const waitMs = this.#backoff.nextMs(hints[verdict]);
    const atMs = this.settings.environment.now() + waitMs;
    this.#alarm.set(waitMs, () => this.#connect());
    const isOffline = this.settings.network?.onLine === false;
    if (isOffline) this.#enter({ name: 'offline', atMs, why });
    else this.#enter({ name: 'reconnecting', atMs, why, attempt: this.#backoff.attempts });
  }

  /** Who was refused on purpose is not let in sooner by a network that is there. */
  readonly #onOnline = (): void => {
    if (this.#state.name === 'live') return this.#session?.check();
    if (this.#state.name !== 'offline' && this.#state.name !== 'reconnecting') return;
    if (verdictOf(this.#state.why) === 'much_later') return;
    this.#alarm.clear();
    this.#backoff.reset();
    this.#connect();
  };

  readonly #onOffline = (): void => {
    if (this.#state.name === 'live') this.#session?.check();
    else if (this.#state.name === 'reconnecting') this.#enter({ name: 'offline', atMs: this.#state.atMs, why: this.#state.why });
  };
}
