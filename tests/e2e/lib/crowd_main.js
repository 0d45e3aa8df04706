'use strict';
/*
 * crowd_main: a process of clients to be killed. `node crowd_main.js URL COUNT`: all follow runner 1, and publish it as fast as
 * they can.
 */
const WebSocket = require('ws');

const [url, count] = process.argv.slice(2);
const clients = [];

function flood() {
  for (const [i, client] of clients.entries())
    if (client.bufferedAmount < 10_000) client.send(JSON.stringify({ userId: 1, lat: i, lng: Date.now() }));
  setImmediate(flood);
}

function open() {
  const client = new WebSocket(url, { perMessageDeflate: false });
  client.on('open', () => {
    client.send('{"initialRequest": true, "following": [1]}');
    clients.push(client);
    if (clients.length < Number(count)) return;
    console.log('flooding');
    flood();
  });
}

for (let i = 0; i < Number(count); i++) open();
