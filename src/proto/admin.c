#include "proto/admin.h"

#include <string.h>

#include "base/err.h"
#include "base/ip.h"
#include "proto/json_text.h"
#include "proto/json_tree.h"

/* --- decode --------------------------------------------------------------------------------------------------------- */

/* A request is an object with exactly one member, whose name says what is meant. */
struct choice {
    const char *name;
    int kind;
    bool is_number;
};

struct chosen {
    int kind;
    const json_t *value;
};

static int choose(const json_t *root, const struct choice *choices, size_t count,
                  struct chosen *chosen, struct fault *fault)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(root, choices[i].name);
        if (value == NULL)
            continue;
        if (choices[i].is_number ? !json_is_integer(value) : !json_is_string(value)) {
            fault_set(fault, FAULT_wrong_type, "%s: expected %s, got %s", choices[i].name,
                      choices[i].is_number ? "an integer" : "a string", json_tree_kind(value));
            return ERR_FORMAT;
        }
        *chosen = (struct chosen){choices[i].kind, value};
        found++;
    }
    if (found == 1 && json_object_size(root) == 1)
        return 0;
    fault_set(fault, FAULT_missing_member, "expected an object with exactly one of the members");
    return ERR_FORMAT;
}

static int copy_name(const json_t *value, char name[ADMIN_NAME_BYTES + 1], struct fault *fault)
{
    size_t len = json_string_length(value);
    const char *text = json_string_value(value);
    if (len == 0 || len > ADMIN_NAME_BYTES || memchr(text, '\0', len) != NULL) {
        fault_set(fault, FAULT_wrong_type, "expected a text of 1 to %d bytes", ADMIN_NAME_BYTES);
        return ERR_FORMAT;
    }
    memcpy(name, text, len);
    name[len] = '\0';
    return 0;
}

static int check_address(const char *text, struct fault *fault)
{
    struct ip ip;
    if (ip_parse(span_of_text(text), &ip) == 0)
        return 0;
    fault_set(fault, FAULT_wrong_type, "address: expected an IP address");
    return ERR_FORMAT;
}

static int parse(struct json_tree *tree, struct span body, struct fault *fault)
{
    int err = json_tree_parse(tree, body, fault);
    if (err == 0 && !json_is_object(tree->root)) {
        fault_set(fault, FAULT_not_an_object, "expected an object, got %s",
                  json_tree_kind(tree->root));
        err = ERR_FORMAT;
    }
    return err;
}

int admin_decode_kick(struct span body, struct admin_who *who, struct fault *fault)
{
    static const struct choice choices[] = {
        {"id", ADMIN_BY_ID, true},
        {"sub", ADMIN_BY_SUBJECT, false},
        {"address", ADMIN_BY_ADDRESS, false},
    };
    struct json_tree tree;
    struct chosen chosen;
    *who = (struct admin_who){0};
    int err = parse(&tree, body, fault);
    if (err == 0)
        err = choose(tree.root, choices, 3, &chosen, fault);
    if (err == 0) {
        who->by = (enum admin_by)chosen.kind;
        who->id = (uint64_t)json_integer_value(chosen.value);
        if (who->by != ADMIN_BY_ID)
            err = copy_name(chosen.value, who->name, fault);
        if (err == 0 && who->by == ADMIN_BY_ADDRESS)
            err = check_address(who->name, fault);
    }
    json_tree_fini(&tree);
    return err;
}

int admin_decode_revocation(struct span body, struct admin_revocation *revocation,
                            struct fault *fault)
{
    static const struct choice choices[] = {
        {"jti", ADMIN_REVOKE_TOKEN, false},
        {"sub", ADMIN_REVOKE_SUBJECT, false},
        {"issued_before", ADMIN_REVOKE_BEFORE, true},
    };
    struct json_tree tree;
    struct chosen chosen;
    *revocation = (struct admin_revocation){0};
    int err = parse(&tree, body, fault);
    if (err == 0)
        err = choose(tree.root, choices, 3, &chosen, fault);
    if (err == 0) {
        revocation->kind = (enum admin_revoke)chosen.kind;
        revocation->before_s = json_integer_value(chosen.value);
        if (revocation->kind != ADMIN_REVOKE_BEFORE)
            err = copy_name(chosen.value, revocation->name, fault);
    }
    json_tree_fini(&tree);
    return err;
}

