#include "hub/status.h"

#include "base/check.h"
#include "hub/framing.h"

#define CHANGES_PER_TURN 1000 /* a whole race that loses its network at once */

int status_append(struct hub *hub, struct audience *audience, const struct runner *runner,
                  uint64_t version)
{
    uint8_t notice[HUB_NOTICE_BYTES];
    const struct hub_dialect *dialect = audience->speech->dialect;
    if (dialect->write_status == NULL)
        return 0;
    int err = framing_reserve(hub, audience, sizeof notice);
    if (err < 0)
        return err;
    framing_close(hub, audience, false);
    size_t len = dialect->write_status(&runner->newest, (enum runner_status)runner->status, notice);
    CHECK(len <= sizeof notice);
    audience_append_notice(audience, span_of(notice, len), version);
    return 0;
}

static void tell(struct hub *hub, struct audience *audience, const struct runner *runner,
                 uint64_t now_ms)
{
    struct speech *speech = audience->speech;
    if (speech->dialect->write_status == NULL || audience_is_asleep(audience))
        return;
    if (speech->pace_ms > 0) {
        if (speech_reserve_waiting(speech) == 0)
            speech_wait(speech, audience, now_ms);
        return;
    }
    if (status_append(hub, audience, runner, runner->status_version) == 0)
        hub_make_dirty(hub, audience);
}

void status_changed(struct hub *hub, struct runner *runner, uint64_t version, uint64_t now_ms)
{
    runner->status_version = version;
    for (uint32_t i = 0; i < runner->link_count; i++)
        tell(hub, runner->links[i], runner, now_ms);
}

static size_t move(struct hub *hub, enum runner_status from, uint64_t after_ms, size_t budget,
                   uint64_t now_ms)
{
    struct runner *oldest;
    while (after_ms > 0 && budget > 0 && (oldest = hub->runners.by_status[from]) != NULL &&
           now_ms - oldest->renewed_ms > after_ms) {
        runner_set_status(&hub->runners, oldest, from + 1, ++hub->version);
        status_changed(hub, oldest, hub->version, now_ms);
        budget--;
    }
    return budget;
}

void status_turn(struct hub *hub, uint64_t now_ms)
{
    size_t budget = move(hub, RUNNER_STALE, hub->options.lost_ms, CHANGES_PER_TURN, now_ms);
    move(hub, RUNNER_LIVE, hub->options.stale_ms, budget, now_ms);
}
