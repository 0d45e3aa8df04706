#include "proto/problem.h"

#include "proto/id_json.h"
#include "proto/json_text.h"

/* What is not here is the fault of what was sent: 400. */
static const struct {
    enum fault_code code;
    int status;
} statuses[] = {
    {FAULT_token_required, 401},
    {FAULT_bad_token, 401},
    {FAULT_token_expired, 401},
    {FAULT_token_revoked, 401},
    {FAULT_not_allowed, 403},
    {FAULT_origin_refused, 403},
    {FAULT_not_found, 404},
    {FAULT_bad_method, 405},
    {FAULT_not_acceptable, 406},
    {FAULT_body_refused, 413},
    {FAULT_too_many_positions, 413},
    {FAULT_bad_media_type, 415},
    {FAULT_too_many_messages, 429},
    {FAULT_too_many_messages_per_address, 429},
    {FAULT_too_many_failed_tokens, 429},
    {FAULT_too_many_sessions_per_token, 429},
    {FAULT_not_kept, 501},
    {FAULT_keys_missing, 503},
    {FAULT_not_stored, 503},
    {FAULT_store_busy, 503},
    {FAULT_too_many_runners, 503},
    {FAULT_out_of_memory, 503},
};

int problem_status(enum fault_code code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].code == code)
            return statuses[i].status;
    return 400;
}

static int append_ids(const struct problem *problem, struct buf *out)
{
    if (problem->id_count == 0)
        return 0;
    int err = buf_append_text(out, ",\"ids\":[");
    if (err == 0)
        err = id_json_append_list(problem->ids, problem->id_count, out);
    return err == 0 ? buf_append_text(out, "]") : err;
}

int problem_encode(const struct problem *problem, struct buf *out)
{
    char detail[JSON_TEXT_STRING_BYTES(FAULT_MESSAGE_BYTES)];
    const char *code = fault_name(problem->fault->code);
    int len = (int)(json_text_string(detail, span_of_text(problem->fault->message)) - detail);
    size_t len_before = out->len;
    int err =
        buf_printf(out,
                   "{\"type\":\"" PROBLEM_PATH "%s\",\"title\":\"%s\",\"status\":%d,"
                   "\"detail\":%.*s,\"code\":\"%s\"",
                   code, fault_text(problem->fault->code), problem->status, len, detail, code);
    if (err == 0)
        err = append_ids(problem, out);
    if (err == 0 && problem->index != PROBLEM_NO_INDEX)
        err = buf_printf(out, ",\"index\":%zu", problem->index);
    if (err == 0)
        err = buf_append_text(out, "}");
    if (err < 0)
        out->len = len_before;
    return err;
}
