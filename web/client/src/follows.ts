/*
 * follows: who is to be followed, and who of them the cursor covers.
 *
 * A target is `wanted` until the server has answered for it, then `covered`: from there on the cursor stands for what
 * came of it, and after a drop it is followed with that cursor. One that the server refused is asked for again on the
 * next connection.
 */
import { keyOf, type Id } from './messages.js';

export interface FollowSet {
  runners?: readonly Id[];
  groups?: readonly string[];
}

export interface Target {
  kind: 'runners' | 'groups';
  id: Id;
  state: 'wanted' | 'covered' | 'refused';
}

export class Follows {
  readonly #targets = new Map<string, Target>();
  #everyMs: number | undefined;
  #version = 0;

  /** Another one after each change. */
  get version(): number {
    return this.#version;
  }

  /** The pace, if one was named. */
  get everyMs(): number | undefined {
    return this.#everyMs;
  }

  /** True when it is another one. */
  setPace(everyMs: number): boolean {
    if (everyMs === this.#everyMs) return false;
    this.#everyMs = everyMs;
    this.#version++;
    return true;
  }

  get isEmpty(): boolean {
    return this.#targets.size === 0;
  }

  get hasGroups(): boolean {
    return this.#some((it) => it.kind === 'groups');
  }

  hasRunner(key: string): boolean {
    return this.#targets.has(`runners ${key}`);
  }

  /** True when somebody is new. Throws, and changes nothing, for what is no id. */
  add(set: FollowSet): boolean {
    const added = targetsOf(set).filter((it) => !this.#targets.has(mapKey(it)));
    for (const target of added) this.#targets.set(mapKey(target), target);
    return this.#changed(added.length > 0);
  }

  /** True when somebody of them was followed. */
  remove(set: FollowSet): boolean {
    return this.#changed(targetsOf(set).filter((it) => this.#targets.delete(mapKey(it))).length > 0);
  }

  in(state: Target['state']): Target[] {
    return [...this.#targets.values()].filter((it) => it.state === state);
  }

  all(): Target[] {
    return [...this.#targets.values()];
  }

  /** A connection begins: without a cursor nothing is covered. */
  begin(hasCursor: boolean): void {
    for (const it of this.#targets.values())
      if (it.state === 'refused' || !hasCursor) it.state = 'wanted';
  }

  #changed(isChanged: boolean): boolean {
    if (isChanged) this.#version++;
    return isChanged;
  }

  #some(predicate: (target: Target) => boolean): boolean {
    for (const it of this.#targets.values()) if (predicate(it)) return true;
    return false;
  }
}

/** All of a set, wanted. Throws for what is no id. */
export function targetsOf({ runners = [], groups = [] }: FollowSet): Target[] {
  const of = (kind: Target['kind'], ids: readonly Id[]) => ids.map((id): Target => ({ kind, id, state: 'wanted' }));
  const targets = [...of('runners', runners), ...of('groups', groups)];
  for (const { id } of targets) keyOf(id);
  return targets;
}

const mapKey = ({ kind, id }: Target): string => `${kind} ${id}`;

/** As a follow message names them. */
export function setOf(targets: Target[]): { runners: Id[]; groups: string[] } {
  const of = (kind: Target['kind']) => targets.filter((it) => it.kind === kind).map((it) => it.id);
  return { runners: of('runners'), groups: of('groups').map(String) };
}

/** Parts that each fit into a message. */
export function chunksOf(targets: Target[], mostBytes: number): Target[][] {
  const chunks: Target[][] = [];
  let room = 0;
  for (const target of targets) {
    const bytes = new TextEncoder().encode(JSON.stringify(target.id)).length + 1;
    if (bytes > room || chunks.length === 0) {
      chunks.push([]);
      room = mostBytes;
    }
    chunks[chunks.length - 1]?.push(target);
    room -= bytes;
  }
  return chunks;
}
