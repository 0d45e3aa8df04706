'use strict';
/*
 * operators: what a server's operators ask on their own port.
 */
const { request } = require('./http.js');
const { OPERATORS_TOKEN } = require('./tokens.js');

class Operators {
  constructor(port) {
    this.host = '127.0.0.1';
    this.port = port;
  }

  /* The port is in the log. */
  static async of(server) {
    const [, port] = await server.program.printed(/ admin\.listening .*listening on \S+:(\d+)\n/);
    return new Operators(Number(port));
  }

  /* { status, body } */
  ask(method, path, message, token = OPERATORS_TOKEN) {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const body = message === undefined || typeof message === 'string' ? message : JSON.stringify(message);
    if (body !== undefined) headers['content-length'] = Buffer.byteLength(body);
    return request(this, path, { method, body, headers });
  }

  async json(method, path, message) {
    const answer = await this.ask(method, path, message);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  get(path) {
    return this.json('GET', path);
  }

  post(path, message) {
    return this.json('POST', path, message);
  }
}

module.exports = { Operators };
