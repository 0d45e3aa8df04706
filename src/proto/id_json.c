#include "proto/id_json.h"

#include <string.h>

char *id_json_write(char *to, const struct runner_id *id, bool as_number)
{
    if (!as_number)
        return json_text_string(to, span_of(id->text, id->len));
    memcpy(to, id->text, id->len);
    return to + id->len;
}

static int append_id(const struct runner_id *id, bool is_first, struct buf *out)
{
    char text[1 + ID_JSON_BYTES];
    char *end = is_first ? text : json_text_raw(text, ",");
    end = id_json_write(end, id, runner_id_is_integer(id));
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

int id_json_append_list(const struct runner_id *ids, size_t count, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++)
        err = append_id(&ids[i], i == 0, out);
    return err;
}
