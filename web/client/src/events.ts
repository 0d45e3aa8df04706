/*
 * events: what a client tells, by name.
 */
import type { Ending } from './ending.js';
import type { Id, Position, Rate, Status } from './messages.js';
import type { TransportName } from './session.js';
import type { QueuedPosition } from './storage.js';

/** How things stand with the connection. Times are of this device, milliseconds since 1970. */
export type ClientState =
  | { name: 'connecting'; transport: TransportName; attempt: number }
  | { name: 'live'; transport: TransportName; sinceMs: number }
  | { name: 'reconnecting'; atMs: number; attempt: number; why: Ending }
  /** The browser says that there is no network; an attempt is made now and then all the same. */
  | { name: 'offline'; atMs: number; why: Ending }
  /** Nothing more happens until open(). */
  | { name: 'closed'; why: Ending };

export interface PositionsEvent {
  positions: Position[];
  /** How things stand, and not what is new: the path up to there is not known. */
  isSnapshot: boolean;
  /** How many positions were left out for newer ones of the same runner, since this connection began: it reads too slowly. */
  superseded: number;
}

export interface QueueEvent {
  /** How many positions wait. */
  length: number;
  /** How many were given up at the limit, since the page was opened. */
  dropped: number;
  /** The newest position that the server has. */
  lastAcknowledged: Acknowledged | undefined;
}

export interface Acknowledged {
  position: QueuedPosition;
  /** On disk; else the server keeps none. */
  isStored: boolean;
}

/** Something was not carried out, at the server or here. */
export interface ErrorEvent {
  /** Of the table of error codes in protocol.md, or `token_callback` or `storage`. */
  code: string;
  /** For people. */
  message: string;
  ids?: Id[];
  /** Own positions that it is about. */
  positions?: QueuedPosition[];
  /** Those positions are given up. */
  isFinal?: boolean;
}

export interface ClientEvents {
  state: ClientState;
  positions: PositionsEvent;
  status: { userId: Id; status: Status; since: number };
  /** What lies between what came before and what comes now is not told whole: a snapshot follows. */
  reset: { reason: string };
  rate: Omit<Rate, 'type'>;
  queue: QueueEvent;
  error: ErrorEvent;
}
