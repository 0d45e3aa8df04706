/*
 * token: `spectate token`, tokens for phones, spectators and feeds, signed with a private key or a secret. What is printed is the
 * token and nothing else, or a link with it and, on a terminal, its QR code; all that is said beside goes to standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "auth/key_file.h"
#include "auth/mint.h"
#include "auth/secret.h"
#include "base/base64url.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/qr.h"
#include "cli/token_keygen.h"
#include "cli/token_link.h"
#include "cli/token_options.h"

#define ID_BYTES 16

struct drawn_id {
    char text[BASE64URL_ENCODED_BYTES(ID_BYTES) + 1];
};

static struct drawn_id draw_id(void)
{
    uint8_t bytes[ID_BYTES];
    struct drawn_id id;
    CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    id.text[base64url_encode(span_of(bytes, sizeof bytes), id.text)] = '\0';
    return id;
}

static int sign_in(const struct token_options *options, struct span contents,
                   struct signing_key **key)
{
    struct signing_key_options wanted = {.alg = options->alg, .kid = options->kid};
    const char *path = options->key != NULL ? options->key : options->secret;
    char error[SIGNING_KEY_ERROR_BYTES];
    int err = options->key != NULL
                  ? signing_key_of_jwk(contents, &wanted, key, error)
                  : signing_key_of_secret(secret_trim(contents), &wanted, key, error);
    if (err < 0)
        fprintf(stderr, "token: %s: %s\n", path, error);
    return err;
}

/* NULL: what is wrong was said. */
static struct signing_key *load_key(const struct token_options *options)
{
    const char *path = options->key != NULL ? options->key : options->secret;
    struct signing_key *key = NULL;
    struct buf contents = {0};
    int err = key_file_read(path, KEY_SET_BYTES, &contents);
    if (err < 0) {
        fprintf(stderr, "token: %s: %s\n", path,
                err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return NULL;
    }
    sign_in(options, buf_span(&contents), &key);
    key_file_forget(&contents);
    return key;
}

static int mint(const struct token_options *options, const struct signing_key *key,
                struct buf *token)
{
    struct drawn_id id = draw_id();
    int64_t now_s = clock_wall_ms() / 1000;
    int64_t wait_s = (int64_t)(options->not_before_ms / 1000);
    struct mint_claims claims = {
        .issuer = options->issuer,
        .audience = options->audience,
        .subject = options->sub,
        .id = options->id != NULL ? options->id : id.text,
        .publish = options->publish.items,
        .publish_count = options->publish.count,
        .follow = options->follow.items,
        .follow_count = options->follow.count,
        .issued_s = now_s,
        .not_before_s = wait_s > 0 ? now_s + wait_s : 0,
        .expires_s = now_s + (int64_t)(options->expires_ms / 1000),
        .rate = options->rate,
        .follows = options->follows,
    };
    return mint_token(key, &claims, token);
}

/* 0: there is no telling. */
static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* A code that is not drawn is no failure: what it would say is there as text. */
static int print_code(struct span text, bool is_terminal)
{
    struct buf lines = {0};
    int room = is_terminal ? terminal_columns() : 0;
    int columns = qr_draw(text, is_terminal, &lines);
    int status = EXIT_CODE_OK;
    if (columns < 0)
        fprintf(stderr, "token: it is too long for a QR code\n");
    else if (room > 0 && columns > room)
        fprintf(stderr, "token: its QR code needs a terminal of %d columns\n", columns);
    else
        status = output_text(buf_span(&lines));
    buf_fini(&lines);
    return status;
}

static int print(const struct token_options *options, struct span text)
{
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    bool is_drawn = options->wants_qr || (options->url != NULL && is_terminal);
    int status = output_text(text);
    if (status == EXIT_CODE_OK)
        status = output_text(span_of_text("\n"));
    if (status == EXIT_CODE_OK && is_drawn && !options->wants_no_qr)
        status = print_code(text, is_terminal);
    return status;
}

static int print_link(const struct token_options *options, struct span token)
{
    struct buf link = {0};
    int err = token_link_write(options->url, token, &link);
    if (token_link_is_in_the_clear(options->url))
        fprintf(stderr,
                "token: by http:// everybody on the way can read the token: https:// hides it\n");
    if (err < 0)
        fprintf(stderr, "token: %s\n", err_text(err));
    int status = err < 0 ? EXIT_CODE_NOT_STARTED : print(options, buf_span(&link));
    buf_fini(&link);
    return status;
}

static const char *mint_failure(int err)
{
    switch (err) {
    case ERR_INVALID:
        return "a text is not UTF-8, or the two halves of the key don't belong together";
    case ERR_TOO_BIG:
        return "it is bigger than a server takes: shorten the lists, or use groups and prefixes";
    default:
        return err_text(err);
    }
}

static int make_token(const struct token_options *options)
{
    struct buf token = {0};
    struct signing_key *key = load_key(options);
    if (key == NULL)
        return EXIT_CODE_USAGE;
    int status = EXIT_CODE_USAGE;
    int err = mint(options, key, &token);
    if (err < 0)
        fprintf(stderr, "token: %s\n", mint_failure(err));
    else if (options->url != NULL)
        status = print_link(options, buf_span(&token));
    else
        status = print(options, buf_span(&token));
    signing_key_free(&key);
    buf_fini(&token);
    return status;
}

int token_main(int argc, char **argv)
{
    struct token_options options = token_options_parse(argc, argv);
    int status = options.keygen != KEY_ALG_COUNT ? token_keygen(&options) : make_token(&options);
    token_options_fini(&options);
    return status;
}
