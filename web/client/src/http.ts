/*
 * http: requests to a server under /v1, and what its refusals say.
 */
import type { Refusal } from './messages.js';

export interface Refused {
  error: Refusal;
  retryAfterMs: number | undefined;
}

/** Of an answer that is not good: the problem that it tells (RFC 9457, or a line `code: message`), else its status. */
export async function refusalOf(response: Response): Promise<Refused> {
  const text = await response.text().catch(() => '');
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return { error: problemOf(text) ?? lineOf(text, response.status), retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined };
}

function problemOf(text: string): Refusal | undefined {
  try {
    const { code, detail, title, ids, index } = JSON.parse(text);
    return typeof code === 'string' ? { type: 'error', code, message: detail ?? title ?? code, ids, index } : undefined;
  } catch {
    return undefined;
  }
}

function lineOf(text: string, status: number): Refusal {
  const [, code, message] = /^([a-z0-9_]+): (.*)/.exec(text) ?? [];
  return { type: 'error', code: code ?? `http_${status}`, message: message ?? `HTTP ${status}` };
}

/** Where a server's WebSocket and its requests are, from either address. */
export function addressesOf(url: string): { webSocket: string; http: string } {
  const base = new URL(url, globalThis.location?.href);
  base.hash = '';
  const isSecure = base.protocol === 'wss:' || base.protocol === 'https:';
  if (!isSecure && base.protocol !== 'ws:' && base.protocol !== 'http:') throw new TypeError(`not a server's address: ${url}`);
  const rest = base.href.slice(base.protocol.length);
  const folder = new URL('.', `${isSecure ? 'https:' : 'http:'}${rest}`);
  return { webSocket: `${isSecure ? 'wss:' : 'ws:'}${rest}`, http: folder.href };
}

export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
