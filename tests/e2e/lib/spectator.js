'use strict';
/*
 * spectator: one who speaks spectate.v1 and follows, and keeps the cursor of what it has got.
 *
 *   const spectator = await Spectator.join(server);
 *   await spectator.follow({ runners: [7] });            // the positions of the snapshot
 *   await spectator.take(3)                              // the next three positions
 *   const back = await Spectator.join(server);
 *   await back.resume({ runners: [7], since: spectator.cursor })  // what it missed
 */
const assert = require('node:assert');

class Spectator {
  constructor(client) {
    this.client = client;
    this.cursor = undefined;
    this.positions = []; // not taken yet
  }

  static async join(server, options = {}) {
    const client = await server.client({ protocols: ['spectate.v1'], ...options });
    assert.strictEqual((await client.next()).type, 'welcome');
    return new Spectator(client);
  }

  send(message) {
    this.client.send(message);
  }

  /* The next message of this type; its positions and its cursor are kept. */
  async next(type) {
    const message = await this.client.next();
    assert.strictEqual(message.type, type, JSON.stringify(message).slice(0, 300));
    if (message.cursor !== undefined) this.cursor = message.cursor;
    return message;
  }

  /* Messages of this type up to one with a cursor: all their positions. */
  async whole(type) {
    const positions = [];
    for (;;) {
      const message = await this.next(type);
      positions.push(...message.positions);
      if (message.cursor !== undefined) return positions;
    }
  }

  async #ask(message) {
    this.send({ type: 'follow', id: 'f', ...message });
    assert.deepStrictEqual(await this.next('ack'), { type: 'ack', id: 'f' });
  }

  async follow(message) {
    await this.#ask(message);
    return this.whole('snapshot');
  }

  async resume(message) {
    await this.#ask(message);
    return this.whole('positions');
  }

  /* A cursor does not help: the snapshot that takes the place of what was missed. */
  async isReset(message, reason) {
    this.send({ type: 'follow', id: 'f', ...message });
    const first = await this.client.next();
    const second = await this.client.next();
    const [ack, reset] = first.type === 'ack' ? [first, second] : [second, first];
    assert.deepStrictEqual([ack, reset], [{ type: 'ack', id: 'f' }, { type: 'reset', id: 'f', reason }]);
    return this.whole('snapshot');
  }

  /* The next so many live positions. */
  async take(count) {
    while (this.positions.length < count) this.positions.push(...(await this.next('positions')).positions);
    return this.positions.splice(0, count);
  }

  async publish(message) {
    this.send({ type: 'position', id: 'p', ...message });
    assert.strictEqual((await this.next('ack')).stored, true);
  }

  async publishAll(positions) {
    for (let at = 0; at < positions.length; at += 1000) {
      this.send({ type: 'positions', id: 'p', positions: positions.slice(at, at + 1000) });
      assert.strictEqual((await this.next('ack')).stored, true);
    }
  }

  /* Gone without a word. */
  cut() {
    this.client.destroy();
  }
}

module.exports = { Spectator };
