/*
 * sse_session: where no WebSocket gets through: what comes by server-sent events, and what is published by POST.
 *
 * A stream can't change whom it follows: it is opened anew. For fewer that is done with the cursor. For more there is
 * no cursor that would bring what is known of those who are new, so all begins with a snapshot, and a reset says that
 * something may lie between. Without anybody to follow there is no stream, and a small request shows that the server
 * is there.
 */
import type { Ending } from './ending.js';
import { Alarm } from './environment.js';
import { setOf } from './follows.js';
import { Heartbeat } from './heartbeat.js';
import { bearer, refusalOf } from './http.js';
import { parseMessage, type Refusal } from './messages.js';
import type { Receipt } from './publisher.js';
import type { Session, SessionContext } from './session.js';
import { SseParser, type ServerEvent } from './sse_parser.js';
import type { QueuedPosition } from './storage.js';

export type Fetch = typeof globalThis.fetch;

const HEARTBEAT_MS = 25_000; // a comment comes as often, by default
const BATCH = { positions: 2000, bytes: 512 * 1024 };

export class SseSession implements Session {
  readonly name = 'sse';
  readonly keeps = undefined;
  readonly batchLimits = BATCH;
  readonly #alarm: Alarm; // until the answer begins
  readonly #over = new AbortController();
  #stream: AbortController | undefined;
  #heartbeat: Heartbeat | undefined;
  #token: string | undefined;
  #retryMs: number | undefined;
  #lastError: Refusal | undefined;
  #version = 0; // of the follows that the stream is about
  #isReady = false;
  #isReopening = false;

