/*
 * key_text: the text of a key set as it was fetched, shared by reference count between threads. It never changes.
 */
#ifndef SPECTATE_AUTH_KEY_TEXT_H
#define SPECTATE_AUTH_KEY_TEXT_H

#include "base/span.h"

struct key_text;

/* A copy of `bytes`, with one holder. NULL without memory. */
struct key_text *key_text_new(struct span bytes);

/* Any thread that holds it, or is handed it by a holder. The last drop frees it. */
struct key_text *key_text_hold(struct key_text *text);
void key_text_drop(struct key_text *text);

/* Borrowed while it is held. */
struct span key_text_span(const struct key_text *text);

#endif
