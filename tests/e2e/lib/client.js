'use strict';
/*
 * client: a WebSocket client by npm's ws, which remembers what it got, as text and in order, and lets a test wait for it.
 *
 * Messages are kept as raw text: JSON.parse() would lose what a test is after, such as the last digits of an id.
 */
const assert = require('node:assert');
const WebSocket = require('ws');
const { Signal, inTime } = require('./wait.js');

class Client {
  constructor(url, { protocols = [], ...options } = {}) {
    this.changed = new Signal();
    this.texts = []; // not taken yet
    this.total = 0; // ever received
    this.rates = []; // of spectate.v1: how often to publish, which may be told at any time; not among the texts
    this.closing = undefined; // { code, reason } once it is closed
    this.error = undefined;
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.ws.on('message', (data, isBinary) => {
      assert.ok(!isBinary, 'the server sends text');
      const text = data.toString();
      if (text.startsWith('{"type":"rate"')) {
        this.rates.push(JSON.parse(text));
      } else {
        this.total++;
        this.texts.push(text);
      }
      this.changed.notify();
    });
    this.ws.on('open', () => this.changed.notify());
    this.ws.on('pong', () => this.changed.notify());
    this.ws.on('error', (error) => {
      this.error = error;
      this.changed.notify();
    });
    this.ws.on('close', (code, reason) => {
      this.closing = { code, reason: reason.toString() };
      this.changed.notify();
    });
  }

  async opened() {
    await this.changed.until(() => this.ws.readyState === WebSocket.OPEN || this.closing, 'a WebSocket to open');
    assert.strictEqual(this.ws.readyState, WebSocket.OPEN, `not opened: ${this.error?.message}`);
    return this;
  }

  /* A string is sent as it is, anything else as JSON. */
  send(message) {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  follow(ids, more = {}) {
    this.send({ initialRequest: true, following: ids, ...more });
  }

  publish(userId, lat, lng) {
    this.send({ userId, lat, lng });
  }

  /* The next message that was not taken yet, as text. */
  async nextText() {
    await this.#arrived(1);
    return this.texts.shift();
  }

  async next() {
    return JSON.parse(await this.nextText());
  }

  /* The next `count` messages, parsed. */
  async take(count) {
    await this.#arrived(count);
    return this.texts.splice(0, count).map((text) => JSON.parse(text));
  }

  async #arrived(count) {
    await this.changed.until(
      () => this.texts.length >= count || this.closing,
      () => `message ${count} of ${count}, ${this.texts.length} came: ${this.texts.slice(-3)}`,
    );
    assert.ok(this.texts.length >= count, `closed with ${this.closing?.code} before message ${count}`);
  }

  /* Everything sent so far was acted upon: the server answers pings in their turn. */
  async ping() {
    const answered = new Promise((resolve) => this.ws.once('pong', resolve));
    this.ws.ping();
    await inTime(answered, () => 'a pong');
  }

  /*
   * Everything that the server owes for what was acted upon before has arrived. Two turns of its loop: a pong may overtake
   * the positions of its own turn, not those of an earlier one.
   */
  async settle() {
    await this.ping();
    await this.ping();
  }

  async expectNothingMore() {
    await this.settle();
    assert.deepStrictEqual(this.texts, []);
  }

  /* { code, reason } with which the connection was closed. */
  closed() {
    return this.changed.until(() => this.closing, 'the WebSocket to close');
  }

  close(code, reason) {
    this.ws.close(code, reason);
    return this.closed();
  }

  get socket() {
    return this.ws._socket;
  }

  /* Gone without a word. */
  destroy() {
    this.ws.terminate();
  }
}

module.exports = { Client };
