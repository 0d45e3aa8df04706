#include "cli/token_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "auth/grants.h"
#include "auth/pass.h"
#include "auth/token.h"
#include "base/mem.h"
#include "cli/option_table.h"
#include "cli/token_link.h"
#include "proto/position.h"

#define DEFAULT_EXPIRES_MS (12 * 3600 * 1000)

enum token_key {
    KEY_BEFORE = OPTION_FIRST_KEY - 1,
#define OPTION(id, name, kind, argument, member, low, high, help) KEY_##id,
#include "cli/token_options.def"
#undef OPTION
};

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct token_options, member), low, high},
#include "cli/token_options.def"
#undef OPTION
    {0}};

static bool is_group(struct span entry)
{
    static const char prefix[] = "group:";
    return entry.len > sizeof prefix - 1 && memcmp(entry.data, prefix, sizeof prefix - 1) == 0;
}

/* Another reading of `group:` than the bearer expects would be a surprise: it is no id here. */
static void check_entry(struct span entry, bool may_be_group, struct argp_state *state)
{
    if (is_group(entry) && !may_be_group)
        argp_error(state, "--publish knows no groups: '%.*s'", (int)entry.len,
                   (const char *)entry.data);
    bool is_prefix = entry.len > 0 && entry.data[entry.len - 1] == '*';
    size_t longest = is_prefix ? GRANT_ID_BYTES + 1 : GRANT_ID_BYTES;
    if (entry.len == 0 || (entry.len > longest && !is_group(entry)))
        argp_error(state, "an id has 1 to %d bytes, not '%.*s'", GRANT_ID_BYTES, (int)entry.len,
                   (const char *)entry.data);
}

static void add_entries(struct token_list *list, const char *text, bool may_be_group,
                        struct argp_state *state)
{
    for (;;) {
        struct span entry = span_of(text, strcspn(text, ","));
        check_entry(entry, may_be_group, state);
        if (list->count == TOKEN_LIST_ENTRIES)
            argp_error(state, "a list has at most %d entries", TOKEN_LIST_ENTRIES);
        list->items[list->count++] = entry;
        text += entry.len;
        if (*text++ == '\0')
            return;
    }
}

static enum key_alg read_alg(const char *name, const char *text, struct argp_state *state)
{
    enum key_alg alg = KEY_ALG_COUNT;
    if (key_alg_parse(span_of_text(text), &alg) < 0)
        argp_error(state, "--%s is HS256, HS384, HS512, RS256, PS256, ES256 or ES384, not '%s'",
                   name, text);
    return alg;
}

static void check_name(const char *name, const char *text, size_t max, struct argp_state *state)
{
    if (text != NULL && (*text == '\0' || strlen(text) > max))
        argp_error(state, "--%s has 1 to %zu bytes", name, max);
}

static void check_source(const struct token_options *options, struct argp_state *state)
{
    if (options->key == NULL && options->secret == NULL)
        argp_error(state, "with which key? Give --key or --secret");
    if (options->key != NULL && options->secret != NULL)
        argp_error(state, "--key and --secret are two ways to sign: give one");
}

static void check_keygen(const struct token_options *options, struct argp_state *state)
{
    bool is_secret = key_alg_type(options->keygen) == KEY_TYPE_oct;
    bool has_grants = options->sub != NULL || options->publish.count + options->follow.count > 0;
    if (has_grants || options->is_share || options->url != NULL || options->wants_qr)
        argp_error(state, "--keygen makes a key, and no token");
    if (options->alg != KEY_ALG_COUNT)
        argp_error(state, "--keygen names the algorithm, without --alg");
    if (is_secret != (options->secret != NULL))
        argp_error(state, "--keygen %s makes a file for %s", key_alg_name(options->keygen),
                   is_secret ? "--secret" : "--key");
    if (is_secret && options->kid != NULL)
        argp_error(state, "a secret's file has no place for --kid");
}

static void check_token(const struct token_options *options, struct argp_state *state)
{
    bool may_publish = options->sub != NULL || options->publish.count > 0;
    if (options->is_share && may_publish)
        argp_error(state, "--share is for following only, without --sub and --publish");
    if (!may_publish && options->follow.count == 0)
        argp_error(state, "what may its bearer do? Give --sub, --publish or --follow");
    if (options->expires_ms <= options->not_before_ms)
        argp_error(state, "it would expire before it is good: --expires counts from now, too");
    if (options->wants_qr && options->wants_no_qr)
        argp_error(state, "--qr or --no-qr?");
    if (options->url != NULL && !token_link_fits(options->url))
        argp_error(state,
                   "--url is a whole http:// or https:// address without a token in it, not '%s'",
                   options->url);
    check_name("sub", options->sub, RUNNER_ID_BYTES, state);
    check_name("id", options->id, PASS_NAME_BYTES, state);
}

static void complete(struct token_options *options, struct argp_state *state)
{
    if (options->alg_text != NULL)
        options->alg = read_alg("alg", options->alg_text, state);
    if (options->keygen_text != NULL)
        options->keygen = read_alg("keygen", options->keygen_text, state);
    check_source(options, state);
    if (options->keygen_text != NULL)
        check_keygen(options, state);
    else
        check_token(options, state);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct token_options *options = state->input;
    if (key == ARGP_KEY_END) {
        complete(options, state);
        return 0;
    }
    error_t err = option_table_set(fields, key, value, state);
    if (key == KEY_PUBLISH)
        add_entries(&options->publish, options->next_publish, false, state);
    else if (key == KEY_FOLLOW)
        add_entries(&options->follow, options->next_follow, true, state);
    return err;
}

static const char doc[] =
    "Make a token, which says who may publish and follow what, and print it."
    "\vFor example, a phone's token for the runner 7, and a link for its friends:\n\n"
    "  spectate token --keygen ES256 --key race.key > race.jwks\n"
    "  spectate serve --auth jwt --issuer keys=race.jwks ...\n"
    "  spectate token --key race.key --sub 7\n"
    "  spectate token --key race.key --share --follow 7 --url https://race.example/\n\n"
    "Who has a token may do what it says until it expires or is revoked by its id (jti).\n\n"
    "Exit status: 0 when it was printed, 1 when standard output could not be written, 2 when the "
    "usage or a file is wrong, 3 when a key's file could not be written.";

struct token_options token_options_parse(int argc, char **argv)
{
    struct token_options options = {
        .publish.items = mem_must(TOKEN_LIST_ENTRIES * sizeof(struct span)),
        .follow.items = mem_must(TOKEN_LIST_ENTRIES * sizeof(struct span)),
        .alg = KEY_ALG_COUNT,
        .keygen = KEY_ALG_COUNT,
        .expires_ms = DEFAULT_EXPIRES_MS,
    };
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void token_options_fini(struct token_options *options)
{
    mem_free(options->publish.items);
    mem_free(options->follow.items);
    options->publish = options->follow = (struct token_list){0};
}
