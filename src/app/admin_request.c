#include "app/admin_request.h"

enum route_result admin_say(const struct admin_request *request, int status, const char *text)
{
    route_answer_text(request->answer, status, text);
    return ROUTE_ANSWERED;
}

enum route_result admin_say_fault(const struct admin_request *request, int status,
                                  const struct fault *fault)
{
    request->body->len = 0;
    if (buf_printf(request->body, "%s: %s\n", fault_name(fault->code), fault->message) < 0)
        return admin_say(request, 503, "out of memory\n");
    request->answer->status = status;
    request->answer->content_type = "text/plain; charset=utf-8";
    request->answer->body = buf_span(request->body);
    return ROUTE_ANSWERED;
}

enum route_result admin_say_json(const struct admin_request *request, int err)
{
    if (err < 0)
        return admin_say(request, 503, "out of memory\n");
    route_answer_json(request->answer, 200, request->body);
    return ROUTE_ANSWERED;
}

const struct http_reader *admin_head(const struct admin_request *request)
{
    return request->session->http;
}
