'use strict';
/*
 * raw_peer: a connection on which a test says exactly the bytes it wants, and reads answers as HTTP or as frames: TCP, or TLS when
 * the server has it (`tls`: options for tls.connect()).
 */
const assert = require('node:assert');
const net = require('node:net');
const tls = require('node:tls');
const frames = require('./frame.js');
const { Signal } = require('./wait.js');

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='; // RFC 6455 section 1.3

/* The handshake as text. A header given as undefined is left out, as an array is there more than once. */
function handshake({ method = 'GET', path = '/', version = 'HTTP/1.1', headers = {} } = {}) {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    (values === undefined ? [] : [values].flat()).map((value) => `${name}: ${value}\r\n`),
  );
  return `${method} ${path} ${version}\r\n${lines.join('')}\r\n`;
}

class RawPeer {
  /* `options` are node's for a socket: localAddress. */
  constructor(server, options = {}) {
    this.changed = new Signal();
    this.bytes = Buffer.alloc(0); // not taken yet
    this.chunks = [];
    this.isOpen = false;
    this.hasEnded = false; // the server's FIN or a reset came
    this.error = undefined;
    const where = { host: server.host, port: server.port, allowHalfOpen: true, noDelay: true, ...options };
    this.socket = server.tls ? tls.connect({ ...where, ...server.tls }) : net.connect(where);
    this.socket.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.changed.notify();
    });
    this.socket.on(server.tls ? 'secureConnect' : 'connect', () => {
      this.isOpen = true;
      this.changed.notify();
    });
    this.socket.on('end', () => this.#end());
    this.socket.on('close', () => this.#end());
    this.socket.on('error', (error) => {
      this.error = error;
      this.#end();
    });
  }

  #end() {
    this.hasEnded = true;
    this.changed.notify();
  }

  #gathered() {
    if (this.chunks.length > 0) this.bytes = Buffer.concat([this.bytes, ...this.chunks]);
    this.chunks = [];
    return this.bytes;
  }

  async connected() {
    await this.changed.until(() => this.isOpen || this.hasEnded, 'a connection');
    assert.ok(!this.hasEnded, `not connected: ${this.error?.message}`);
    return this;
  }

  /* Write all; the promise is fulfilled when the kernel has it. */
  write(...parts) {
    return new Promise((resolve) => this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))), resolve));
  }

  /* Byte by byte, each as a segment of its own as far as the kernel allows. */
  async writeSlowly(...parts) {
    for (const byte of Buffer.concat(parts.map((part) => Buffer.from(part)))) await this.write(Buffer.from([byte]));
  }

  /* Take the next thing that `parse` finds: it gets the bytes, and returns { size, ... } or undefined for "more". */
  async take(parse, what) {
    const found = await this.changed.until(
      () => parse(this.#gathered()) ?? (this.hasEnded ? 'ended' : undefined),
      () => `${what}, have ${this.bytes.length} bytes: ${this.bytes.subarray(0, 200).toString('latin1')}`,
    );
    assert.notStrictEqual(found, 'ended', `the connection ended before ${what} (${this.error?.message ?? 'FIN'})`);
    this.bytes = this.bytes.subarray(found.size);
    return found;
  }

  /* { status, headers, body }. `method` HEAD: there is no body. */
  httpAnswer(method = 'GET') {
    return this.take((bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const status = Number(first.match(/^HTTP\/1\.1 (\d{3}) ./)?.[1]);
      assert.ok(status, `not a status line: ${first}`);
      const hasBody = method !== 'HEAD' && status !== 101;
      const size = end + 4 + (hasBody ? Number(headers['content-length'] ?? 0) : 0);
      return bytes.length < size
        ? undefined
        : { status, headers, body: bytes.subarray(end + 4, size).toString(), size };
    }, 'an HTTP answer');
  }

  /* Shake hands; `behind` are bytes in the same write. */
  async upgrade(...behind) {
    await this.write(handshake(), ...behind);
    const answer = await this.httpAnswer();
    assert.strictEqual(answer.status, 101, answer.body);
    assert.strictEqual(answer.headers['sec-websocket-accept'], ACCEPT);
    return this;
  }

  /* The next frame; every one that a server sends is whole and unmasked, and plain unless compression was agreed on. */
  async frame({ reserved = 0 } = {}) {
    const found = await this.take(frames.parse, 'a frame');
    assert.ok(found.fin && !found.masked, 'a server sends whole, unmasked frames');
    assert.strictEqual(found.reserved & ~reserved, 0, 'bits that were not agreed on');
    return found;
  }

  /* The next frame that is no ping. Pings are answered, as every WebSocket library does. */
  async frameButPings() {
    for (;;) {
      const found = await this.frame();
      if (found.opcode !== frames.PING) return found;
      await this.write(frames.frame(frames.PONG, found.payload));
    }
  }

  /* The next frame, which must be a text, parsed. */
  async message() {
    const found = await this.frame();
    assert.strictEqual(
      found.opcode,
      frames.TEXT,
      `a frame of opcode ${found.opcode}: ${found.payload.toString('latin1')}`,
    );
    return JSON.parse(found.payload.toString());
  }

  /* The next frame, which must be a close: { code, reason }. */
  async closeFrame() {
    const found = await this.frame();
    assert.strictEqual(found.opcode, frames.CLOSE, `a frame of opcode ${found.opcode}: ${found.payload}`);
    if (found.payload.length === 0) return { code: 1005, reason: '' };
    return { code: found.payload.readUInt16BE(0), reason: found.payload.subarray(2).toString() };
  }

  /* The server has ended the connection, and sent nothing that was not taken. */
  async ended() {
    await this.changed.until(() => this.hasEnded, 'the end of the connection');
    assert.strictEqual(this.#gathered().toString('latin1'), '');
  }

  /* Gone without a word. */
  destroy() {
    this.socket.destroy();
  }
}

module.exports = { ACCEPT, KEY, RawPeer, handshake };
