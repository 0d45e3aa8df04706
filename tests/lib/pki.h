/*
 * pki: certificates of the test's own, in files that go with it.
 *
 *   struct pki *pki = pki_new("ca");
 *   pki_issue(pki, &(struct pki_wish){.file = "server", .name = "localhost", .alternatives = "DNS:localhost"});
 *   ... pki_path(pki, "ca.pem") pki_path(pki, "server.pem") pki_path(pki, "server.key") ...
 *   pki_free(&pki);
 */
#ifndef SPECTATE_TESTS_LIB_PKI_H
#define SPECTATE_TESTS_LIB_PKI_H

#include <stdbool.h>

struct pki;

/* A folder with the certificate of a new authority, NAME.pem. */
struct pki *pki_new(const char *name);
void pki_free(struct pki **pki);

struct pki_wish {
    const char *file;         /* FILE.pem and FILE.key are written */
    const char *name;         /* common name of the subject; NULL: none */
    const char *alternatives; /* as in openssl.cnf: "DNS:localhost,IP:127.0.0.1"; NULL: none */
    int days;                 /* that it is good for; 0: 30 */
    int rsa_bits;             /* 0: a P-256 key */
    bool is_encrypted;        /* the key, by the passphrase "secret" */
};
void pki_issue(struct pki *pki, const struct pki_wish *wish);

/* The path of a file in the folder, whether it is there or not; good until the third call from now. */
const char *pki_path(struct pki *pki, const char *file);

/* A file with this text. */
void pki_write(struct pki *pki, const char *file, const char *text);

#endif
