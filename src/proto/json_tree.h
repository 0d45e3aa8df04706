/*
 * json_tree: JSON text that a peer sent, parsed by jansson into a tree, with faults in our own words.
 */
#ifndef SPECTATE_PROTO_JSON_TREE_H
#define SPECTATE_PROTO_JSON_TREE_H

#include <jansson.h>

#include "base/fault.h"
#include "base/span.h"
#include "proto/json_arena.h"

/* Arrays and objects inside each other; bounds the stack that parsing takes, to some 20 KiB. */
#define JSON_TREE_DEPTH 64

struct json_tree {
    const json_t *root; /* any JSON value; borrowed from the arena */
    struct json_arena arena;
};

/*
 * Parse valid UTF-8 into `tree`, to be released with json_tree_fini() whatever comes back. 0, or `fault` says what and where:
 * ERR_FORMAT with bad_json, or bad_number for one over the range of a double; ERR_NO_MEMORY with out_of_memory.
 * An integer that int64_t can't hold comes as the nearest real; all other integers are exact.
 */
int json_tree_parse(struct json_tree *tree, struct span text, struct fault *fault);
void json_tree_fini(struct json_tree *tree);

/* "an object", "a number", ... for messages. */
const char *json_tree_kind(const json_t *value);

#endif
