#include "proto/position.h"

#include <math.h>
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

static double degrees_of(const struct coordinate *coordinate)
{
    return coordinate->is_integer ? (double)coordinate->integer : coordinate->real;
}

bool position_to_e7(const struct position *position, int32_t *lat_e7, int32_t *lng_e7)
{
    double lat = degrees_of(&position->lat);
    double lng = degrees_of(&position->lng);
    if (!(fabs(lat) <= 90 && fabs(lng) <= 180))
        return false;
    *lat_e7 = (int32_t)lround(lat * POSITION_E7);
    *lng_e7 = (int32_t)lround(lng * POSITION_E7);
    return true;
}

/* The quotient is the double nearest to the decimal, so it is written with these decimals and no others. */
static struct coordinate coordinate_of_e7(int32_t e7)
{
    return (struct coordinate){.real = (double)e7 / POSITION_E7};
}

void position_set_e7(struct position *position, int32_t lat_e7, int32_t lng_e7)
{
    position->lat = coordinate_of_e7(lat_e7);
    position->lng = coordinate_of_e7(lng_e7);
}