  constructor(
    private readonly context: SessionContext,
    private readonly base: string,
    private readonly fetch: Fetch,
  ) {
    this.#alarm = new Alarm(context.environment);
    context.follows.begin(context.cursor !== undefined);
    void this.#open();
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Changes of one moment lead to one new stream. */
  followsChanged(): void {
    if (this.#isReopening) return;
    this.#isReopening = true;
    queueMicrotask(() => {
      this.#isReopening = false;
      if (!this.#isOver) void this.#open();
    });
  }

  async publish(positions: QueuedPosition[]): Promise<Receipt> {
    try {
      const token = await this.#tokenToShow();
      const response = await this.fetch(`${this.base}v1/positions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...bearer(token) },
        body: JSON.stringify({ positions }),
        signal: this.#over.signal,
      });
      if (response.ok) return { outcome: 'accepted', isStored: (await response.json()).stored === true };
      const { error, retryAfterMs } = await refusalOf(response);
      if (response.status === 401) this.context.tokens.refuse(token);
      return { outcome: 'refused', error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    } catch (error) {
      if (error instanceof TokenTrouble) return { outcome: 'refused', error: refusal(error.code) };
      if (this.context.follows.isEmpty) this.#end({ code: 0, reason: 'no_connection' });
      return { outcome: 'gone' };
    }
  }

  check(): void {
    this.#heartbeat?.check();
  }

  close(): void {
    this.#stop();
  }

  async #open(): Promise<void> {
    this.#dropStream();
    const stream = (this.#stream = new AbortController());
    this.#version = this.context.follows.version;
    this.#alarm.set(this.context.openMs, () => this.#end({ code: 0, reason: 'no_connection' }));
    try {
      await (this.context.follows.isEmpty ? this.#probe(stream) : this.#read(stream));
    } catch (error) {
      if (this.#isOver || stream.signal.aborted) return;
      if (error instanceof TokenTrouble) this.#end({ code: error.status, reason: error.code });
      else this.#end(this.#isReady ? this.#streamEnding() : { code: 0, reason: 'no_connection' });
    }
  }

  async #probe(stream: AbortController): Promise<void> {
    const response = await this.fetch(`${this.base}v1/problems/not_found`, { signal: stream.signal });
    if (response.ok) this.#ready();
    else await this.#refused(response, stream);
  }

  async #read(stream: AbortController): Promise<void> {
    this.#token = await this.#tokenToShow();
    if (stream.signal.aborted) return;
    const response = await this.fetch(`${this.base}v1/stream?${this.#query()}`, {
      headers: { Accept: 'text/event-stream', ...bearer(this.#token) },
      cache: 'no-store',
      signal: stream.signal,
    });
    if (!response.ok || !response.body) return this.#refused(response, stream);
    this.#beginHeartbeat();
    this.#ready();
    await this.#readBody(response.body, stream);
    if (!stream.signal.aborted) this.#end(this.#streamEnding());
  }

  async #readBody(body: ReadableStream<Uint8Array>, stream: AbortController): Promise<void> {
    const decoder = new TextDecoder();
    const parser = new SseParser({
      event: (event) => !stream.signal.aborted && this.#hear(event),
      retry: (ms) => (this.#retryMs = ms),
    });
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || stream.signal.aborted) return;
      this.#heartbeat?.heard();
      parser.push(decoder.decode(value, { stream: true }));
    }
  }

  #query(): string {
    const { follows, cursor } = this.context;
    const wanted = follows.in('wanted').length;
    if (cursor !== undefined && wanted > 0 && follows.in('covered').length > 0) this.context.listener.reset('follow_changed');
    const since = wanted === 0 ? cursor : undefined;
    const { runners, groups } = setOf(follows.all());
    const parameters = { follow: listOf(runners), group: listOf(groups), every: follows.everyMs, since };
    const named = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
    return named.map(([name, value]) => `${name}=${value}`).join('&');
  }

  #hear({ data, id }: ServerEvent): void {
    const message = parseMessage(data);
    if (!message) return;
    if (message.type === 'reconnect') this.#retryMs = message.after;
    else if (message.type === 'error') this.#lastError = message;
    else if (message.type === 'reset') this.context.listener.reset(message.reason);
    this.context.listener.message(message);
    if ((message.type === 'positions' || message.type === 'snapshot') && id !== '') this.#onCursor(id);
  }

  #onCursor(cursor: string): void {
    for (const target of this.context.follows.in('wanted')) target.state = 'covered';
    this.context.listener.cursor(cursor);
  }

  #ready(): void {
    this.#alarm.clear();
    if (this.#isReady) return;
    this.#isReady = true;
    this.context.listener.ready();
    if (this.#version !== this.context.follows.version) this.followsChanged();
  }

  async #refused(response: Response, stream: AbortController): Promise<void> {
    const { error, retryAfterMs } = await refusalOf(response);
    if (stream.signal.aborted) return;
    if (response.status === 401) this.context.tokens.refuse(this.#token);
    this.context.listener.message(error);
    const hint = retryAfterMs !== undefined && { hint: { atLeastMs: retryAfterMs } };
    this.#end({ code: response.status, reason: error.code, ...hint });
  }

  #streamEnding(): Ending {
    const code = this.#lastError?.code ?? '';
    const isToken = code.startsWith('token_') || code === 'bad_token';
    if (isToken) this.context.tokens.refuse(this.#token);
    const hint = this.#retryMs !== undefined && { hint: { exactlyMs: this.#retryMs } };
    return { code: isToken ? 401 : 0, reason: isToken ? code : 'broken', ...hint };
  }

  async #tokenToShow(): Promise<string | undefined> {
    const { tokens, listener } = this.context;
    const token = await tokens.get().catch((error: unknown) => {
      if (!this.#isOver) listener.failed('token_callback', String(error));
      throw new TokenTrouble('token_callback', 0);
    });
    if (tokens.isRefused(token)) throw new TokenTrouble('token_unchanged', 401);
    return token;
  }

  #beginHeartbeat(): void {
    this.#heartbeat = new Heartbeat(this.context.environment, {
      intervalMs: 2 * HEARTBEAT_MS,
      answerMs: this.context.answerMs,
      ask: () => {}, // there is no way to ask
      dead: () => this.#end({ code: 0, reason: 'silent' }),
    });
  }

  #dropStream(): void {
    this.#heartbeat?.stop();
    this.#stream?.abort();
    this.#stream = undefined;
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#stop();
    this.context.listener.ended(ending);
  }

  #stop(): void {
    this.#alarm.clear();
    this.#dropStream();
    this.#over.abort();
  }
}

class TokenTrouble extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
  ) {
    super(code);
  }
}

function refusal(code: string): Refusal {
  return { type: 'error', code, message: code.replace(/_/g, ' ') };
}

/** Each name is encoded, what stands between them is not. */
function listOf(names: readonly unknown[]): string {
  return names.map((it) => encodeURIComponent(String(it))).join(',');
}
