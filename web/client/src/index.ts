/*
 * spectate-client: what is public.
 */
export type { BackoffOptions } from './backoff.js';
export { SpectateClient, type Fix, type FollowOptions, type FollowTargets } from './client.js';
export type { Ending } from './ending.js';
export type { Environment } from './environment.js';
export type { Acknowledged, ClientEvents, ClientState, ErrorEvent, PositionsEvent, QueueEvent } from './events.js';
export type { FollowSet } from './follows.js';
export { IndexedDbStorage, type IndexedDbOptions } from './indexed_db_storage.js';
export { MemoryStorage } from './memory_storage.js';
export type { Id, Place, Position, Status } from './messages.js';
export type { Network } from './network.js';
export type { ClientOptions } from './options.js';
export type { OutboxOptions } from './outbox.js';
export type { Runner } from './runners.js';
export type { TransportName } from './session.js';
export type { PositionStorage, QueuedPosition } from './storage.js';
export type { TokenSource } from './token_keeper.js';
export type { WebSocketConstructor, WebSocketLike } from './websocket_like.js';
