/*
 * table: uthash, set up for keys that peers choose: keyed hash, allocation that may fail.
 *
 * After HASH_ADD_* an element whose `hh.tbl` is NULL was not added: no memory.
 */
#ifndef SPECTATE_HUB_TABLE_H
#define SPECTATE_HUB_TABLE_H

#include "base/hash.h"
#include "base/mem.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(bytes) mem_try(bytes)
#define uthash_free(memory, bytes) mem_free(memory)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_for_table((key), (len)))

#include <uthash.h>

#endif
