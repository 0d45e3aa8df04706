#include "cli/token_keygen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "auth/key_maker.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "cli/output.h"

static int create(const char *path, struct span contents)
{
    if (key_file_create(path, contents) == 0)
        return EXIT_CODE_OK;
    if (errno == EEXIST) {
        fprintf(stderr, "token: %s is there already, and is not overwritten\n", path);
        return EXIT_CODE_USAGE;
    }
    fprintf(stderr, "token: %s: %s\n", path, strerror(errno));
    return EXIT_CODE_NOT_STARTED;
}

static int make_secret(const struct token_options *options)
{
    struct buf secret = {0};
    int status = EXIT_CODE_NOT_STARTED;
    int err = key_maker_secret(options->keygen, &secret);
    if (err < 0)
        fprintf(stderr, "token: %s\n", err_text(err));
    else
        status = create(options->secret, buf_span(&secret));
    key_file_forget(&secret);
    if (status == EXIT_CODE_OK)
        fprintf(stderr,
                "token: %s is the secret; the server needs it, too: --issuer 'secret=%s alg=%s'\n",
                options->secret, options->secret, key_alg_name(options->keygen));
    return status;
}

static int publish(const struct token_options *options, const struct key_pair *pair)
{
    int status = create(options->key, buf_span(&pair->private_jwk));
    if (status != EXIT_CODE_OK)
        return status;
    fprintf(stderr,
            "token: %s is the private key; what is printed is the public half, for a file of the "
            "server's: --issuer keys=FILE\n",
            options->key);
    return output_text(buf_span(&pair->public_jwks));
}

static int make_pair(const struct token_options *options)
{
    struct key_pair pair;
    int err = key_maker_pair(options->keygen, options->kid, &pair);
    if (err < 0) {
        fprintf(stderr, "token: %s\n", err == ERR_INVALID ? "--kid is not UTF-8" : err_text(err));
        return err == ERR_INVALID ? EXIT_CODE_USAGE : EXIT_CODE_NOT_STARTED;
    }
    int status = publish(options, &pair);
    key_file_forget(&pair.private_jwk);
    buf_fini(&pair.public_jwks);
    return status;
}

int token_keygen(const struct token_options *options)
{
    bool is_secret = key_alg_type(options->keygen) == KEY_TYPE_oct;
    return is_secret ? make_secret(options) : make_pair(options);
}
