#include "bench/load/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

SSL_CTX *stream_context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    CHECK(context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return context;
}

void stream_open(struct stream *stream, int fd, SSL_CTX *context)
{
    *stream = (struct stream){.fd = fd};
    if (context == NULL)
        return;
    stream->tls = SSL_new(context);
    CHECK(stream->tls != NULL && SSL_set_fd(stream->tls, fd) == 1);
    SSL_set_connect_state(stream->tls);
}

/* What a call of the library came to, as read() and write() would say it. */
static ssize_t result_of(const struct stream *stream, int result)
{
    int system_error = errno;
    if (result > 0)
        return result;
    switch (SSL_get_error(stream->tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        errno = system_error != 0 ? system_error : ECONNRESET;
        return -1;
    default:
        errno = EPROTO;
        return -1;
    }
}

static int bounded(size_t len)
{
    return len < INT32_MAX ? (int)len : INT32_MAX;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t size)
{
    if (stream->tls == NULL)
        return recv(stream->fd, bytes, size, 0);
    ERR_clear_error();
    return result_of(stream, SSL_read(stream->tls, bytes, bounded(size)));
}

ssize_t stream_add(struct stream *stream, const void *bytes, size_t len)
{
    if (stream->tls == NULL)
        return send(stream->fd, bytes, len, MSG_NOSIGNAL);
    ERR_clear_error();
    return result_of(stream, SSL_write(stream->tls, bytes, bounded(len)));
}

bool stream_has_more(const struct stream *stream)
{
    return stream->tls != NULL && SSL_pending(stream->tls) > 0;
}

bool stream_listens(const struct stream *stream)
{
    return stream->tls != NULL && SSL_want_read(stream->tls);
}

void stream_close(struct stream *stream)
{
    SSL_free(stream->tls);
    stream->tls = NULL;
    close(stream->fd);
}
