#include "app/routes.h"

#include <string.h>

#include "app/server.h"
#include "app/shard.h"
#include "app/storage.h"
#include "app/v1_http.h"

#define TEXT "text/plain; charset=utf-8"

static const char home_page[] =
    "<!doctype html>\n"
    "<html lang=\"en\"><meta charset=\"utf-8\"><title>spectate</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<h1>spectate " SPECTATE_VERSION "</h1>\n"
    "<p>A live-location server for races. Runners publish positions, spectators follow runners, "
    "over WebSockets on any\n"
    "path of this address.</p>\n"
    "<pre>follow   {\"initialRequest\": true, \"following\": [7, 8]}\n"
    "publish  {\"userId\": 7, \"lat\": 48.8568, \"lng\": 2.2927}</pre>\n"
    "<ul><li><a href=\"/healthz\">/healthz</a>: the process is alive\n"
    "<li><a href=\"/readyz\">/readyz</a>: it takes connections\n"
    "<li><a href=\"/metrics\">/metrics</a>: Prometheus metrics</ul>\n"
    "</html>\n";

void route_answer_text(struct http_answer *answer, int status, const char *text)
{
    answer->status = status;
    answer->content_type = TEXT;
    answer->body = span_of_text(text);
}

void route_answer_json(struct http_answer *answer, int status, const struct buf *body)
{
    answer->status = status;
    answer->content_type = "application/json";
    answer->body = buf_span(body);
}

static void answer_home(struct shard *shard, struct http_answer *answer, struct buf *body)
{
    (void)shard;
    (void)body;
    answer->status = 200;
    answer->content_type = "text/html; charset=utf-8";
    answer->body = span_of_text(home_page);
    answer->extra_headers =
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "X-Frame-Options: DENY\r\n";
}

static void answer_health(struct shard *shard, struct http_answer *answer, struct buf *body)
{
    (void)shard;
    (void)body;
    route_answer_text(answer, 200, "alive\n");
}

/* What is live goes on whatever becomes of the disk: so connections are taken, but it is said. */
static void answer_ready_or_ill(struct shard *shard, struct http_answer *answer, struct buf *body)
{
    enum store_health health = STORE_WELL;
    if (shard->store != NULL)
        health = store_stats(shard->store).health;
    route_answer_text(answer, 200, "ready\n");
    if (health == STORE_WELL)
        return;
    const char *why = storage_health_text(health);
    if (buf_append(body, span_of_text("ready, but positions are not kept: ")) == 0 &&
        buf_append(body, span_of_text(why)) == 0 && buf_append(body, span_of_text("\n")) == 0)
        answer->body = buf_span(body);
}

static void answer_ready(struct shard *shard, struct http_answer *answer, struct buf *body)
{
    if (shard->drain_deadline_ms != 0)
        route_answer_text(answer, 503, "draining\n");
    else
        answer_ready_or_ill(shard, answer, body);
}

/* Each looks at every session of the worker: nobody needs them more often, and who asks all the time is no reason to stall. */
#define SCRAPES_PER_SECOND 200

static void answer_metrics(struct shard *shard, struct http_answer *answer, struct buf *body)
{
    if (shard->options->public_metrics == SWITCH_OFF) {
        route_answer_text(answer, 404, "not found; see /\n");
        return;
    }
    if (!rate_take(&shard->scrapes, SCRAPES_PER_SECOND, worker_now_ms(shard->worker))) {
        route_answer_text(answer, 503, "the metrics were asked for too often\n");
        return;
    }
    shard_refresh_metrics(shard);
    if (server_write_metrics(shard->server, body) < 0) {
        route_answer_text(answer, 503, "out of memory\n");
        return;
    }
    answer->status = 200;
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer->body = buf_span(body);
}

static const struct {
    const char *path;
    void (*answer)(struct shard *shard, struct http_answer *answer, struct buf *body);
} routes[] = {
    {"/", answer_home},
    {"/healthz", answer_health},
    {"/readyz", answer_ready},
    {"/metrics", answer_metrics},
};

bool route_is_readable_method(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum route_result answer(struct session *session, struct http_answer *out, struct buf *body)
{
    const struct http_reader *request = session->http;
    if (v1_http_is_path(http_path(request)))
        return v1_http_answer(session, out);
    if (!route_is_readable_method(http_method(request))) {
        route_answer_text(out, 405, "only GET and HEAD\n");
        return ROUTE_ANSWERED;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (span_equals(http_path(request), span_of_text(routes[i].path))) {
            routes[i].answer(session->shard, out, body);
            return ROUTE_ANSWERED;
        }
    }
    route_answer_text(out, 404, "not found; see /\n");
    return ROUTE_ANSWERED;
}

const struct routes public_routes = {
    .answer = answer, .takes_websockets = true, .takes_body = v1_http_takes_body};
