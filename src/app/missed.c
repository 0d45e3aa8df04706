#include "app/missed.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static int by_bytes(const void *a, const void *b)
{
    const struct runner_id *left = a;
    const struct runner_id *right = b;
    size_t shorter = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->text, right->text, shorter);
    return order != 0 ? order : (int)left->len - (int)right->len;
}

/* A runner that is named twice did not miss twice as much. */
static void sort_and_unite(struct missed *missed)
{
    size_t count = 0;
    if (missed->count == 0)
        return;
    qsort(missed->ids, missed->count, sizeof *missed->ids, by_bytes);
    for (size_t i = 0; i < missed->count; i++)
        if (count == 0 || by_bytes(&missed->ids[count - 1], &missed->ids[i]) != 0)
            missed->ids[count++] = missed->ids[i];
    missed->count = count;
}

int missed_init(struct missed *missed, const struct runner_id *ids, size_t count)
{
    *missed = (struct missed){.count = count};
    if (count == 0)
        return 0;
    missed->ids = mem_try(count * sizeof *ids);
    if (missed->ids == NULL)
        return ERR_NO_MEMORY;
    memcpy(missed->ids, ids, count * sizeof *ids);
    sort_and_unite(missed);
    return 0;
}

void missed_fini(struct missed *missed)
{
    mem_free(missed->ids);
    buf_fini(&missed->elements);
    buf_fini(&missed->ends);
    *missed = (struct missed){0};
}

/* --- in the store's thread ------------------------------------------------------------------------------------------ */

struct reading {
    struct missed *missed;
    int err;
};

static uint32_t last_end(const struct missed *missed)
{
    const uint32_t *ends = (const uint32_t *)(const void *)missed->ends.data;
    size_t count = missed->ends.len / sizeof *ends;
    return count > 0 ? ends[count - 1] : 0;
}

static int end_piece(struct missed *missed)
{
    uint32_t end = (uint32_t)missed->elements.len;
    return buf_append(&missed->ends, span_of(&end, sizeof end));
}

static int take_position(struct missed *missed, const struct position *position)
{
    int err = missed->dialect->encode(position, &missed->elements);
    if (err == 0 && missed->elements.len - last_end(missed) > MISSED_PIECE_BYTES)
        err = end_piece(missed);
    if (err == 0 &&
        (++missed->positions > MISSED_POSITIONS_MAX || missed->elements.len > MISSED_BYTES_MAX))
        err = ERR_TOO_MANY;
    return err;
}

static bool take(void *context, const struct store_record *record)
{
    struct reading *reading = context;
    reading->err = take_position(reading->missed, &record->position);
    return reading->err == 0;
}

/* One more than may be, so that the last that may be is not too many. */
static int read_runner(struct missed *missed, struct store_reader *reader,
                       const struct runner_id *id)
{
    struct reading reading = {.missed = missed};
    struct store_since since = {
        .runner = *id,
        .after = &missed->after,
        .upto = &missed->upto,
        .limit = MISSED_POSITIONS_MAX - missed->positions + 1,
    };
    int got = store_read_since(reader, &since, take, &reading);
    return got < 0 ? got : reading.err;
}

int missed_read(struct missed *missed, struct store_reader *reader)
{
    int whole = store_is_whole_since(reader, &missed->after);
    int err = whole < 0 ? whole : 0;
    if (whole == 0)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < missed->count && err == 0; i++)
        err = read_runner(missed, reader, &missed->ids[i]);
    if (err == 0 && (missed->elements.len > last_end(missed) || missed->ends.len == 0))
        err = end_piece(missed);
    return err;
}

/* --- what was read -------------------------------------------------------------------------------------------------- */

size_t missed_pieces(const struct missed *missed)
{
    return missed->ends.len / sizeof(uint32_t);
}

struct span missed_piece(const struct missed *missed, size_t piece)
{
    const uint32_t *ends = (const uint32_t *)(const void *)missed->ends.data;
    uint32_t begin = piece > 0 ? ends[piece - 1] : 0;
    return span_of(missed->elements.data + begin, ends[piece] - begin);
}

size_t missed_bytes(const struct missed *missed)
{
    return missed->count * sizeof *missed->ids + missed->elements.cap + missed->ends.cap;
}
