/*
 * What TLS adds: to a delivery, to a large write, to a connection. Both ends are in the process and speak through memory; keys
 * are P-256, the cipher is AES-128-GCM in TLS 1.3.
 */
#include <openssl/ssl.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "bench/lib/bench.h"
#include "bench/lib/loopback.h"
#include "proto/seed.h"
#include "tests/lib/pki.h"
#include "tests/lib/tls_pair.h"

struct scene {
    struct pki *pki;
    struct tls_tickets *tickets;
    struct tls_context *server;
    struct tls_context *client;
    struct tls_pair pair; /* its handshake is done */
    SSL_SESSION *ticket;  /* owned; the newest */
    struct loopback *loopback;
    struct buf frame;
    uint8_t much[TLS_RECORD_BYTES];
    uint8_t copy[TLS_RECORD_BYTES];
};

static struct scene *of_ticket; /* OpenSSL's callback knows no context of ours */

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(of_ticket->ticket);
    of_ticket->ticket = session;
    return 1;
}

static void load_contexts(struct scene *scene)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    pki_issue(scene->pki, &(struct pki_wish){.file = "server", .alternatives = "DNS:localhost"});
    struct tls_server_options options = {
        .cert_file = pki_path(scene->pki, "server.pem"),
        .key_file = pki_path(scene->pki, "server.key"),
        .tickets = scene->tickets,
    };
    scene->server = tls_context_new_server(&options, error);
    scene->client = tls_context_new_client(pki_path(scene->pki, "ca.pem"), error);
    CHECK(scene->server != NULL && scene->client != NULL);
    SSL_CTX *ssl = tls_context_ssl(scene->client);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, on_ticket);
}

/* With the newest ticket, or without. */
static void shake_hands(struct scene *scene, struct tls_pair *pair, bool is_resumed)
{
    tls_pair_open(pair, scene->server, scene->client, "localhost");
    if (is_resumed)
        CHECK(SSL_set_session(tls_ssl(pair->client.tls), scene->ticket) == 1);
    tls_pair_run(pair, 0);
    CHECK(tls_was_resumed(pair->server.tls) == is_resumed);
}

static void *scene_setup(const void *shape)
{
    struct scene *scene = mem_must(sizeof *scene);
    struct position position = bench_position(0, 0);
    (void)shape;
    of_ticket = scene;
    scene->pki = pki_new("ca");
    scene->tickets = tls_tickets_new();
    load_contexts(scene);
    shake_hands(scene, &scene->pair, false);
    scene->loopback = loopback_open();
    CHECK(seed_encode_frame(&position, &scene->frame) == 0);
    return scene;
}

/* OpenSSL spoils the ticket of who leaves without goodbye. */
static void leave(struct tls_pair *pair)
{
    tls_say_goodbye(pair->client.tls);
    tls_pair_close(pair);
}

static void scene_teardown(void *bench)
{
    struct scene *scene = bench;
    leave(&scene->pair);
    SSL_SESSION_free(scene->ticket);
    loopback_close(scene->loopback);
    buf_fini(&scene->frame);
    tls_context_drop(&scene->server);
    tls_context_drop(&scene->client);
    tls_tickets_drop(&scene->tickets);
    pki_free(&scene->pki);
    mem_free(scene);
}

/* --- what is counted ------------------------------------------------------------------------------------------------ */

static uint64_t deliver_run(void *bench, uint64_t rounds)
{
    struct scene *scene = bench;
    struct span frame = buf_span(&scene->frame);
    struct tls *tls = scene->pair.server.tls;
    for (uint64_t i = 0; i < rounds; i++) {
        CHECK(tls_write(tls, &frame, 1) == (int)frame.len);
        loopback_send(scene->loopback, tls_answer(tls));
    }
    return rounds;
}

static uint64_t send_run(void *bench, uint64_t rounds)
{
    struct scene *scene = bench;
    for (uint64_t i = 0; i < rounds; i++)
        loopback_send(scene->loopback, buf_span(&scene->frame));
    return rounds;
}

static uint64_t record_run(void *bench, uint64_t rounds)
{
    struct scene *scene = bench;
    struct span much = span_of(scene->much, sizeof scene->much);
    for (uint64_t i = 0; i < rounds; i++)
        CHECK(tls_write(scene->pair.server.tls, &much, 1) == TLS_RECORD_BYTES);
    return rounds;
}

static uint64_t copy_run(void *bench, uint64_t rounds)
{
    struct scene *scene = bench;
    for (uint64_t i = 0; i < rounds; i++) {
        memcpy(scene->copy, scene->much, sizeof scene->copy);
        bench_touch(scene->copy);
    }
    return rounds;
}

static uint64_t connect_often(struct scene *scene, uint64_t rounds, bool is_resumed)
{
    for (uint64_t i = 0; i < rounds; i++) {
        struct tls_pair pair;
        shake_hands(scene, &pair, is_resumed);
        leave(&pair);
    }
    return rounds;
}

static uint64_t full_run(void *bench, uint64_t rounds)
{
    return connect_often(bench, rounds, false);
}

static uint64_t resume_run(void *bench, uint64_t rounds)
{
    return connect_often(bench, rounds, true);
}

/* -------------------------------------------------------------------------------------------------------------------- */

#define TLS(case_name, operation_of, rounds_of, run_of)                                            \
    .name = case_name, .operation = operation_of, .rounds = rounds_of, .setup = scene_setup,       \
    .teardown = scene_teardown, .run = run_of

static const struct bench_case cases[] = {
    {TLS("tls.deliver", "a position as a record, sent", 5000, deliver_run), .peer_name = "send()",
     .peer = send_run},
    {TLS("tls.record_16k", "a record of 16 KiB", 300, record_run), .peer_name = "memcpy()",
     .peer = copy_run},
    {TLS("tls.resume", "a handshake by a ticket, both sides", 20, resume_run), .peer_name = "full",
     .peer = full_run},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
