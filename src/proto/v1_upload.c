#include "proto/v1_upload.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/v1_position.h"

static int read_body(const json_t *root, const struct v1_limits *limits, struct v1_message *message,
                     struct fault *fault)
{
    if (json_is_array(root))
        return v1_read_positions(root, limits, limits->publishes, message, fault);
    if (!json_is_object(root)) {
        fault_set(fault, FAULT_not_an_object, "expected an object or an array, got %s",
                  json_tree_kind(root));
        return ERR_FORMAT;
    }
    if (json_object_get(root, "positions") != NULL)
        return v1_read_positions_message(root, limits, message, fault);
    int err = v1_reserve_positions(message, 1, fault);
    if (err == 0)
        err = v1_read_position(root, "", limits->publishes, &message->positions[0], fault);
    message->position_count = 1;
    return err;
}

int v1_decode_upload(struct span text, const struct v1_limits *limits, struct v1_message *message,
                     struct fault *fault)
{
    struct json_tree tree;
    v1_message_clear(message, V1_POSITIONS);
    int err = json_tree_parse(&tree, text, fault);
    if (err == 0)
        err = read_body(tree.root, limits, message, fault);
    json_tree_fini(&tree);
    return err;
}

/* --- lines ---------------------------------------------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line of `*text`, which moves on past it. White space at its end, as of CRLF, is not part of it. */
static struct span take_line(struct span *text)
{
    const uint8_t *end = memchr(text->data, '\n', text->len);
    size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
    size_t taken = end != NULL ? len + 1 : len;
    struct span line = span_of(text->data, len);
    *text = span_of(text->data + taken, text->len - taken);
    while (line.len > 0 && is_space(line.data[line.len - 1]))
        line.len--;
    return line;
}

static int read_line(const json_t *root, const char *where, const struct v1_limits *limits,
                     struct position *position, struct fault *fault)
{
    if (json_is_object(root))
        return v1_read_position(root, where, limits->publishes, position, fault);
    fault_set(fault, FAULT_not_an_object, "%sexpected an object, got %s", where,
              json_tree_kind(root));
    return ERR_FORMAT;
}

/* A fault of the parser tells its line within what it was given: always the first. */
static int parse_line(struct json_tree *tree, struct span line, const char *where,
                      struct fault *fault)
{
    struct fault inner;
    int err = json_tree_parse(tree, line, &inner);
    if (err < 0)
        fault_set(fault, inner.code, "%s%s", where, inner.message);
    return err;
}

static int add_line(struct span line, size_t number, const struct v1_limits *limits,
                    struct v1_message *message, struct fault *fault)
{
    char where[MEMBER_WHERE_BYTES];
    size_t index = message->position_count;
    if (index >= limits->max_positions) {
        fault_set(fault, FAULT_too_many_positions, "at most %zu positions are taken",
                  limits->max_positions);
        return ERR_FORMAT;
    }
    struct json_tree tree;
    snprintf(where, sizeof where, "line %zu: ", number);
    int err = v1_reserve_positions(message, index + 1, fault);
    if (err < 0)
        return err;
    message->index = index;
    err = parse_line(&tree, line, where, fault);
    if (err == 0)
        err = read_line(tree.root, where, limits, &message->positions[index], fault);
    json_tree_fini(&tree);
    message->position_count++;
    return err;
}

int v1_decode_lines(struct span text, const struct v1_limits *limits, struct v1_message *message,
                    struct fault *fault)
{
    int err = 0;
    v1_message_clear(message, V1_POSITIONS);
    for (size_t number = 1; err == 0 && text.len > 0; number++) {
        struct span line = take_line(&text);
        if (line.len > 0)
            err = add_line(line, number, limits, message, fault);
    }
    if (err == 0)
        message->index = V1_NO_INDEX;
    return err;
}
