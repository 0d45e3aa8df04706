#include "app/v1_http_document.h"

#include "app/v1_http_reply.h"
#include "base/fault.h"

/* docs/openapi.yaml, made by tools/embed. */
extern const unsigned char openapi_yaml[];
extern const size_t openapi_yaml_len;

void v1_http_get_openapi(const struct v1_request *request)
{
    struct v1_reply reply = {.type = "application/yaml"};
    int err = buf_append(&reply.body, span_of(openapi_yaml, openapi_yaml_len));
    v1_reply_send_good(request->session, &reply, err);
}

/* The code came as an id does. */
void v1_http_get_problem(const struct v1_request *request)
{
    struct span asked = span_of(request->id.text, request->id.len);
    for (unsigned code = 0; code < FAULT_COUNT; code++) {
        if (!span_equals(asked, span_of_text(fault_name((enum fault_code)code))))
            continue;
        struct v1_reply reply = {.type = "text/plain; charset=utf-8"};
        int err = buf_printf(&reply.body, "%s: %s\n", fault_name((enum fault_code)code),
                             fault_text((enum fault_code)code));
        v1_reply_send_good(request->session, &reply, err);
        return;
    }
    v1_reply_not_found(request->session);
}
