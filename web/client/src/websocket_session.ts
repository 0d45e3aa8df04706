/*
 * websocket_session: one connection of dialect v1 over a WebSocket.
 *
 * It opens with hello, which shows the token: in the handshake a page could not tell a bad token from a network that
 * is gone, and an address ends up in logs. With the welcome all may begin. It ends when the socket closes, when nobody
 * answers any more, or when it does not open in time.
 */
import type { Hint } from './backoff.js';
import type { Ending } from './ending.js';
import { Alarm } from './environment.js';
import { Follower } from './follower.js';
import type { FollowSet } from './follows.js';
import { Heartbeat } from './heartbeat.js';
import { parseMessage, type ClientMessage, type Refusal, type ServerMessage, type Welcome } from './messages.js';
import type { BatchLimits } from './outbox.js';
import type { Receipt } from './publisher.js';
import type { Session, SessionContext } from './session.js';
import type { QueuedPosition } from './storage.js';
import { TokenRenewal } from './token_renewal.js';
import type { CloseLike, MessageLike, WebSocketConstructor, WebSocketLike } from './websocket_like.js';

const PROTOCOL = 'spectate.v1';
const HELLO = 'hello';
const PING = 'ping';
const NO_CODE = 1005;
const BROKEN = 1006;
const RETRY_FOLLOW_MS = 1000;
const BYTES_BESIDE_POSITIONS = 256;

/** What is used of the welcome. */
type Known = Pick<Welcome, 'pingInterval' | 'store' | 'limits' | 'reconnect'>;

export class WebSocketSession implements Session {
  readonly name = 'websocket';
  readonly #alarm: Alarm; // until the welcome
  readonly #retryAlarm: Alarm;
  readonly #receipts = new Map<unknown, (receipt: Receipt) => void>();
  #socket: WebSocketLike | undefined;
  #renewal: TokenRenewal | undefined;
  #heartbeat: Heartbeat | undefined;
  #follower: Follower | undefined;
  #known: Known | undefined; // since the welcome
  #askedMs = 0; // when hello, or the last ping, was sent
  #publishCount = 0;
  #lastError = '';
  #hint: Hint | undefined;
  #isOver = false;

  constructor(
    private readonly context: SessionContext,
    private readonly url: string,
    private readonly WebSocket: WebSocketConstructor,
  ) {
    this.#alarm = new Alarm(context.environment);
    this.#retryAlarm = new Alarm(context.environment);
    void this.#open();
  }

  get keeps(): boolean {
    return this.#known?.store ?? false;
  }

  get batchLimits(): BatchLimits {
    const { positionsPerMessage = 1, messageBytes = 4096 } = this.#known?.limits ?? {};
    return { positions: positionsPerMessage, bytes: messageBytes - BYTES_BESIDE_POSITIONS };
  }

  followsChanged(removed: FollowSet | undefined): void {
    this.#follower?.changed(removed);
  }

