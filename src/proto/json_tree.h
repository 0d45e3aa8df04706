/*
 * json_tree: JSON text that a peer sent, parsed by jansson into a tree, with faults in our own words.
 */
#ifndef SPECTATE_PROTO_JSON_TREE_H
#define SPECTATE_PROTO_JSON_TREE_H

#include <jansson.h>

#include "base/fault.h"
#include "base/span.h"

/* Arrays and objects inside each other; bounds the stack that parsing and freeing take, to some 20 KiB. */
#define JSON_TREE_DEPTH 64

/*
 * Parse valid UTF-8. 0 with `*root`, any JSON value, owned by the caller (json_decref). Else `fault` says what and where:
 * ERR_FORMAT with bad_json, or bad_number for one over the range of a double; ERR_NO_MEMORY with out_of_memory.
 * An integer that int64_t can't hold comes as the nearest real; all other integers are exact.
 */
int json_tree_parse(struct span text, json_t **root, struct fault *fault);

/* "an object", "a number", ... for messages. */
const char *json_tree_kind(const json_t *value);

#endif
