#include "auth/token_claims.h"

#include "auth/claims.h"
#include "auth/token.h"
#include "base/err.h"
#include "base/mem.h"

static int read_name(const json_t *claims, const char *name, char **copy)
{
    const char *text = NULL;
    struct claims_bounds bounds = {.min = 1, .max = PASS_NAME_BYTES};
    int err = claims_text(claims, name, bounds, &text);
    if (err < 0 || text == NULL)
        return err;
    size_t len = strlen(text);
    *copy = mem_try(len + 1);
    if (*copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(*copy, text, len);
    return 0;
}

static int read_publish(const json_t *claims, struct grants **grants)
{
    const json_t *list = json_object_get(claims, "publish");
    return list == NULL ? 0 : claims_grants(list, TOKEN_LIST_ENTRIES, NULL, grants);
}

static int read_follow(const json_t *claims, struct auth_groups *groups, struct grants **grants)
{
    struct span all = span_of_text("*");
    const json_t *list = json_object_get(claims, "follow");
    if (json_is_string(list) && strcmp(json_string_value(list), "*") == 0)
        return grants_new(&all, 1, NULL, grants);
    return list == NULL ? 0 : claims_grants(list, TOKEN_LIST_ENTRIES, groups, grants);
}

int token_claims_read(const json_t *claims, struct auth_groups *groups, struct pass **pass)
{
    struct pass *made = pass_new();
    if (made == NULL)
        return ERR_NO_MEMORY;
    int err = read_name(claims, "sub", &made->subject);
    if (err == 0)
        err = read_name(claims, "jti", &made->token_id);
    if (err == 0)
        err = read_publish(claims, &made->publish);
    if (err == 0)
        err = read_follow(claims, groups, &made->follow);
    if (err == 0)
        err = claims_count(claims, "rate", &made->rate);
    if (err == 0)
        err = claims_count(claims, "follows", &made->follows);
    if (err < 0)
        pass_free(&made);
    else
        *pass = made;
    return err;
}