  publish(positions: QueuedPosition[]): Promise<Receipt> {
    if (this.#isOver) return Promise.resolve({ outcome: 'gone' });
    const id = `publish ${++this.#publishCount}`;
    const [only] = positions;
    const isOne = positions.length === 1;
    this.#send(isOne ? { type: 'position', id, ...only } : { type: 'positions', id, positions });
    return new Promise((resolve) => this.#receipts.set(id, resolve));
  }

  check(): void {
    this.#heartbeat?.check();
  }

  close(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#socket?.close(1000);
  }

  async #open(): Promise<void> {
    this.#alarm.set(this.context.openMs, () => this.#end({ code: 0, reason: 'no_connection' }));
    let token: string | undefined;
    try {
      token = await this.context.tokens.get();
    } catch (error) {
      if (!this.#isOver) this.context.listener.failed('token_callback', String(error));
      return this.#end({ code: 0, reason: 'token_callback' });
    }
    if (this.#isOver) return;
    if (this.context.tokens.isRefused(token)) return this.#end({ code: 4401, reason: 'token_unchanged' });
    this.#renewal = new TokenRenewal(this.context, (message) => this.#send(message), token);
    this.#connect(token);
  }

  #connect(token: string | undefined): void {
    try {
      this.#socket = new this.WebSocket(this.url, [PROTOCOL]);
    } catch {
      return this.#end({ code: 0, reason: 'no_connection' });
    }
    this.#socket.onopen = () => this.#greet(token);
    this.#socket.onmessage = (event: MessageLike) => this.#hear(String(event.data));
    this.#socket.onclose = (event: CloseLike) => this.#onClose(event);
    this.#socket.onerror = () => {}; // a close follows
  }

  #greet(token: string | undefined): void {
    const { userId } = this.context;
    this.#askedMs = this.context.environment.now();
    this.#send({ type: 'hello', id: HELLO, ...(token !== undefined && { token }), ...(userId !== undefined && { userId }) });
  }

  #send(message: ClientMessage): void {
    if (!this.#isOver) this.#socket?.send(JSON.stringify(message));
  }

  #hear(text: string): void {
    if (this.#isOver) return;
    this.#heartbeat?.heard();
    const message = parseMessage(text);
    if (!message || this.#isReceipt(message)) return;
    if (message.type === 'welcome') return this.#onWelcome(message);
    if (message.type === 'reconnect') this.#hint = { exactlyMs: message.after };
    else if (message.type === 'pong' && message.id === PING) this.#learn(message.time);
    else if (message.type === 'error') this.#lastError = message.code;
    else if (message.type === 'reset') this.context.listener.reset(message.reason);
    this.context.listener.message(message);
    if (this.#isOver) return; // it was closed by who heard that
    this.#renewal?.hear(message);
    this.#follower?.hear(message);
  }

  #learn(serverMs: number): void {
    this.context.serverClock.learn(serverMs, this.#askedMs, this.context.environment.now());
  }

  /** One that is not the answer to hello came before it was asked for, and says the same. */
  #onWelcome(welcome: Welcome): void {
    if (welcome.id !== HELLO || this.#known) return;
    this.#alarm.clear();
    this.#known = welcome;
    this.context.serverClock.forget();
    this.#learn(welcome.time);
    this.#renewal?.expiresAt(welcome.expires);
    this.#beginHeartbeat(welcome);
    this.context.listener.message(welcome);
    this.context.listener.ready();
    if (!this.#isOver) this.#beginFollowing(welcome);
  }

  #beginHeartbeat({ pingInterval }: Welcome): void {
    const ask = () => {
      this.#askedMs = this.context.environment.now();
      this.#send({ type: 'ping', id: PING });
    };
    const dead = () => this.#end({ code: 0, reason: 'silent' });
    this.#heartbeat = new Heartbeat(this.context.environment, {
      intervalMs: pingInterval,
      answerMs: this.context.answerMs,
      ask,
      dead,
    });
  }

  #beginFollowing({ limits }: Welcome): void {
    this.#follower = new Follower({
      follows: this.context.follows,
      since: this.context.cursor,
      messageBytes: limits.messageBytes,
      send: (message) => this.#send(message),
      cursor: (cursor) => this.context.listener.cursor(cursor),
      retryLater: () => this.#retryAlarm.set(RETRY_FOLLOW_MS, () => this.#follower?.retry()),
    });
  }

  /** The answer to publish(): nobody else is told. */
  #isReceipt(message: ServerMessage): boolean {
    if (message.type !== 'ack' && message.type !== 'error') return false;
    const resolve = this.#receipts.get(message.id);
    if (!resolve) return false;
    this.#receipts.delete(message.id);
    resolve(message.type === 'ack' ? { outcome: 'accepted', isStored: message.stored === true } : refused(message));
    return true;
  }

  #onClose({ code, reason }: CloseLike): void {
    const isSilent = code === NO_CODE || code === BROKEN;
    if (isSilent && !this.#known) this.#end({ code: 0, reason: 'no_connection' });
    else this.#end({ code, reason: (code >= 4400 && this.#lastError) || reason || (isSilent ? 'broken' : 'closed') });
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    if (ending.code === 4401 || ending.code === 4403) this.context.tokens.refuse(this.#renewal?.shown);
    const between = this.#known?.reconnect;
    const hint = this.#hint ?? (between && { between });
    this.#stop();
    this.#socket?.close();
    this.context.listener.ended(hint ? { ...ending, hint } : ending);
  }

  #stop(): void {
    this.#isOver = true;
    this.#alarm.clear();
    this.#retryAlarm.clear();
    this.#heartbeat?.stop();
    this.#renewal?.stop();
    for (const resolve of this.#receipts.values()) resolve({ outcome: 'gone' });
    this.#receipts.clear();
  }
}

function refused(error: Refusal): Receipt {
  return { outcome: 'refused', error };
}
