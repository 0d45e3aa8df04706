#include "auth/claims.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json_scan.h"
#include "base/mem.h"

#define TIME_MAX_S (INT64_C(1) << 53)
#define INTEGER_CHARS 24

int claims_parse(struct span text, json_t **root, json_error_t *error)
{
    *root = NULL;
    *error = (json_error_t){.line = 1, .text = "nested too deep"};
    if (json_is_deeper_than(text, CLAIMS_DEPTH))
        return ERR_FORMAT;
    *root = json_loadb(text.len == 0 ? "" : (const char *)text.data, text.len,
                       JSON_REJECT_DUPLICATES, error);
    if (*root == NULL)
        return json_error_code(error) == json_error_out_of_memory ? ERR_NO_MEMORY : ERR_FORMAT;
    if (json_is_object(*root))
        return 0;
    json_decref(*root);
    *root = NULL;
    *error = (json_error_t){.line = 1, .text = "not an object"};
    return ERR_FORMAT;
}

int claims_text(const json_t *object, const char *name, struct claims_bounds bounds,
                const char **out)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return 0;
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len < bounds.min || len > bounds.max)
        return ERR_FORMAT;
    *out = json_string_value(value);
    return 0;
}

int claims_time(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_number(value))
        return ERR_FORMAT;
    if (json_is_integer(value)) {
        int64_t time_s = json_integer_value(value);
        *out = time_s > TIME_MAX_S ? TIME_MAX_S : time_s < -TIME_MAX_S ? -TIME_MAX_S : time_s;
        return 0;
    }
    double limit = (double)TIME_MAX_S;
    *out = (int64_t)floor(fmin(fmax(json_real_value(value), -limit), limit));
    return 0;
}

int claims_count(const json_t *object, const char *name, uint32_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return 0;
    json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < 1)
        return ERR_FORMAT;
    *out = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    return 0;
}

static int read_pattern(const json_t *value, char number[INTEGER_CHARS], struct span *pattern)
{
    if (json_is_string(value)) {
        *pattern = span_of(json_string_value(value), json_string_length(value));
        return 0;
    }
    if (!json_is_integer(value))
        return ERR_FORMAT;
    int len = snprintf(number, INTEGER_CHARS, "%" PRId64, (int64_t)json_integer_value(value));
    *pattern = span_of(number, (size_t)len);
    return 0;
}

int claims_grants(const json_t *array, size_t max, struct auth_groups *groups, struct grants **out)
{
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > max)
        return ERR_FORMAT;
    struct span *patterns = mem_try((count + 1) * sizeof *patterns);
    char(*numbers)[INTEGER_CHARS] = mem_try((count + 1) * sizeof *numbers);
    int err = patterns == NULL || numbers == NULL ? ERR_NO_MEMORY : 0;
    for (size_t i = 0; err == 0 && i < count; i++)
        err = read_pattern(json_array_get(array, i), numbers[i], &patterns[i]);
    if (err == 0)
        err = grants_new(patterns, count, groups, out);
    mem_free(patterns);
    mem_free(numbers);
    return err == ERR_INVALID ? ERR_FORMAT : err;
}
