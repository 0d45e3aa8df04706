#include "net/tls_certificate.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

#define SECONDS_PER_DAY 86400

static bool is_text(const unsigned char *bytes, size_t len, unsigned char last)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < ' ' || bytes[i] == 0x7f || bytes[i] > last)
            return false;
    return len > 0;
}

static char *copy_of(const unsigned char *bytes, size_t len)
{
    char *copy = mem_try(len + 1);
    if (copy != NULL)
        memcpy(copy, bytes, len);
    return copy;
}

/* The alternative names of these kinds are ASCII (RFC 5280 4.2.1.6). */
static const ASN1_IA5STRING *find_alternative(const GENERAL_NAMES *names, int type)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == type)
            return name->d.ia5;
    }
    return NULL;
}

/* What the best of the alternative names is. */
static const ASN1_IA5STRING *best_alternative(const GENERAL_NAMES *names)
{
    static const int by_rank[] = {GEN_URI, GEN_DNS, GEN_EMAIL};
    const ASN1_IA5STRING *found = NULL;
    for (size_t i = 0; i < sizeof by_rank / sizeof *by_rank && found == NULL; i++)
        found = find_alternative(names, by_rank[i]);
    return found;
}

static char *common_name(const X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int last = -1;
    for (int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0;
         at = X509_NAME_get_index_by_NID(subject, NID_commonName, last))
        last = at;
    if (last < 0)
        return NULL;
    unsigned char *text = NULL;
    int len =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
    char *name = len > 0 && is_text(text, (size_t)len, 0xff) ? copy_of(text, (size_t)len) : NULL;
    OPENSSL_free(text);
    return name;
}

char *tls_certificate_name(const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const ASN1_IA5STRING *best = best_alternative(names);
    char *name = NULL;
    if (best == NULL)
        name = common_name(certificate);
    else if (is_text(ASN1_STRING_get0_data(best), (size_t)ASN1_STRING_length(best), '~'))
        name = copy_of(ASN1_STRING_get0_data(best), (size_t)ASN1_STRING_length(best));
    GENERAL_NAMES_free(names);
    return name;
}

int64_t tls_certificate_expires_s(const X509 *certificate)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    CHECK(epoch != NULL);
    ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate));
    ASN1_TIME_free(epoch);
    return (int64_t)days * SECONDS_PER_DAY + seconds;
}
