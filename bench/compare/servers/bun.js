/*
 * The seed dialect by Bun's own server: a topic for each runner. `bun bun.js PORT [CERTIFICATE KEY]`, with these over TLS.
 */
const [port, certificate, key] = process.argv.slice(2);
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  tls: certificate && { cert: Bun.file(certificate), key: Bun.file(key) },
  fetch(request) {
    return server.upgrade(request) ? undefined : new Response('a WebSocket server', { status: 426 });
  },
  websocket: {
    message(socket, text) {
      const message = JSON.parse(text);
      if (message.following) for (const id of message.following) socket.subscribe(String(id));
      else server.publish(String(message.userId), text);
    },
  },
});
