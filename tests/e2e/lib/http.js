'use strict';
/*
 * http: requests by Node's own client, each on a connection of its own unless an agent is given; with TLS when the server has it.
 */
const http = require('node:http');
const https = require('node:https');
const { inTime } = require('./wait.js');

/* { status, headers, body } of the answer. */
function request(server, path, options = {}) {
  const { body, ...rest } = options;
  const answer = new Promise((resolve, reject) => {
    const where = { host: server.host, port: server.port, path, agent: false, ...server.tls, ...rest };
    const sent = (server.tls ? https : http).request(where, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
  return inTime(answer, () => `the answer to ${rest.method ?? 'GET'} ${path}`);
}

module.exports = { request };
