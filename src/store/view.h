/*
 * view: a store to be read by another process than the one that has it open, if one has: for commands. Takes no lock, changes nothing,
 * and stores nobody's boot; what is being written meanwhile is seen from one reading to the next.
 */
#ifndef SPECTATE_STORE_VIEW_H
#define SPECTATE_STORE_VIEW_H

#include "store/reader.h"

struct store_view;

/*
 * 0, or with `trouble`: ERR_SYSTEM (no such file, no right), ERR_FORMAT (not a store, or damaged), ERR_INVALID (of a newer version; or
 * of an older one, which store_open() brings up to date), ERR_NO_MEMORY. `path` is borrowed as long as it is open.
 */
int store_view_open(const char *path, struct store_view **out, struct store_trouble *trouble);

/* Nulls the caller's pointer; NULL inside is fine. */
void store_view_close(struct store_view **handle);

/*
 * Call `read` in a transaction of its own, in the caller's thread, as a job of store_ask() would be: briefly, as the same holds for the
 * log. Returns what `read` did, 0 or more; ERR_SYSTEM, ERR_NO_MEMORY or ERR_FORMAT with `trouble` (of what `read` returns of its own,
 * that says no more than err_text()).
 */
typedef int store_view_fn(struct store_reader *reader, void *ctx);
int store_view_read(struct store_view *view, store_view_fn *read, void *ctx,
                    struct store_trouble *trouble);

#endif
