#include "net/tls_io.h"

#include "base/check.h"
#include "base/mem.h"

/* A record with its header and tag, and the flights of a handshake with a usual chain. */
#define OUT_BYTES (TLS_RECORD_BYTES + 2048)

/* Whatever does not fit is an error to OpenSSL, which ends the connection. */
static int write_out(BIO *bio, const char *bytes, size_t len, size_t *written)
{
    struct tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *written = 0;
    if (buf_append(&io->out, span_of(bytes, len)) < 0)
        return 0;
    *written = len;
    return 1;
}

/* The end of the stream is the connection's business: OpenSSL only ever waits for more. */
static int read_in(BIO *bio, char *to, size_t room, size_t *got)
{
    struct tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = io->in.len < room ? io->in.len : room;
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(to, io->in.data, *got);
    io->in = span_of(io->in.data + *got, io->in.len - *got);
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
}

static BIO_METHOD *new_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "spectate");
    CHECK(method != NULL && BIO_meth_set_write_ex(method, write_out) == 1 &&
          BIO_meth_set_read_ex(method, read_in) == 1 && BIO_meth_set_ctrl(method, control) == 1);
    return method;
}

struct tls_io *tls_io_new(void)
{
    struct tls_io *io = mem_must(sizeof *io);
    io->method = new_method();
    io->bio = BIO_new(io->method);
    io->out = (struct buf){.data = mem_must(OUT_BYTES), .cap = OUT_BYTES};
    CHECK(io->bio != NULL);
    BIO_set_data(io->bio, io);
    BIO_set_init(io->bio, 1);
    return io;
}

void tls_io_free(struct tls_io **io)
{
    struct tls_io *it = *io;
    if (it == NULL)
        return;
    BIO_free(it->bio);
    BIO_meth_free(it->method);
    buf_fini(&it->out);
    mem_free(it);
    *io = NULL;
}

void tls_io_begin(struct tls_io *io, struct span in)
{
    io->in = in;
    io->out.len = 0;
}
