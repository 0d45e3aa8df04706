#include "proto/position.h"

#include <string.h>

#include "base/err.h"
#include "codec/utf8.h"
#include "proto/json_text.h"

int runner_id_set(struct runner_id *id, struct span text)
{
    if (text.len == 0 || text.len > RUNNER_ID_BYTES || !utf8_is_valid(text))
        return ERR_INVALID;
    memcpy(id->text, text.data, text.len);
    id->len = (uint8_t)text.len;
    return 0;
}

void runner_id_set_integer(struct runner_id *id, int64_t number)
{
    _Static_assert(RUNNER_ID_BYTES >= JSON_TEXT_NUMBER_BYTES, "each number fits an id");
    id->len = (uint8_t)(json_text_integer(id->text, number) - id->text);
}

bool runner_id_is_integer(const struct runner_id *id)
{
    struct span text = span_of(id->text, id->len);
    return json_text_is_integer(text) && json_text_fits_int64(text);
}
