/*
 * token_renewal: shows the next token on the open connection before the one that counts expires. While that does not
 * work out, for want of a new token or since the server does not take it, it is tried again; the old one still counts
 * until its end.
 */
import { Alarm } from './environment.js';
import type { ClientMessage, Refusal, ServerMessage } from './messages.js';
import type { SessionContext } from './session.js';

const LEAST_RETRY_MS = 1000;
const MOST_RETRY_MS = 15_000;
const ID = 'token';

export class TokenRenewal {
  readonly #alarm: Alarm;
  #shown: string | undefined;
  #before: string | undefined; // what counted when the last one was shown
  #isStopped = false;

  constructor(
    private readonly context: SessionContext,
    private readonly send: (message: ClientMessage) => void,
    shown: string | undefined,
  ) {
    this.#alarm = new Alarm(context.environment);
    this.#shown = shown;
  }

  /** What the server goes by. */
  get shown(): string | undefined {
    return this.#shown;
  }

  /** Of a welcome, or of a token that was taken. */
  expiresAt(seconds: number | null): void {
    this.context.tokens.expiresAt(seconds);
    const atMs = this.context.tokens.renewAtMs;
    if (atMs === Infinity || this.#isStopped) this.#alarm.clear();
    else this.#alarm.set(atMs - this.context.serverClock.offsetMs - this.context.environment.now(), () => void this.#renew());
  }

  hear(message: ServerMessage): void {
    if (message.type === 'token') this.expiresAt(message.expires);
    else if (message.type === 'error' && message.id === ID) this.#onError(message);
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm.clear();
  }

  async #renew(): Promise<void> {
    const token = await this.context.tokens.renew().catch((error: unknown) => {
      this.context.listener.failed('token_callback', String(error));
      return undefined;
    });
    if (this.#isStopped) return;
    if (token === undefined || token === this.#shown || this.context.tokens.isRefused(token)) return this.#retry();
    this.#before = this.#shown;
    this.#shown = token;
    this.send({ type: 'token', id: ID, token });
  }

  #onError({ code }: Refusal): void {
    if (code === 'bad_token' || code.startsWith('token_')) this.context.tokens.refuse(this.#shown);
    this.#shown = this.#before;
    this.#retry();
  }

  #retry(): void {
    const { random } = this.context.environment;
    this.#alarm.set(LEAST_RETRY_MS + random() * (MOST_RETRY_MS - LEAST_RETRY_MS), () => void this.#renew());
  }
}