/* An object with one member, a text. */
static int decode_text(struct span body, const char *member, char text[ADMIN_NAME_BYTES + 1],
                       struct fault *fault)
{
    const struct choice choices[] = {{member, 0, false}};
    struct json_tree tree;
    struct chosen chosen;
    int err = parse(&tree, body, fault);
    if (err == 0)
        err = choose(tree.root, choices, 1, &chosen, fault);
    if (err == 0)
        err = copy_name(chosen.value, text, fault);
    json_tree_fini(&tree);
    return err;
}

int admin_decode_level(struct span body, char level[ADMIN_NAME_BYTES + 1], struct fault *fault)
{
    return decode_text(body, "level", level, fault);
}

int admin_decode_backup(struct span body, char name[ADMIN_NAME_BYTES + 1], struct fault *fault)
{
    return decode_text(body, "name", name, fault);
}

/* --- encode --------------------------------------------------------------------------------------------------------- */

static char *write_number(char *to, const char *name, uint64_t value)
{
    to = json_text_raw(to, name);
    return json_text_integer(to, (int64_t)value);
}

static char *write_flag(char *to, const char *name, bool value)
{
    to = json_text_raw(to, name);
    return json_text_raw(to, value ? "true" : "false");
}

static char *write_text(char *to, const char *name, const char *text)
{
    to = json_text_raw(to, name);
    return text[0] == '\0' ? json_text_raw(to, "null") : json_text_string(to, span_of_text(text));
}

#define SESSION_BYTES                                                                              \
    (512 + 8 * JSON_TEXT_NUMBER_BYTES + JSON_TEXT_STRING_BYTES(64) +                               \
     JSON_TEXT_STRING_BYTES(ADMIN_NAME_BYTES))

static int append_session(const struct admin_session *session, bool is_first, struct buf *out)
{
    char text[SESSION_BYTES];
    char *end = json_text_raw(text, is_first ? "" : ",");
    end = write_number(end, "{\"id\":", session->id);
    end = write_number(end, ",\"worker\":", session->worker);
    end = write_text(end, ",\"address\":", session->address);
    end = write_text(end, ",\"sub\":", session->subject);
    end = json_text_raw(end, ",\"expires\":");
    end = session->expires_s == INT64_MAX ? json_text_raw(end, "null")
                                          : json_text_integer(end, session->expires_s);
    end = write_number(end, ",\"follows\":", session->follows);
    end = write_flag(end, ",\"behind\":", session->is_behind);
    end = write_flag(end, ",\"full\":", session->is_full);
    end = write_number(end, ",\"superseded\":", session->superseded);
    end = write_number(end, ",\"queued_bytes\":", session->queued_bytes);
    end = write_number(end, ",\"faults\":", session->faults);
    end = write_number(end, ",\"quiet_ms\":", session->quiet_ms);
    end = json_text_raw(end, "}");
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

int admin_encode_sessions(const struct admin_session *sessions, size_t count, uint64_t total,
                          struct buf *out)
{
    size_t len_before = out->len;
    int err = buf_printf(out, "{\"total\":%llu,\"sessions\":[", (unsigned long long)total);
    for (size_t i = 0; i < count && err == 0; i++)
        err = append_session(&sessions[i], i == 0, out);
    if (err == 0)
        err = buf_append_text(out, "]}\n");
    if (err < 0)
        out->len = len_before;
    return err;
}

int admin_encode_revocation(const struct admin_revocation *revocation, int64_t at_s, bool is_first,
                            struct buf *out)
{
    static const char *const names[] = {
        [ADMIN_REVOKE_TOKEN] = "{\"jti\":",
        [ADMIN_REVOKE_SUBJECT] = "{\"sub\":",
        [ADMIN_REVOKE_BEFORE] = "{\"issued_before\":",
    };
    char text[64 + 2 * JSON_TEXT_NUMBER_BYTES + JSON_TEXT_STRING_BYTES(ADMIN_NAME_BYTES)];
    char *end = json_text_raw(text, is_first ? "" : ",");
    end = json_text_raw(end, names[revocation->kind]);
    if (revocation->kind == ADMIN_REVOKE_BEFORE) {
        end = json_text_integer(end, revocation->before_s);
    } else {
        end = json_text_string(end, span_of_text(revocation->name));
        end = json_text_raw(end, ",\"at\":");
        end = json_text_integer(end, at_s);
    }
    end = json_text_raw(end, "}");
    return buf_append(out, span_of(text, (size_t)(end - text)));
}
