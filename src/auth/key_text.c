#include "auth/key_text.h"

#include <stdatomic.h>

#include "base/mem.h"

struct key_text {
    _Atomic size_t holders;
    size_t len;
    uint8_t bytes[];
};

struct key_text *key_text_new(struct span bytes)
{
    struct key_text *text = mem_try(sizeof *text + bytes.len);
    if (text == NULL)
        return NULL;
    atomic_init(&text->holders, 1);
    text->len = bytes.len;
    if (bytes.len > 0)
        memcpy(text->bytes, bytes.data, bytes.len);
    return text;
}

struct key_text *key_text_hold(struct key_text *text)
{
    atomic_fetch_add_explicit(&text->holders, 1, memory_order_relaxed);
    return text;
}

void key_text_drop(struct key_text *text)
{
    if (atomic_fetch_sub_explicit(&text->holders, 1, memory_order_acq_rel) == 1)
        mem_free(text);
}

struct span key_text_span(const struct key_text *text)
{
    return span_of(text->bytes, text->len);
}
