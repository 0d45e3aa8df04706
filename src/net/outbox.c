#include "net/outbox.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct outbox {
    struct buf bytes;
    size_t sent; /* of these */
};

int outbox_keep(struct outbox **outbox, struct span bytes)
{
    bool is_new = *outbox == NULL;
    if (is_new)
        *outbox = mem_try(sizeof **outbox);
    int err = *outbox == NULL ? ERR_NO_MEMORY : buf_append(&(*outbox)->bytes, bytes);
    if (err < 0 && is_new)
        outbox_free(outbox);
    return err;
}

struct span outbox_waiting(const struct outbox *outbox)
{
    if (outbox == NULL)
        return span_of(NULL, 0);
    return span_of(outbox->bytes.data + outbox->sent, outbox->bytes.len - outbox->sent);
}

void outbox_sent(struct outbox **outbox, size_t bytes)
{
    struct outbox *it = *outbox;
    CHECK(it != NULL && bytes <= it->bytes.len - it->sent);
    it->sent += bytes;
    if (it->sent == it->bytes.len) {
        outbox_free(outbox);
    } else if (it->sent >= it->bytes.len / 2) {
        buf_consume(&it->bytes, it->sent);
        it->sent = 0;
    }
}

size_t outbox_held(const struct outbox *outbox)
{
    return outbox != NULL ? outbox->bytes.len : 0;
}

void outbox_free(struct outbox **outbox)
{
    if (*outbox == NULL)
        return;
    buf_fini(&(*outbox)->bytes);
    mem_free(*outbox);
    *outbox = NULL;
}
