/*
 * messages: what is said on the wire in dialect v1, as docs/protocol.md has it. Unknown types and members are ignored.
 */

/** Names a runner. 7 and "7" are the same one. Integers beyond 2^53 have to be strings. */
export type Id = number | string;

export type Status = 'live' | 'stale' | 'lost';

export interface Place {
  /** Degrees, WGS 84. */
  lat: number;
  lng: number;
  /** Metres. */
  altitude?: number;
  /** Metres: the radius within which the runner probably is. */
  accuracy?: number;
  /** Metres a second. */
  speed?: number;
  /** Degrees, clockwise from north. */
  heading?: number;
  /** Percent. */
  battery?: number;
}

/** A position as it is told. */
export interface Position extends Place {
  userId: Id;
  /** When the fix was taken: milliseconds since 1970. */
  time: number;
  /** Only in a snapshot or after a gap; without it the runner is live. */
  status?: Status;
}

export interface Limits {
  messageBytes: number;
  messagesPerSecond: number;
  follows: number;
  positionsPerMessage: number;
}

export interface Welcome {
  type: 'welcome';
  id?: Id;
  version: string;
  time: number;
  pingInterval: number;
  store: boolean;
  limits: Limits;
  stale: number;
  lost: number;
  reconnect: { minimum: number; maximum: number };
  expires: number | null;
}

export interface Told {
  type: 'snapshot' | 'positions';
  positions: Position[];
  cursor?: string;
  superseded?: number;
}

export interface StatusChange {
  type: 'status';
  userId: Id;
  status: Status;
  since: number;
}

export interface Ack {
  type: 'ack';
  id: Id;
  stored?: boolean;
}

export interface Reset {
  type: 'reset';
  id?: Id;
  reason: string;
}

export interface Rate {
  type: 'rate';
  userId: Id;
  every: number;
}

export interface TokenTaken {
  type: 'token';
  id?: Id;
  expires: number | null;
}

export interface Pong {
  type: 'pong';
  id?: Id;
  time: number;
}

export interface Refusal {
  type: 'error';
  id?: Id;
  code: string;
  message: string;
  ids?: Id[];
  index?: number;
}

export interface ReconnectHint {
  type: 'reconnect';
  after: number;
}

export type ServerMessage =
  | Welcome
  | Told
  | StatusChange
  | Ack
  | Reset
  | Rate
  | TokenTaken
  | Pong
  | Refusal
  | ReconnectHint;

/** What a client says: any object with a type; the server holds it to its rules. */
export interface ClientMessage {
  type: string;
  [member: string]: unknown;
}

/** The message of a text, or undefined for what is none. */
export function parseMessage(text: string): ServerMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isMessage = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
    return isMessage ? (value as ServerMessage) : undefined;
  } catch {
    return undefined;
  }
}

const MOST_BYTES_OF_ID = 64;

/** The one text for an id, however it is written. Throws for what is no id. */
export function keyOf(id: Id): string {
  const isId = typeof id === 'string' ? id !== '' : Number.isSafeInteger(id);
  if (!isId || new TextEncoder().encode(String(id)).length > MOST_BYTES_OF_ID)
    throw new TypeError('an id is a safe integer, or a string of 1 to 64 bytes');
  return String(id);
}
