#include "hub/runner.h"

#include <utlist.h>

#include "base/check.h"
#include "base/err.h"

#define FIRST_LINKS 1

int runner_ensure(struct runner_table *table, const struct runner_id *id, struct runner **out)
{
    struct runner *runner = NULL;
    HASH_FIND(hh, table->by_id, id->text, id->len, runner);
    if (runner == NULL) {
        if (table->max > 0 && table->count >= table->max)
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

void runner_renew(struct runner_table *table, struct runner *runner, const struct position *position,
                  uint64_t version, uint64_t now_ms)
{
    if (runner->version != 0)
        DL_DELETE(table->by_renewal, runner);
    DL_APPEND(table->by_renewal, runner);
    runner->newest = *position;
    runner->version = version;
    runner->renewed_ms = now_ms;
}

void runner_forget(struct runner_table *table, struct runner *runner)
{
    CHECK(runner->version != 0);
    DL_DELETE(table->by_renewal, runner);
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

int runner_reserve_link(struct runner *runner)
{
    if (runner->link_count < runner->link_capacity)
        return 0;
    uint32_t capacity = runner->link_capacity == 0 ? FIRST_LINKS : runner->link_capacity * 2;
    struct runner_link *links = mem_try_resize(runner->links, capacity * sizeof *links);
    if (links == NULL)
        return ERR_NO_MEMORY;
    runner->links = links;
    runner->link_capacity = capacity;
    return 0;
}

uint32_t runner_link(struct runner *runner, struct audience *audience, uint32_t index)
{
    CHECK(runner->link_count < runner->link_capacity);
    runner->links[runner->link_count] = (struct runner_link){.audience = audience, .index = index};
    return runner->link_count++;
}

/* A popular runner's links are given back once most of its audiences are gone. */
static void shrink_links(struct runner *runner)
{
    if (runner->link_capacity < 8 || runner->link_count > runner->link_capacity / 4)
        return;
    uint32_t capacity = runner->link_capacity / 2;
    struct runner_link *links = mem_try_resize(runner->links, capacity * sizeof *links);
    if (links == NULL)
        return;
    runner->links = links;
    runner->link_capacity = capacity;
}

const struct runner_link *runner_unlink(struct runner *runner, uint32_t slot)
{
    CHECK(slot < runner->link_count);
    uint32_t last = --runner->link_count;
    runner->links[slot] = runner->links[last];
    shrink_links(runner);
    return slot == last ? NULL : &runner->links[slot];
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
