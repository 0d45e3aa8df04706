#include "tests/lib/pki.h"

#include <dirent.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

#define SECONDS_PER_DAY 86400
#define PATHS 3
#define PATH_BYTES 320

struct pki {
    char folder[64];
    EVP_PKEY *key; /* the authority's */
    X509 *certificate;
    long serial;
};

const char *pki_path(struct pki *pki, const char *file)
{
    static char paths[PATHS][PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    snprintf(path, PATH_BYTES, "%s/%s", pki->folder, file);
    return path;
}

static FILE *create(struct pki *pki, const char *name, const char *suffix)
{
    char file[64];
    snprintf(file, sizeof file, "%s%s", name, suffix);
    FILE *stream = fopen(pki_path(pki, file), "w");
    CHECK(stream != NULL);
    return stream;
}

void pki_write(struct pki *pki, const char *file, const char *text)
{
    FILE *stream = create(pki, file, "");
    fputs(text, stream);
    fclose(stream);
}

static void write_certificate(struct pki *pki, const char *name, X509 *certificate)
{
    FILE *stream = create(pki, name, ".pem");
    CHECK(PEM_write_X509(stream, certificate) == 1);
    fclose(stream);
}

static void write_key(struct pki *pki, const struct pki_wish *wish, EVP_PKEY *key)
{
    FILE *stream = create(pki, wish->file, ".key");
    char passphrase[] = "secret";
    const EVP_CIPHER *cipher = wish->is_encrypted ? EVP_aes_128_cbc() : NULL;
    CHECK(PEM_write_PKCS8PrivateKey(stream, key, cipher, cipher == NULL ? NULL : passphrase,
                                    cipher == NULL ? 0 : sizeof passphrase - 1, NULL, NULL) == 1);
    fclose(stream);
}

static X509 *unsigned_certificate(struct pki *pki, EVP_PKEY *key, const struct pki_wish *wish)
{
    X509 *certificate = X509_new();
    long days = wish->days == 0 ? 30 : wish->days;
    CHECK(certificate != NULL && X509_set_version(certificate, 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++pki->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), (days < 0 ? days - 1 : -1) * SECONDS_PER_DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * SECONDS_PER_DAY);
    X509_set_pubkey(certificate, key);
    if (wish->name != NULL)
        X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                   MBSTRING_UTF8, (const unsigned char *)wish->name, -1, -1, 0);
    return certificate;
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, NULL, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    CHECK(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void sign(struct pki *pki, X509 *certificate)
{
    X509 *issuer = pki->certificate == NULL ? certificate : pki->certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    CHECK(X509_sign(certificate, pki->key, EVP_sha256()) > 0);
}

struct pki *pki_new(const char *name)
{
    struct pki *pki = mem_must(sizeof *pki);
    struct pki_wish wish = {.name = name};
    snprintf(pki->folder, sizeof pki->folder, "/tmp/spectate-pki-XXXXXX");
    CHECK(mkdtemp(pki->folder) != NULL);
    pki->key = EVP_EC_gen("P-256");
    X509 *certificate = unsigned_certificate(pki, pki->key, &wish);
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    sign(pki, certificate);
    pki->certificate = certificate;
    write_certificate(pki, name, certificate);
    return pki;
}

void pki_issue(struct pki *pki, const struct pki_wish *wish)
{
    EVP_PKEY *key =
        wish->rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen((unsigned)wish->rsa_bits);
    CHECK(key != NULL);
    X509 *certificate = unsigned_certificate(pki, key, wish);
    if (wish->alternatives != NULL)
        extend(certificate, NID_subject_alt_name, wish->alternatives);
    sign(pki, certificate);
    write_certificate(pki, wish->file, certificate);
    write_key(pki, wish, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void remove_folder(struct pki *pki)
{
    DIR *folder = opendir(pki->folder);
    CHECK(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            unlink(pki_path(pki, entry->d_name));
    closedir(folder);
    rmdir(pki->folder);
}

void pki_free(struct pki **pki)
{
    struct pki *it = *pki;
    remove_folder(it);
    X509_free(it->certificate);
    EVP_PKEY_free(it->key);
    mem_free(it);
    *pki = NULL;
}
