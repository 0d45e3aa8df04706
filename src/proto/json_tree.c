#include "proto/json_tree.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_scan.h"
#include "proto/json_text.h"

/* Any value, so that `7` is told to be no object instead of no JSON; and \u0000 is a character like others. */
#define PARSE_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* The index behind the number at `at`, or behind the one byte there when no number is. */
static size_t skip_number(struct span text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.data[end] != '\0' && strchr("0123456789+-.eE", text.data[end]))
        end++;
    return end > at ? end : at + 1;
}

/* Copy the text, making reals of integers that int64_t can't hold: 1e0 is 1. */
static int widen_integers(struct span text, struct buf *wide)
{
    size_t at = 0;
    while (at < text.len) {
        bool is_string = text.data[at] == '"';
        size_t end = is_string ? json_skip_string(text, at) : skip_number(text, at);
        struct span token = span_of(text.data + at, end - at);
        int err = buf_append(wide, token);
        if (err == 0 && json_text_is_integer(token) && !json_text_fits_int64(token))
            err = buf_append_text(wide, "e0");
        if (err < 0)
            return err;
        at = end;
    }
    return 0;
}

static const char *text_of(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the text ends in the middle of a value";
    case json_error_end_of_input_expected:
        return "there is more behind the end of the value";
    case json_error_null_byte_in_key:
        return "the name of a member holds \\u0000";
    case json_error_invalid_utf8:
        return "a character is not UTF-8";
    default:
        return "this is not JSON here";
    }
}

static int explain(const json_error_t *error, struct fault *fault)
{
    enum json_error_code code = json_error_code(error);
    if (code == json_error_numeric_overflow)
        fault_set(fault, FAULT_bad_number,
                  "line %d, column %d: the number is too large to be a double", error->line,
                  error->column);
    else
        fault_set(fault, FAULT_bad_json, "line %d, column %d: %s", error->line, error->column,
                  text_of(code));
    return ERR_FORMAT;
}

/* Columns behind a widened integer are told 2 too far for each: not worth a map of the text. */
static int parse_widened(struct json_tree *tree, struct span text, json_error_t *error)
{
    struct buf wide = {0};
    int err = widen_integers(text, &wide);
    if (err == 0)
        err = json_arena_load(&tree->arena, buf_span(&wide), PARSE_FLAGS, &tree->root, error);
    buf_fini(&wide);
    return err;
}

int json_tree_parse(struct json_tree *tree, struct span text, struct fault *fault)
{
    tree->root = NULL;
    json_arena_init(&tree->arena);
    if (json_is_deeper_than(text, JSON_TREE_DEPTH)) {
        fault_set(fault, FAULT_bad_json, "arrays and objects are nested deeper than %d levels",
                  JSON_TREE_DEPTH);
        return ERR_FORMAT;
    }
    json_error_t error = {0};
    int err = json_arena_load(&tree->arena, text, PARSE_FLAGS, &tree->root, &error);
    if (err == 0 && tree->root == NULL && json_error_code(&error) == json_error_numeric_overflow)
        err = parse_widened(tree, text, &error);
    if (err < 0) {
        fault_set(fault, FAULT_out_of_memory, "no memory to read the message");
        return err;
    }
    return tree->root != NULL ? 0 : explain(&error, fault);
}

void json_tree_fini(struct json_tree *tree)
{
    json_arena_fini(&tree->arena);
    tree->root = NULL;
}

const char *json_tree_kind(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return kinds[json_typeof(value)];
}
