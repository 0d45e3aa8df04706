#include "auth/key_alg.h"

#include "base/check.h"
#include "base/err.h"

static const struct {
    const char *name;
    enum key_type type;
    size_t curve_bits;
    size_t signature_bytes;
    size_t secret_bytes;
} algs[KEY_ALG_COUNT] = {
#define KEY_ALG(name, type, curve_bits, signature_bytes, secret_bytes)                             \
    {#name, KEY_TYPE_##type, curve_bits, signature_bytes, secret_bytes},
#include "auth/key_alg.def"
#undef KEY_ALG
};

int key_alg_parse(struct span name, enum key_alg *alg)
{
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        if (span_equals(name, span_of_text(algs[i].name))) {
            *alg = (enum key_alg)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

const char *key_alg_name(enum key_alg alg)
{
    CHECK((unsigned)alg < KEY_ALG_COUNT);
    return algs[alg].name;
}

enum key_type key_alg_type(enum key_alg alg)
{
    CHECK((unsigned)alg < KEY_ALG_COUNT);
    return algs[alg].type;
}

size_t key_alg_curve_bits(enum key_alg alg)
{
    CHECK((unsigned)alg < KEY_ALG_COUNT);
    return algs[alg].curve_bits;
}

size_t key_alg_signature_bytes(enum key_alg alg)
{
    CHECK((unsigned)alg < KEY_ALG_COUNT);
    return algs[alg].signature_bytes;
}

size_t key_alg_secret_bytes(enum key_alg alg)
{
    CHECK((unsigned)alg < KEY_ALG_COUNT);
    return algs[alg].secret_bytes;
}
