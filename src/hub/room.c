#include "hub/room.h"

#include "hub/catchup.h"

/* A room of n is SMALLEST_BYTES doubled n - 1 times; one of WIDEST or more is the socket's own, written 0. */
#define SMALLEST_BYTES 512
#define FIRST 3 /* 2 KiB, before it is known how fast it drains */
#define WIDEST 6

static void set(struct hub *hub, struct follower *follower, unsigned room)
{
    unsigned chosen = room >= WIDEST ? 0 : room;
    if (chosen == follower->room)
        return;
    follower->room = (uint8_t)chosen;
    hub->options.sink.set_room(follower->owner, chosen == 0 ? 0 : room_bytes(follower));
}

static bool is_bounded(const struct hub *hub)
{
    return hub->options.fresh_ms > 0 && hub->options.sink.set_room != NULL;
}

static unsigned room_for(uint64_t bytes)
{
    unsigned room = 1;
    while (room < WIDEST && (uint64_t)SMALLEST_BYTES << room <= bytes)
        room++;
    return room;
}

void room_choose(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    const struct catchup *catchup = follower->catchup;
    if (!is_bounded(hub))
        return;
    if (catchup == NULL || catchup->go_bytes == 0) {
        if (follower->room == 0 || follower->room > FIRST)
            set(hub, follower, FIRST);
        return;
    }
    uint64_t elapsed_ms = now_ms > catchup->go_ms ? now_ms - catchup->go_ms : 1;
    set(hub, follower, room_for(catchup->go_bytes * hub->options.fresh_ms / (8 * elapsed_ms)));
}

void room_widen(struct hub *hub, struct follower *follower)
{
    if (follower->room != 0 && !follower->blocked && is_bounded(hub))
        set(hub, follower, follower->room + 1U);
}

size_t room_bytes(const struct follower *follower)
{
    unsigned room = follower->room == 0 ? WIDEST : follower->room;
    return (size_t)SMALLEST_BYTES << (room - 1);
}
