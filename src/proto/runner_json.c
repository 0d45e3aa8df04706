#include "proto/runner_json.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "proto/id_json.h"
#include "proto/json_text.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/v1_position.h"

/* --- decode --------------------------------------------------------------------------------------------------------- */

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

static int read_text(const json_t *value, const char *where, struct runner_text *out,
                     struct fault *fault)
{
    if (!json_is_string(value)) {
        fault_set(fault, FAULT_wrong_type, "%s: expected a string, got %s", where,
                  json_tree_kind(value));
        return ERR_FORMAT;
    }
    struct span text = span_of(json_string_value(value), json_string_length(value));
    if (text.len > RUNNER_TEXT_BYTES || has_control(text)) {
        fault_set(fault, FAULT_bad_parameter,
                  "%s: expected at most %d bytes, no control characters", where, RUNNER_TEXT_BYTES);
        return ERR_FORMAT;
    }
    out->len = text.len;
    memcpy(out->bytes, text.data, text.len);
    return 0;
}

static int read_member(const json_t *root, const char *name, struct runner_text *out,
                       struct fault *fault)
{
    const json_t *value = v1_member(root, name);
    return value != NULL ? read_text(value, name, out, fault) : 0;
}

/* Nothing else, as it ends up in the styles of web pages. */
static int check_colour(const struct runner_text *colour, struct fault *fault)
{
    bool is_good = colour->len == 0 || (colour->len == 7 && colour->bytes[0] == '#');
    for (size_t i = 1; i < colour->len; i++)
        is_good = is_good && colour->bytes[i] != '\0' &&
                  strchr("0123456789abcdefABCDEF", colour->bytes[i]) != NULL;
    if (is_good)
        return 0;
    fault_set(fault, FAULT_bad_parameter, "colour: expected # and six hexadecimal digits");
    return ERR_FORMAT;
}

static int read_group(const json_t *value, size_t index, struct runner_facts *facts,
                      struct fault *fault)
{
    char where[MEMBER_WHERE_BYTES];
    snprintf(where, sizeof where, "groups[%zu]", index);
    int err = read_text(value, where, &facts->groups[index], fault);
    if (err == 0 && facts->groups[index].len == 0) {
        fault_set(fault, FAULT_bad_parameter, "%s: a group has a name", where);
        err = ERR_FORMAT;
    }
    return err;
}

static int read_groups(const json_t *root, struct runner_facts *facts, struct fault *fault)
{
    const json_t *list = v1_member(root, "groups");
    int err = 0;
    facts->has_groups = list != NULL;
    if (list == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > RUNNER_GROUPS_MAX) {
        fault_set(fault, FAULT_wrong_type, "groups: expected an array of at most %d names",
                  RUNNER_GROUPS_MAX);
        return ERR_FORMAT;
    }
    facts->group_count = json_array_size(list);
    for (size_t i = 0; err == 0 && i < facts->group_count; i++)
        err = read_group(json_array_get(list, i), i, facts, fault);
    return err;
}

static int read_facts(const json_t *root, struct runner_facts *facts, struct fault *fault)
{
    if (!json_is_object(root)) {
        fault_set(fault, FAULT_not_an_object, "expected an object, got %s", json_tree_kind(root));
        return ERR_FORMAT;
    }
    int err = read_member(root, "name", &facts->name, fault);
    if (err == 0)
        err = read_member(root, "bib", &facts->bib, fault);
    if (err == 0)
        err = read_member(root, "colour", &facts->colour, fault);
    if (err == 0)
        err = check_colour(&facts->colour, fault);
    return err == 0 ? read_groups(root, facts, fault) : err;
}

int runner_facts_decode(struct span text, struct runner_facts *facts, struct fault *fault)
{
    struct json_tree tree;
    memset(facts, 0, sizeof *facts);
    int err = json_tree_parse(&tree, text, fault);
    if (err == 0)
        err = read_facts(tree.root, facts, fault);
    json_tree_fini(&tree);
    return err;
}

/* --- encode --------------------------------------------------------------------------------------------------------- */

static int append_string(const char *before, struct span text, struct buf *out)
{
    char json[JSON_TEXT_STRING_BYTES(RUNNER_TEXT_BYTES)];
    CHECK(text.len <= RUNNER_TEXT_BYTES);
    char *end = json_text_string(json, text);
    int err = buf_append_text(out, before);
    return err == 0 ? buf_append(out, span_of(json, (size_t)(end - json))) : err;
}

static int append_known(const char *before, struct span text, struct buf *out)
{
    return text.len > 0 ? append_string(before, text, out) : 0;
}

static int append_groups(const struct runner_known *known, struct buf *out)
{
    if (known->group_count == 0)
        return 0;
    int err = buf_append_text(out, ",\"groups\":[");
    for (size_t i = 0; err == 0 && i < known->group_count; i++)
        err = append_string(i > 0 ? "," : "", known->groups[i], out);
    return err == 0 ? buf_append_text(out, "]") : err;
}

int runner_known_begin(const struct runner_known *known, struct buf *out)
{
    char text[ID_JSON_BYTES];
    char *end = id_json_write(text, &known->id, runner_id_is_integer(&known->id));
    size_t len_before = out->len;
    int err = buf_printf(out, "{\"userId\":%.*s", (int)(end - text), text);
    if (err == 0)
        err = append_known(",\"name\":", known->name, out);
    if (err == 0)
        err = append_known(",\"bib\":", known->bib, out);
    if (err == 0)
        err = append_known(",\"colour\":", known->colour, out);
    if (err == 0)
        err = append_groups(known, out);
    if (err < 0)
        out->len = len_before;
    return err;
}

const char *runner_status_text(enum runner_status status)
{
    static const char *const texts[] = {
        [RUNNER_LIVE] = "live", [RUNNER_STALE] = "stale", [RUNNER_LOST] = "lost"};
    return texts[status];
}
