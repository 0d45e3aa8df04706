/*
 * stream: the bytes of a connection, plain or over TLS 1.3, on a descriptor that does not block.
 *
 * The certificate is not looked at: the server is this machine's, and what is measured is its work. SIGPIPE is to be ignored:
 * TLS may write whatever is called, and to whom is gone.
 */
#ifndef SPECTATE_BENCH_LOAD_STREAM_H
#define SPECTATE_BENCH_LOAD_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stream {
    int fd;
    SSL *tls; /* owned; NULL: plain */
};

/* For all streams of a load; resumes nothing. Owned by the caller, SSL_CTX_free(). Aborts without memory. */
SSL_CTX *stream_context_new(void);

/* Over a descriptor that is connected or about to be, which it owns from here on. Without a context it is plain. */
void stream_open(struct stream *stream, int fd, SSL_CTX *context);

/* As read() and write(): 0 at the end, -1 with errno, EAGAIN until the descriptor is ready. The first ones shake hands. */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);
ssize_t stream_add(struct stream *stream, const void *bytes, size_t len);

/* Decrypted bytes wait to be read, whatever the descriptor says. */
bool stream_has_more(const struct stream *stream);

/* A write waits for something to be read first: hands are being shaken. */
bool stream_listens(const struct stream *stream);

/* Cut it off. */
void stream_close(struct stream *stream);

#endif
