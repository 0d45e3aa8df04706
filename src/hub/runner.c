#include "hub/runner.h"

#include <utlist.h>

#include "base/check.h"
#include "base/err.h"

struct runner *runner_find(const struct runner_table *table, const struct runner_id *id)
{
    struct runner *runner = NULL;
    HASH_FIND(hh, table->by_id, id->text, id->len, runner);
    return runner;
}

static int ensure(struct runner_table *table, const struct runner_id *id, size_t counted,
                  struct runner **out)
{
    struct runner *runner = runner_find(table, id);
    if (runner == NULL) {
        if (table->max > 0 && counted >= table->max)
            return ERR_TOO_MANY;
        runner = mem_try(sizeof *runner);
        if (runner == NULL)
            return ERR_NO_MEMORY;
        runner->newest.runner = *id;
        HASH_ADD_KEYPTR(hh, table->by_id, runner->newest.runner.text, id->len, runner);
        if (runner->hh.tbl == NULL) {
            mem_free(runner);
            return ERR_NO_MEMORY;
        }
        table->count++;
    }
    *out = runner;
    return 0;
}

int runner_ensure_followed(struct runner_table *table, const struct runner_id *id,
                           struct runner **out)
{
    return ensure(table, id, table->count, out);
}

int runner_ensure_published(struct runner_table *table, const struct runner_id *id,
                            struct runner **out)
{
    return ensure(table, id, table->with_position, out);
}

void runner_renew(struct runner_table *table, struct runner *runner,
                  const struct position *position, uint64_t version, uint64_t now_ms)
{
    if (runner->version != 0)
        DL_DELETE(table->by_status[runner->status], runner);
    else
        table->with_position++;
    runner->status = RUNNER_LIVE;
    DL_APPEND(table->by_status[RUNNER_LIVE], runner);
    runner->newest = *position;
    runner->version = version;
    runner->renewed_ms = now_ms;
}

/* A status is reached in the order of renewal, so the lists stay in that order. */
void runner_set_status(struct runner_table *table, struct runner *runner, enum runner_status status,
                       uint64_t version)
{
    CHECK(runner->version != 0 && table->by_status[runner->status] == runner);
    DL_DELETE(table->by_status[runner->status], runner);
    runner->status = (uint8_t)status;
    runner->status_version = version;
    DL_APPEND(table->by_status[status], runner);
}

struct runner *runner_oldest(const struct runner_table *table)
{
    for (int status = RUNNER_LOST; status >= RUNNER_LIVE; status--)
        if (table->by_status[status] != NULL)
            return table->by_status[status];
    return NULL;
}

void runner_forget(struct runner_table *table, struct runner *runner)
{
    CHECK(runner->version != 0);
    table->with_position--;
    DL_DELETE(table->by_status[runner->status], runner);
    runner->status = RUNNER_LIVE;
    runner->status_version = 0;
    runner->version = 0;
    runner_release(table, runner);
}

void runner_release(struct runner_table *table, struct runner *runner)
{
    if (runner->version != 0 || runner->link_count > 0)
        return;
    HASH_DELETE(hh, table->by_id, runner);
    table->count--;
    mem_free(runner->links);
    mem_free(runner);
}

static int resize_links(struct runner *runner, uint32_t capacity)
{
    struct audience **links = mem_try_resize(runner->links, capacity * sizeof(struct audience *));
    if (links == NULL)
        return ERR_NO_MEMORY;
    runner->links = links;
    runner->link_capacity = capacity;
    return 0;
}

/* Grown by a quarter: links are a good part of what an idle follower costs. */
int runner_reserve_link(struct runner *runner)
{
    if (runner->link_count < runner->link_capacity)
        return 0;
    return resize_links(runner, runner->link_capacity + runner->link_capacity / 4 + 1);
}

static void tell_followed(const struct runner_table *table, const struct runner *runner,
                          bool is_followed)
{
    if (table->on_followed != NULL)
        table->on_followed(table->context, &runner->newest.runner, is_followed);
}

uint32_t runner_link(const struct runner_table *table, struct runner *runner,
                     struct audience *audience)
{
    CHECK(runner->link_count < runner->link_capacity);
    if (runner->link_count == 0)
        tell_followed(table, runner, true);
    runner->links[runner->link_count] = audience;
    return runner->link_count++;
}

struct audience *runner_unlink(const struct runner_table *table, struct runner *runner,
                               uint32_t slot)
{
    CHECK(slot < runner->link_count);
    uint32_t last = --runner->link_count;
    if (last == 0)
        tell_followed(table, runner, false);
    struct audience *moved = slot == last ? NULL : runner->links[last];
    runner->links[slot] = runner->links[last];
    if (runner->link_capacity >= 8 && runner->link_count <= runner->link_capacity / 4)
        (void)resize_links(runner, runner->link_capacity / 2); /* without memory it stays large */
    return moved;
}

void runner_table_fini(struct runner_table *table)
{
    struct runner *runner;
    struct runner *next;
    HASH_ITER(hh, table->by_id, runner, next)
    {
        CHECK(runner->link_count == 0);
        if (runner->version != 0)
            runner_forget(table, runner);
        else
            runner_release(table, runner);
    }
}
