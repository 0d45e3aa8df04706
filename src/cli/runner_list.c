#include "cli/runner_list.h"

#include "base/mem.h"

struct runner_list runner_list_for(int argc)
{
    return (struct runner_list){.items = mem_must((size_t)argc * sizeof(struct runner_id))};
}

void runner_list_fini(struct runner_list *list)
{
    mem_free(list->items);
    *list = (struct runner_list){0};
}

void runner_list_add(struct runner_list *list, const char *text, struct argp_state *state)
{
    if (runner_id_set(&list->items[list->count], span_of_text(text)) < 0)
        argp_error(state, "'%s' is no id: an id has 1 to %d bytes", text, RUNNER_ID_BYTES);
    list->count++;
}
