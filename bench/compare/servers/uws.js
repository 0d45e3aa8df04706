'use strict';
/*
 * The seed dialect by uWebSockets.js on Node: a topic for each runner. `node uws.js PORT`.
 *
 * The project is not on npm; this is a build of it that is.
 */
const uws = require('@trufflesuite/uws-js-unofficial');

const app = uws.App().ws('/*', {
  message(socket, bytes) {
    const text = Buffer.from(bytes);
    const message = JSON.parse(text);
    if (message.following) for (const id of message.following) socket.subscribe(String(id));
    else app.publish(String(message.userId), text, false);
  },
});

app.listen('127.0.0.1', Number(process.argv[2]), (socket) => {
  if (!socket) process.exit(1);
});
