'use strict';
/*
 * crowd_main: a process of clients to be killed. `node crowd_main.js URL COUNT`: all follow runner 1, and publish it in turn, all
 * the time.
 */
const WebSocket = require('ws');

const [url, count] = process.argv.slice(2);
const clients = [];

function flood() {
  const client = clients.shift();
  clients.push(client);
  if (client.bufferedAmount < 1000) client.send(JSON.stringify({ userId: 1, lat: 1, lng: Date.now() }));
  setTimeout(flood, 1);
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
