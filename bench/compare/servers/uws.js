'use strict';
/*
 * The seed dialect by uWebSockets.js on Node: a topic for each runner. `node uws.js PORT [CERTIFICATE KEY]`, with these over TLS.
 *
 * The project is not on npm; this is a build of it that is. By default it drops what is over 64 KiB of a slow socket; here it may
 * keep as much as Bun does.
 */
const uws = require('@trufflesuite/uws-js-unofficial');

const [port, certificate, key] = process.argv.slice(2);
const empty = certificate ? uws.SSLApp({ cert_file_name: certificate, key_file_name: key }) : uws.App();

const app = empty.ws('/*', {
  maxBackpressure: 16 << 20,
  message(socket, bytes) {
    const text = Buffer.from(bytes);
    const message = JSON.parse(text);
    if (message.following) for (const id of message.following) socket.subscribe(String(id));
    else app.publish(String(message.userId), text, false);
  },
});

app.listen('127.0.0.1', Number(port), (socket) => {
  if (!socket) process.exit(1);
});
