/*
 * runner_json: what is known of a runner besides positions, as HTTP has it.
 *
 *   {"userId":7,"name":"Ann Example","bib":"A7","colour":"#d62728","groups":["elite"],"status":"live"}
 */
#ifndef SPECTATE_PROTO_RUNNER_JSON_H
#define SPECTATE_PROTO_RUNNER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "proto/position.h"

#define RUNNER_TEXT_BYTES 256
#define RUNNER_GROUPS_MAX 64

/* An empty text is not known. */
struct runner_text {
    size_t len;
    char bytes[RUNNER_TEXT_BYTES];
};

struct runner_facts {
    struct runner_text name;
    struct runner_text bib;
    struct runner_text colour;
    bool has_groups; /* they were said; perhaps there is none */
    size_t group_count;
    struct runner_text groups[RUNNER_GROUPS_MAX];
};

/*
 * Decode {"name":..,"bib":..,"colour":..,"groups":[..]}, all optional. Texts have at most RUNNER_TEXT_BYTES bytes and no control
 * characters; a colour is "#" and six hexadecimal digits. 0; ERR_FORMAT (ERR_NO_MEMORY) with `fault` filled.
 */
int runner_facts_decode(struct span text, struct runner_facts *facts, struct fault *fault);

/* The same to be written: texts of at most RUNNER_TEXT_BYTES, UTF-8; empty ones are left out. Borrowed. */
struct runner_known {
    struct runner_id id;
    struct span name;
    struct span bib;
    struct span colour;
    const struct span *groups;
    size_t group_count;
};

/* Append {"userId":7,.. of what is known, without the brace at the end. 0 or ERR_NO_MEMORY with `out` as it was. */
int runner_known_begin(const struct runner_known *known, struct buf *out);

/* "live", "stale" or "lost". */
const char *runner_status_text(enum runner_status status);

#endif
