/*
 * fuzz_query: what is to be followed, as the query of a request. What is taken keeps its promises, and nothing is read beyond.
 *
 * Input: a line, which is the last event, and the query behind it.
 */
#include <string.h>

#include "base/check.h"
#include "codec/utf8.h"
#include "proto/member.h"
#include "proto/v1_query.h"
#include "tests/lib/guard.h"

#define NAMES_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct v1_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct runner_id *name = &names->items[i];
        CHECK(name->len >= 1 && name->len <= RUNNER_ID_BYTES);
        CHECK(utf8_is_valid(span_of(name->text, name->len)));
    }
}

static void check_taken(const struct v1_message *message)
{
    size_t count = message->runners.count + message->groups.count;
    CHECK(message->kind == V1_FOLLOW && count >= 1 && count <= NAMES_MAX);
    CHECK(message->pace_ms <= PACE_MAX_MS && message->pace_ms % PACE_STEP_MS == 0);
    check_names(&message->runners);
    check_names(&message->groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct v1_message message;
    struct v1_limits limits = {.max_names = NAMES_MAX};
    struct fault fault;
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t line = end != NULL ? (size_t)(end - data) : 0;
    size_t begin = end != NULL ? line + 1 : 0;
    struct guard id = guard_copy(data, line);
    struct guard query = guard_copy(data + begin, size - begin);
    int err = v1_decode_query(span_of(query.data, query.len), span_of(id.data, id.len), &limits,
                              &message, &fault);
    if (err == 0)
        check_taken(&message);
    else
        CHECK(fault.message[0] != '\0');
    guard_fini(&id);
    guard_fini(&query);
    return 0;
}
