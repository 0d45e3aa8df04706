/*
 * websocket_like: as much of a WebSocket as is used. The browser's is one, and so is that of the npm package ws.
 */

export interface WebSocketLike {
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface CloseLike {
  code: number;
  reason: string;
}

export interface MessageLike {
  data: unknown;
}
