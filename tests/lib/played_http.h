/*
 * played_http: an HTTP server of a few lines, in a thread of its own, that answers as a test tells it: also never, or with
 * what no server should send.
 */
#ifndef SPECTATE_TESTS_LIB_PLAYED_HTTP_H
#define SPECTATE_TESTS_LIB_PLAYED_HTTP_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct played_http;

/* On a free port of 127.0.0.1. `tls` NULL: plain; else borrowed. */
struct played_http *played_http_new(SSL_CTX *tls);

/* Hangs up on whoever is still held. */
void played_http_free(struct played_http **server);

const char *played_http_url(const struct played_http *server);

/* What everybody gets from now on: these bytes, borrowed until the end; then it hangs up, or holds on and says no more. */
void played_http_answer(struct played_http *server, const char *bytes, size_t len);
void played_http_answer_and_hold(struct played_http *server, const char *bytes, size_t len);

/* How many requests came. */
int played_http_requests(struct played_http *server);

/* Wait until so many came; fails the test when they don't. */
void played_http_await_requests(struct played_http *server, int count);

#endif
