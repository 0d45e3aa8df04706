/*
 * sse_parser: server-sent events out of pieces of text, as the HTML standard has them (section 9.2.6), whatever the
 * pieces are.
 */

export interface ServerEvent {
  event: string;
  data: string;
  /** The last id that was told, with this event or before. */
  id: string;
}

export interface SseListener {
  event(event: ServerEvent): void;
  retry(ms: number): void;
}

const MOST_CHARACTERS = 32 * 1024 * 1024; // of one event; the server's are far below

export class SseParser {
  #rest = '';
  #endedWithCr = false;
  #event = '';
  #data: string[] = [];
  #id = '';

  constructor(private readonly listener: SseListener) {}

  /** Throws when an event does not end. */
  push(text: string): void {
    const isSplit = this.#endedWithCr && text.startsWith('\n');
    if (text !== '') this.#endedWithCr = text.endsWith('\r');
    const lines = (this.#rest + (isSplit ? text.slice(1) : text)).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MOST_CHARACTERS) throw new Error('an event does not end');
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    this.#field(field, colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, ''));
  }

  #field(field: string, value: string): void {
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.listener.retry(Number(value));
  }

  #dispatch(): void {
    const [event, data] = [this.#event || 'message', this.#data];
    this.#event = '';
    this.#data = [];
    if (data.length > 0) this.listener.event({ event, data: data.join('\n'), id: this.#id });
  }
}
