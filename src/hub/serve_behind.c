/*
 * A follower that is behind drains: it gets the newest position of each runner that changed, going round its set, as much at a
 * time as keeps what is under way to it fresh (hub/slow.h). Of a runner that fell silent and whose newest it has, it is told that.
 * In hub/serve.h: serve_catch_up().
 */
#include "hub/serve.h"

#include "base/check.h"
#include "hub/catchup.h"
#include "hub/framing.h"
#include "hub/slow.h"

/* One round through the set, from where the last one stopped; step k is index (begin + k) of the set, wrapped. */
struct round {
    uint32_t begin;
    uint32_t size;
    uint32_t served; /* steps that need no more */
};

#define CHUNK_POSITIONS 256
#define CHUNK_BYTES 16384

/*
 * Some positions of a round, sent as one; they lie in the hub's scratch buffer, and sealed in its buffer for that, behind the
 * notices of who fell silent.
 */
struct chunk {
    uint32_t positions;
    uint32_t looked_at; /* the step behind the last one that was looked at */
    struct {
        uint32_t end;  /* offset behind the position */
        uint32_t step; /* of its runner */
    } marks[CHUNK_POSITIONS];
};

static uint32_t index_of_step(const struct round *round, uint32_t step)
{
    return (uint32_t)(((uint64_t)round->begin + step) % round->size);
}

static int encode_newest(const struct hub_dialect *dialect, const struct runner *runner,
                         struct buf *out)
{
    if (dialect->encode_newest == NULL)
        return dialect->encode(&runner->newest, out);
    return dialect->encode_newest(&runner->newest, (enum runner_status)runner->status, out);
}

/* hub_new() made room: a position fits, and so does a notice. */
static void add_position(struct hub *hub, const struct hub_dialect *dialect,
                         const struct runner *runner, uint32_t step, struct chunk *chunk)
{
    size_t begin = hub->scratch.len;
    CHECK(encode_newest(dialect, runner, &hub->scratch) == 0);
    if (hub->scratch.len == begin)
        return;
    chunk->marks[chunk->positions].end = (uint32_t)hub->scratch.len;
    chunk->marks[chunk->positions].step = step;
    chunk->positions++;
}

static void add_notice(struct hub *hub, const struct hub_dialect *dialect,
                       const struct runner *runner)
{
    uint8_t notice[HUB_NOTICE_BYTES];
    if (dialect->seal == NULL || dialect->write_status == NULL)
        return;
    size_t len = dialect->write_status(&runner->newest, (enum runner_status)runner->status, notice);
    CHECK(len <= sizeof notice && buf_append(&hub->sealed, span_of(notice, len)) == 0);
}

/* Encode about `bytes` of owed runners from where the round is. */
static void fill_chunk(struct hub *hub, const struct follower *follower, const struct round *round,
                       size_t bytes, struct chunk *chunk)
{
    uint32_t step = round->served;
    hub->scratch.len = hub->sealed.len = 0;
    chunk->positions = 0;
    for (; step < round->size && chunk->positions < CHUNK_POSITIONS &&
           hub->scratch.len + hub->sealed.len < bytes;
         step++) {
        uint32_t index = index_of_step(round, step);
        const struct runner *runner = follower->audience->runners[index];
        uint64_t served = serve_served(follower, index);
        if (runner->version > served)
            add_position(hub, follower->dialect, runner, step, chunk);
        else if (runner->status_version > served)
            add_notice(hub, follower->dialect, runner);
    }
    chunk->looked_at = step;
}

/* The last one of a round says where its reader is then, and what it was not given. There may be nothing but notices. */
static struct span seal_chunk(struct hub *hub, const struct follower *follower,
                              const struct round *round, const struct chunk *chunk)
{
    bool is_last = chunk->looked_at == round->size;
    struct hub_seal seal = {.is_snapshot = follower->is_joining};
    if (!is_last && chunk->positions == 0)
        return buf_span(&hub->sealed);
    if (is_last) {
        seal.applied = hub->applied;
        seal.origins = hub->origins;
        seal.superseded = serve_superseded_without(follower, chunk->positions);
    }
    return framing_seal_behind(hub, follower->dialect, &seal, buf_span(&hub->scratch));
}

/* The socket cut the chunk after `taken` bytes: complete the position; returns how many are out then. */
static uint32_t complete_cut_chunk(struct hub *hub, struct follower *follower,
                                   const struct chunk *chunk, size_t taken)
{
    uint32_t positions = 0;
    size_t end = 0;
    for (; end < taken; positions++) {
        CHECK(positions < chunk->positions);
        end = chunk->marks[positions].end;
    }
    serve_keep(hub, follower, span_of(hub->scratch.data + taken, end - taken));
    return positions;
}

/* A frame of several is out whole, or not at all. */
static uint32_t complete_cut_frame(struct hub *hub, struct follower *follower,
                                   const struct chunk *chunk, struct span frame, size_t taken)
{
    if (taken == 0)
        return 0;
    serve_keep(hub, follower, span_of(frame.data + taken, frame.len - taken));
    return chunk->positions;
}

/* Remember how far the round got. Without memory for that, what was sent since the last time is sent twice. */
static void remember_round(struct hub *hub, struct follower *follower, const struct round *round)
{
    if (round->served == 0 || slow_ensure(hub, follower) < 0)
        return;
    struct catchup **catchup = &follower->slow->catchup;
    if (*catchup == NULL)
        *catchup = catchup_new(round->size, follower->cursor);
    if (*catchup == NULL)
        return;
    uint64_t end = (uint64_t)round->begin + round->served;
    uint32_t wrapped = end > round->size ? (uint32_t)(end - round->size) : 0;
    uint32_t unwrapped = end > round->size ? round->size : (uint32_t)end;
    if (catchup_serve(catchup, round->begin, unwrapped, hub->version) < 0 ||
        catchup_serve(catchup, 0, wrapped, hub->version) < 0)
        return;
    (*catchup)->at = index_of_step(round, round->served);
}

static void send_chunk(struct hub *hub, struct follower *follower, struct round *round,
                       const struct chunk *chunk)
{
    bool is_sealed = follower->dialect->seal != NULL;
    struct span bytes =
        is_sealed ? seal_chunk(hub, follower, round, chunk) : buf_span(&hub->scratch);
    size_t taken = bytes.len == 0 ? 0 : serve_send(hub, follower, &bytes, 1);
    CHECK(taken <= bytes.len);
    follower->blocked = taken < bytes.len;
    uint32_t positions = is_sealed ? complete_cut_frame(hub, follower, chunk, bytes, taken)
                                   : complete_cut_chunk(hub, follower, chunk, taken);
    hub->stats.delivered += positions;
    follower->debt -= positions;
    bool is_out = !follower->blocked || (is_sealed && taken > 0);
    if (is_out)
        round->served = chunk->looked_at;
    else if (positions > 0)
        round->served = chunk->marks[positions - 1].step + 1;
}

void serve_catch_up(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct chunk chunk;
    size_t portion;
    const struct catchup *catchup = slow_catchup(follower);
    struct round round = {
        .begin = catchup != NULL ? catchup->at : 0,
        .size = follower->audience->runner_count,
    };
    while (round.served < round.size && (portion = slow_portion(follower)) > 0) {
        size_t bytes = portion < CHUNK_BYTES ? portion : CHUNK_BYTES;
        fill_chunk(hub, follower, &round, bytes, &chunk);
        send_chunk(hub, follower, &round, &chunk);
        slow_look(hub, follower, now_ms);
    }
    if (round.served == round.size)
        serve_in_sync_again(hub, follower);
    else
        remember_round(hub, follower, &round);
}
