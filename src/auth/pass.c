#include "auth/pass.h"

#include "base/mem.h"

bool pass_end_is_over(int64_t expires_s, int64_t now_s, int64_t leeway_s)
{
    return expires_s <= now_s - (leeway_s < PASS_LATE_MAX_S ? leeway_s : PASS_LATE_MAX_S);
}

struct pass *pass_new(void)
{
    struct pass *pass = mem_try(sizeof *pass);
    if (pass != NULL) {
        pass->issued_s = INT64_MIN;
        pass->expires_s = PASS_WITHOUT_EXPIRY;
    }
    return pass;
}

struct pass *pass_for_certificate(struct span name)
{
    if (name.len == 0 || name.len > PASS_NAME_BYTES || memchr(name.data, '\0', name.len) != NULL)
        return NULL;
    struct pass *pass = pass_new();
    if (pass == NULL)
        return NULL;
    pass->issuer = PASS_OF_CERTIFICATE;
    pass->subject = mem_try(name.len + 1);
    if (pass->subject == NULL)
        pass_free(&pass);
    else
        memcpy(pass->subject, name.data, name.len);
    return pass;
}

void pass_free(struct pass **pass)
{
    if (*pass == NULL)
        return;
    mem_free((*pass)->subject);
    mem_free((*pass)->token_id);
    grants_free(&(*pass)->publish);
    grants_free(&(*pass)->follow);
    mem_free(*pass);
    *pass = NULL;
}

static bool is_subject(const struct pass *pass, struct span id)
{
    return pass->subject != NULL && id.len > 0 && span_equals(span_of_text(pass->subject), id);
}

bool pass_set_groups(struct pass *pass, struct auth_groups *groups)
{
    return grants_rebind(pass->follow, groups);
}

bool pass_may_publish(const struct pass *pass, struct span id)
{
    return is_subject(pass, id) || grants_allow(pass->publish, id);
}

bool pass_may_follow(const struct pass *pass, struct span id)
{
    return is_subject(pass, id) || grants_allow(pass->follow, id);
}
