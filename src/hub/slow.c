#include "hub/slow.h"

#include "base/err.h"
#include "base/mem.h"

#define REPEATS_MAX 16 /* after days */
#define NARROWEST_BYTES 512
#define FIRST_BYTES 2048 /* of one that is behind, before it is known how fast it reads */
#define WIDEST_BYTES 65536
#define WINDOWS_PER_BOUND 4  /* what is under way is read within this part of the bound */
#define PATIENCE_IN_BOUNDS 2 /* for the first answer ever */

/* Numbers of probes that are not an audience's, which are a byte. */
#define FIRST_OWN_PROBE 256U
#define OWN_PROBES (HUB_PROBE_OF_OWNER - FIRST_OWN_PROBE)

static bool has_window(const struct follower *follower)
{
    return follower->slow != NULL && follower->slow->window_bytes > 0;
}

static uint32_t smaller(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

bool slow_is_bounded(const struct hub *hub, const struct hub_dialect *dialect)
{
    return hub->options.fresh_ms > 0 && dialect->write_probe != NULL;
}

bool slow_is_late(const struct hub *hub, uint64_t elapsed_ms)
{
    return elapsed_ms > hub->options.fresh_ms / WINDOWS_PER_BOUND;
}

int slow_ensure(struct hub *hub, struct follower *follower)
{
    if (follower->slow != NULL)
        return 0;
    follower->slow = mem_try(sizeof *follower->slow);
    if (follower->slow == NULL)
        return ERR_NO_MEMORY;
    hub->stats.slow++;
    return 0;
}

void slow_free(struct hub *hub, struct follower *follower)
{
    if (follower->slow == NULL)
        return;
    mem_free(follower->slow->catchup);
    mem_free(follower->slow);
    follower->slow = NULL;
    hub->stats.slow--;
}

void slow_forget_catchup(const struct follower *follower)
{
    if (follower->slow == NULL)
        return;
    mem_free(follower->slow->catchup);
    follower->slow->catchup = NULL;
}

void slow_catch_up_ended(struct hub *hub, struct follower *follower)
{
    if (!has_window(follower))
        slow_free(hub, follower);
}

struct catchup *slow_catchup(const struct follower *follower)
{
    return follower->slow != NULL ? follower->slow->catchup : NULL;
}

/* Two portions fill a window: while the answer to the first is under way, the second is being read. */
size_t slow_portion(const struct follower *follower)
{
    const struct slow *slow = follower->slow;
    if (follower->blocked || follower->held)
        return 0;
    if (!has_window(follower) || follower->answers == FOLLOWER_IS_MUTE)
        return SIZE_MAX;
    if (slow->unread_bytes >= slow->window_bytes)
        return 0;
    return smaller(slow->window_bytes - slow->unread_bytes, slow->window_bytes / 2);
}

void slow_wrote(const struct follower *follower, size_t bytes)
{
    struct slow *slow = follower->slow;
    if (slow == NULL)
        return;
    slow->unread_bytes = smaller(slow->unread_bytes + (uint64_t)bytes, UINT32_MAX);
    slow->later_bytes = smaller(slow->later_bytes + (uint64_t)bytes, UINT32_MAX);
}

static void write_probe(const struct hub *hub, const struct follower *follower)
{
    uint8_t bytes[HUB_PROBE_BYTES];
    size_t len = follower->dialect->write_probe(follower->slow->probe, bytes);
    hub->options.sink.keep(follower->owner, span_of(bytes, len));
}

static void send_probe(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct slow *slow = follower->slow;
    slow->is_probing = true;
    slow->probed_ms = now_ms;
    slow->probe = FIRST_OWN_PROBE + hub->probes++ % OWN_PROBES;
    slow->probed_bytes = slow->unread_bytes;
    slow->later_bytes = 0;
    slow->repeats = 0;
    write_probe(hub, follower);
}

/*
 * A peer with several pings to answer may answer the last alone (RFC 6455, 5.5.3): so it must not be another one for ever. Each
 * time it is waited for twice as long.
 */
static void repeat_probe(const struct hub *hub, struct follower *follower, uint64_t elapsed_ms)
{
    struct slow *slow = follower->slow;
    if (follower->blocked || slow->repeats >= REPEATS_MAX ||
        elapsed_ms <= (hub->options.fresh_ms / 2) << slow->repeats)
        return;
    slow->repeats++;
    write_probe(hub, follower);
}

/* How much is under way already is not known. 0 or ERR_NO_MEMORY. */
static int open_window(struct hub *hub, struct follower *follower, uint32_t unread_bytes)
{
    int err = slow_ensure(hub, follower);
    if (err < 0)
        return err;
    follower->slow->window_bytes = follower->behind ? FIRST_BYTES : WIDEST_BYTES;
    follower->slow->unread_bytes = unread_bytes;
    return 0;
}

void slow_look(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    bool is_first = follower->blocked && !has_window(follower);
    if (is_first && slow_is_bounded(hub, follower->dialect))
        open_window(hub, follower, WIDEST_BYTES / 4);
    if (!has_window(follower) || follower->slow->is_probing)
        return;
    if (follower->slow->unread_bytes >= follower->slow->window_bytes / 4)
        send_probe(hub, follower, now_ms);
}

bool slow_suspect(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    bool is_in_sync = !follower->blocked && !follower->behind && follower->place == NULL;
    if (!is_in_sync || has_window(follower) || follower->answers == FOLLOWER_IS_MUTE)
        return false;
    if (open_window(hub, follower, WIDEST_BYTES) < 0)
        return false;
    slow_look(hub, follower, now_ms);
    return true;
}

void slow_doubt(struct hub *hub, struct follower *follower, uint32_t later_bytes, uint64_t now_ms)
{
    if (!slow_suspect(hub, follower, now_ms))
        return;
    struct slow *slow = follower->slow;
    slow->doubted = follower->audience->probe;
    slow->probed_bytes = later_bytes;
    slow->window_bytes = smaller(later_bytes * UINT64_C(3) / 2, UINT32_MAX);
    slow->unread_bytes = slow->window_bytes; /* at least, for all that is known */
}

void slow_fall_behind(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    if (!has_window(follower))
        return;
    follower->slow->window_bytes = smaller(follower->slow->window_bytes, FIRST_BYTES);
    slow_look(hub, follower, now_ms);
}

/* So many bytes may be under way if what was probed takes `elapsed_ms` to be read. */
static uint64_t ideal_window(const struct hub *hub, const struct slow *slow, uint64_t elapsed_ms)
{
    uint64_t target_ms = hub->options.fresh_ms / WINDOWS_PER_BOUND;
    return slow->probed_bytes * target_ms / (elapsed_ms > 0 ? elapsed_ms : 1);
}

static void narrow(const struct hub *hub, struct slow *slow, uint64_t elapsed_ms)
{
    uint32_t bytes = smaller(ideal_window(hub, slow, elapsed_ms), slow->window_bytes);
    slow->window_bytes = bytes > NARROWEST_BYTES ? bytes : NARROWEST_BYTES;
}

/* At most twice as wide: a little that was read fast does not tell how fast much would be. */
static void widen(const struct hub *hub, struct slow *slow, uint64_t elapsed_ms)
{
    uint32_t most = smaller(slow->window_bytes * UINT64_C(2), WIDEST_BYTES);
    uint32_t bytes = smaller(ideal_window(hub, slow, elapsed_ms), most);
    if (bytes > slow->window_bytes)
        slow->window_bytes = bytes;
}

/* Nothing is unread but what followed the probe of its audience. To hear it again changes nothing. */
static void lessen_doubt(struct slow *slow)
{
    slow->unread_bytes = smaller((uint64_t)slow->probed_bytes + slow->later_bytes, UINT32_MAX);
}

/* The probes that went along meanwhile come to it late: it need not answer these in time. */
static void clear_of_doubt(struct hub *hub, struct follower *follower)
{
    follower->heard = follower->audience->probe;
    slow_free(hub, follower);
}

static void hear_own(struct hub *hub, struct follower *follower, uint64_t elapsed_ms)
{
    struct slow *slow = follower->slow;
    bool was_doubted = slow->doubted != 0;
    slow->is_probing = false;
    slow->doubted = 0;
    slow->unread_bytes = slow->later_bytes;
    if (slow_is_late(hub, elapsed_ms))
        narrow(hub, slow, elapsed_ms);
    else if (was_doubted && !follower->behind)
        clear_of_doubt(hub, follower);
    else
        widen(hub, slow, elapsed_ms);
}

bool slow_hear(struct hub *hub, struct follower *follower, uint32_t probe, uint64_t now_ms)
{
    struct slow *slow = follower->slow;
    if (probe == 0 || slow == NULL || !slow->is_probing)
        return false;
    if (probe == slow->doubted)
        lessen_doubt(slow);
    else if (probe == slow->probe)
        hear_own(hub, follower, now_ms - slow->probed_ms);
    else
        return false;
    return true;
}

static bool keeps_up(const struct follower *follower)
{
    const struct slow *slow = follower->slow;
    bool is_mute = follower->answers == FOLLOWER_IS_MUTE;
    return !follower->blocked && !follower->behind && follower->place == NULL &&
           (is_mute || !has_window(follower) ||
            (!slow->is_probing && slow->window_bytes >= WIDEST_BYTES));
}

bool slow_tend(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct slow *slow = follower->slow;
    if (slow != NULL && keeps_up(follower))
        slow_free(hub, follower);
    if (!has_window(follower))
        return false;
    if (!slow->is_probing || follower->answers == FOLLOWER_IS_MUTE)
        return false;
    uint64_t elapsed_ms = now_ms - slow->probed_ms;
    if (slow_is_late(hub, elapsed_ms))
        narrow(hub, slow, elapsed_ms);
    repeat_probe(hub, follower, elapsed_ms);
    if (follower->blocked || follower->answers == FOLLOWER_ANSWERS ||
        elapsed_ms <= PATIENCE_IN_BOUNDS * hub->options.fresh_ms)
        return false;
    follower->answers = FOLLOWER_IS_MUTE;
    return true;
}
