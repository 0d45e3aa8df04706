'use strict';
/*
 * events: a client of server-sent events (HTML Living Standard, 9.2.6), which remembers what it got, in order.
 *
 *   const stream = await EventStream.open(server, '/v1/stream?follow=7');
 *   await stream.next('snapshot')           // its data, parsed
 *   stream.lastId                           // what a browser would come back with
 */
const assert = require('node:assert');
const http = require('node:http');
const { Signal } = require('./wait.js');

class EventStream {
  constructor() {
    this.changed = new Signal();
    this.events = []; // not taken yet: { event, data }
    this.lastId = '';
    this.retry = undefined;
    this.comments = 0;
    this.hasEnded = false;
    this.response = undefined;
    this.text = '';
  }

  /* `where` has host and port; options are node's for a request. */
  static async open(where, path, options = {}) {
    const stream = new EventStream();
    stream.request = http.get({ host: where.host, port: where.port, path, agent: false, ...options });
    stream.request.on('error', () => stream.#end());
    stream.request.on('response', (response) => stream.#begin(response));
    await stream.changed.until(() => stream.response ?? (stream.hasEnded || undefined), 'an answer');
    assert.ok(stream.response, 'no answer');
    assert.strictEqual(stream.response.statusCode, 200);
    assert.strictEqual(stream.response.headers['content-type'], 'text/event-stream');
    return stream;
  }

  #begin(response) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text) => this.#take(text));
    response.on('end', () => this.#end());
    response.on('error', () => this.#end());
    this.changed.notify();
  }

  #end() {
    this.hasEnded = true;
    this.changed.notify();
  }

  #take(text) {
    const blocks = (this.text + text).split('\n\n');
    this.text = blocks.pop();
    for (const block of blocks) this.#dispatch(block.split('\n'));
    this.changed.notify();
  }

  #dispatch(lines) {
    const found = { event: 'message', data: [] };
    for (const line of lines) {
      if (line.startsWith(':')) this.comments++;
      const [, name, value] = line.match(/^([^:]+): ?(.*)$/) ?? [];
      if (name === 'id') this.lastId = value;
      else if (name === 'retry') this.retry = Number(value);
      else if (name === 'data') found.data.push(value);
      else if (name === 'event') found.event = value;
    }
    if (found.data.length > 0) this.events.push({ event: found.event, data: found.data.join('\n') });
  }

  /* The data of the next event, which is of this type. */
  async next(type) {
    await this.changed.until(() => this.events.length > 0 || this.hasEnded, `an event ${type}`);
    assert.ok(this.events.length > 0, 'the stream has ended');
    const { event, data } = this.events.shift();
    const message = JSON.parse(data);
    assert.deepStrictEqual([event, message.type], [type, type], data.slice(0, 300));
    return message;
  }

  /* The next so many positions, that come in events of this type. */
  async take(count, type = 'positions') {
    const positions = [];
    while (positions.length < count) positions.push(...(await this.next(type)).positions);
    assert.strictEqual(positions.length, count);
    return positions;
  }

  ended() {
    return this.changed.until(() => this.hasEnded, 'the end of the stream');
  }

  destroy() {
    this.request.destroy();
  }
}

module.exports = { EventStream };
