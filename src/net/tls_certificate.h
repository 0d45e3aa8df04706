/*
 * tls_certificate: what a certificate says about its owner.
 */
#ifndef SPECTATE_NET_TLS_CERTIFICATE_H
#define SPECTATE_NET_TLS_CERTIFICATE_H

#include <openssl/types.h>
#include <stdint.h>

/*
 * Whom it names: the first URI among its subject alternative names, else the first DNS name, else the first e-mail address, else
 * the last common name of its subject. Owned by the caller (mem_free), NUL-terminated UTF-8 without control characters. NULL: it
 * names nobody, in a form that is not this, or there is no memory.
 */
char *tls_certificate_name(const X509 *certificate);

/* When it runs out, UTC in seconds since 1970. */
int64_t tls_certificate_expires_s(const X509 *certificate);

#endif
