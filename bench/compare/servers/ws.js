'use strict';
/*
 * The seed dialect by npm's ws on Node: a map of runner to sockets. `node ws.js PORT`.
 */
const { WebSocketServer } = require('ws');

const followers = new Map();
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });

function follow(socket, ids) {
  for (const id of ids) {
    if (!followers.has(id)) followers.set(id, new Set());
    followers.get(id).add(socket);
    socket.following.add(id);
  }
}

server.on('connection', (socket) => {
  socket.following = new Set();
  socket.on('error', () => {});
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    if (message.following) follow(socket, message.following);
    else for (const follower of followers.get(message.userId) ?? []) follower.send(text, { binary: false });
  });
  socket.on('close', () => {
    for (const id of socket.following) followers.get(id).delete(socket);
  });
});
