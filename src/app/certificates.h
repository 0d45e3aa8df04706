/*
 * certificates: the server's TLS, from the files that the options name, as they were last good.
 *
 * Read at the start and again when the operator says so; a file that is wrong then leaves in force what was. Reads files: main
 * thread only.
 */
#ifndef SPECTATE_APP_CERTIFICATES_H
#define SPECTATE_APP_CERTIFICATES_H

#include "config/options.h"
#include "net/tls_context.h"

struct certificates;

/* Borrows the options. NULL: a file is wrong, logged. Not to be called without tls-cert. */
struct certificates *certificates_new(const struct options *options);

/* NULL inside is fine. */
void certificates_free(struct certificates **certificates);

/* 0, or ERR_INVALID: a file is wrong, logged, and what was in force still is. */
int certificates_reload(struct certificates *certificates);

/* What is in force; borrowed until the next reload. */
struct tls_context *certificates_context(const struct certificates *certificates);

#endif
