/* TLS in memory: our server with clients of ours, and with some that do what ours never would. */
#include "net/tls.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"
#include "tests/lib/tls_pair.h"

static struct pki *pki;
static struct tls_tickets *tickets;
static struct tls_context *server;
static struct tls_context *client;
static struct tls_pair pair;

static struct tls_context *server_context(struct tls_server_options options)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    char cert[256];
    snprintf(cert, sizeof cert, "%s", pki_path(pki, "server.pem"));
    options.cert_file = cert;
    options.key_file = pki_path(pki, "server.key");
    options.tickets = tickets;
    struct tls_context *context = tls_context_new_server(&options, error);
    assert_non_null(context);
    return context;
}

static int set_up(void **state)
{
    (void)state;
    char error[TLS_CONTEXT_ERROR_BYTES];
    pki = pki_new("ca");
    pki_issue(pki, &(struct pki_wish){.file = "server",
                                      .name = "race",
                                      .alternatives = "DNS:localhost,IP:127.0.0.1"});
    tickets = tls_tickets_new();
    server = server_context((struct tls_server_options){0});
    client = tls_context_new_client(pki_path(pki, "ca.pem"), error);
    assert_non_null(client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_pair_close(&pair);
    tls_context_drop(&server);
    tls_context_drop(&client);
    tls_tickets_drop(&tickets);
    pki_free(&pki);
    pair = (struct tls_pair){0};
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void open_pair(void)
{
    tls_pair_open(&pair, server, client, "localhost");
}

static void open_secured_pair(void)
{
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.secured, 1);
    assert_int_equal(pair.client.secured, 1);
}

static void client_speaks(int lowest, int highest)
{
    SSL_CTX *ssl = tls_context_ssl(client);
    SSL_CTX_set_security_level(ssl, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(ssl, lowest), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ssl, highest), 1);
}

static void talk(void)
{
    tls_end_write(&pair.server, "from the server");
    tls_end_write(&pair.client, "from the client");
    tls_pair_run(&pair, 0);
    assert_true(tls_end_has(&pair.client, "from the server"));
    assert_true(tls_end_has(&pair.server, "from the client"));
}

/* --- handshake ------------------------------------------------------------------------------------------------------ */

TEST(a_handshake_leads_to_tls_1_3_and_both_are_heard)
{
    open_secured_pair();
    assert_int_equal(SSL_version(tls_ssl(pair.server.tls)), TLS1_3_VERSION);
    assert_false(tls_was_resumed(pair.server.tls));
    talk();
}

TEST(a_handshake_of_tls_1_2_is_forward_secret_and_aead)
{
    client_speaks(TLS1_2_VERSION, TLS1_2_VERSION);
    open_secured_pair();
    assert_string_equal(SSL_get_cipher(tls_ssl(pair.server.tls)), "ECDHE-ECDSA-AES128-GCM-SHA256");
    talk();
}

TEST(a_handshake_goes_well_however_its_bytes_arrive)
{
    for (size_t step = 1; step < 9; step++) {
        open_pair();
        tls_pair_run(&pair, step);
        assert_int_equal(pair.server.secured, 1);
        talk();
        tls_pair_close(&pair);
    }
    open_pair();
}

TEST(a_client_that_has_no_tls_1_2_is_refused)
{
    client_speaks(TLS1_1_VERSION, TLS1_1_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(tls_context_ssl(client), "ALL:@SECLEVEL=0"), 1);
    open_pair();
    tls_pair_run(&pair, 0);
    assert_true(pair.server.has_failed);
    assert_int_equal(pair.server.failure, TLS_FAILURE_nothing_shared);
    assert_int_equal(pair.client.failure, TLS_FAILURE_peer_alert);
}

TEST(a_client_with_old_ciphers_only_is_refused)
{
    client_speaks(TLS1_2_VERSION, TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(tls_context_ssl(client),
                                             "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256"),
                     1);
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.failure, TLS_FAILURE_nothing_shared);
}

TEST(a_client_that_wants_chacha_first_gets_it)
{
    assert_int_equal(
        SSL_CTX_set_ciphersuites(tls_context_ssl(client),
                                 "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"),
        1);
    open_secured_pair();
    assert_string_equal(SSL_get_cipher(tls_ssl(pair.server.tls)), "TLS_CHACHA20_POLY1305_SHA256");
}

TEST(otherwise_the_server_chooses_what_is_cheapest)
{
    assert_int_equal(SSL_CTX_set_ciphersuites(tls_context_ssl(client),
                                              "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"),
                     1);
    open_secured_pair();
    assert_string_equal(SSL_get_cipher(tls_ssl(pair.server.tls)), "TLS_AES_128_GCM_SHA256");
}

static void client_offers(const char *protocols)
{
    assert_int_equal(SSL_CTX_set_alpn_protos(tls_context_ssl(client),
                                             (const unsigned char *)protocols,
                                             (unsigned)strlen(protocols)),
                     0);
}

TEST(of_the_protocols_that_a_client_offers_http_1_1_is_taken)
{
    const unsigned char *chosen;
    unsigned len;
    client_offers("\x02h2\x08http/1.1");
    open_secured_pair();
    SSL_get0_alpn_selected(tls_ssl(pair.client.tls), &chosen, &len);
    assert_true(span_equals(span_of(chosen, len), span_of_text("http/1.1")));
}

TEST(a_client_that_offers_other_protocols_only_is_told_so)
{
    client_offers("\x02h2\x03"
                  "dot");
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.failure, TLS_FAILURE_nothing_shared);
    assert_int_equal(pair.client.failure, TLS_FAILURE_peer_alert);
    assert_non_null(strstr(pair.client.reason, "no application protocol"));
}

TEST(a_client_that_offers_no_protocol_is_fine)
{
    client_offers("");
    open_secured_pair();
}

/* --- who is it ------------------------------------------------------------------------------------------------------ */

static void client_shows(struct pki *from, const char *cert, const char *key)
{
    SSL_CTX *ssl = tls_context_ssl(client);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(ssl, pki_path(from, cert)), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ssl, pki_path(from, key), SSL_FILETYPE_PEM), 1);
}

static void server_asks_for_certificates(void)
{
    tls_context_drop(&server);
    server = server_context((struct tls_server_options){.client_ca_file = pki_path(pki, "ca.pem")});
}

TEST(a_client_refuses_a_server_of_another_name)
{
    tls_pair_open(&pair, server, client, "elsewhere");
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.failure, TLS_FAILURE_bad_certificate);
    assert_string_equal(pair.client.reason, "hostname mismatch");
    assert_int_equal(pair.server.failure, TLS_FAILURE_peer_alert);
}

TEST(a_client_finds_an_address_in_the_certificate)
{
    tls_pair_open(&pair, server, client, "127.0.0.1");
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.secured, 1);
}

TEST(a_client_refuses_a_server_that_nobody_it_trusts_vouches_for)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    struct pki *other = pki_new("other");
    tls_context_drop(&client);
    client = tls_context_new_client(pki_path(other, "other.pem"), error);
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.failure, TLS_FAILURE_bad_certificate);
    pki_free(&other);
}

TEST(a_clients_certificate_names_it)
{
    pki_issue(pki, &(struct pki_wish){.file = "ann", .name = "ann"});
    server_asks_for_certificates();
    client_shows(pki, "ann.pem", "ann.key");
    open_secured_pair();
    char *name = tls_peer_name(pair.server.tls);
    assert_string_equal(name, "ann");
    mem_free(name);
    talk();
}

TEST(a_client_without_a_certificate_is_nobody_and_welcome)
{
    server_asks_for_certificates();
    open_secured_pair();
    assert_null(tls_peer_name(pair.server.tls));
}

TEST(a_certificate_that_was_not_asked_for_is_not_looked_at)
{
    pki_issue(pki, &(struct pki_wish){.file = "ann", .name = "ann"});
    client_shows(pki, "ann.pem", "ann.key");
    open_secured_pair();
    assert_null(tls_peer_name(pair.server.tls));
}

TEST(a_clients_certificate_of_another_authority_is_refused)
{
    struct pki *other = pki_new("other");
    pki_issue(other, &(struct pki_wish){.file = "eve", .name = "eve"});
    server_asks_for_certificates();
    client_shows(other, "eve.pem", "eve.key");
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.failure, TLS_FAILURE_bad_certificate);
    assert_int_equal(pair.client.failure, TLS_FAILURE_peer_alert);
    pki_free(&other);
}

TEST(a_clients_certificate_that_has_run_out_is_refused)
{
    pki_issue(pki, &(struct pki_wish){.file = "old", .name = "old", .days = -2});
    server_asks_for_certificates();
    client_shows(pki, "old.pem", "old.key");
    open_pair();
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.failure, TLS_FAILURE_bad_certificate);
    assert_string_equal(pair.server.reason, "certificate has expired");
}

/* --- tickets -------------------------------------------------------------------------------------------------------- */

static SSL_SESSION *ticket;

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(ticket);
    ticket = session;
    return 1;
}

static void client_keeps_its_ticket(void)
{
    SSL_CTX_set_session_cache_mode(tls_context_ssl(client),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls_context_ssl(client), on_new_session);
}

/* Again, with the ticket; true when the handshake was a short one. (OpenSSL spoils the ticket of who leaves without goodbye.) */
static bool comes_back(void)
{
    tls_say_goodbye(pair.client.tls);
    tls_pair_close(&pair);
    open_pair();
    assert_non_null(ticket);
    SSL_set_session(tls_ssl(pair.client.tls), ticket);
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.server.secured, 1);
    talk();
    return tls_was_resumed(pair.server.tls);
}

static void forget_ticket(void)
{
    SSL_SESSION_free(ticket);
    ticket = NULL;
}

static void get_ticket(int version)
{
    client_keeps_its_ticket();
    client_speaks(version, version);
    open_secured_pair();
}

TEST(who_comes_back_with_a_ticket_is_spared_the_full_handshake)
{
    get_ticket(TLS1_3_VERSION);
    assert_true(comes_back());
    assert_true(comes_back());
    forget_ticket();
}

TEST(that_is_so_in_tls_1_2_too)
{
    get_ticket(TLS1_2_VERSION);
    assert_true(comes_back());
    assert_true(comes_back());
    forget_ticket();
}

TEST(a_ticket_is_good_after_the_certificate_was_exchanged)
{
    get_ticket(TLS1_3_VERSION);
    pki_issue(pki,
              &(struct pki_wish){.file = "server", .name = "new", .alternatives = "DNS:localhost"});
    tls_context_drop(&server);
    server = server_context((struct tls_server_options){0});
    assert_true(comes_back());
    forget_ticket();
}

TEST(a_ticket_of_other_keys_leads_to_a_full_handshake)
{
    get_ticket(TLS1_3_VERSION);
    tls_context_drop(&server);
    tls_tickets_drop(&tickets);
    tickets = tls_tickets_new();
    server = server_context((struct tls_server_options){0});
    assert_false(comes_back());
    assert_true(comes_back());
    forget_ticket();
}

TEST(who_is_resumed_is_still_who_its_certificate_says)
{
    pki_issue(pki, &(struct pki_wish){.file = "ann", .name = "ann"});
    server_asks_for_certificates();
    client_shows(pki, "ann.pem", "ann.key");
    get_ticket(TLS1_3_VERSION);
    assert_true(comes_back());
    char *name = tls_peer_name(pair.server.tls);
    assert_string_equal(name, "ann");
    mem_free(name);
    forget_ticket();
}

TEST(a_ticket_does_not_outlive_the_authority_that_vouched_for_its_bearer)
{
    struct pki *other = pki_new("other");
    get_ticket(TLS1_3_VERSION);
    tls_context_drop(&server);
    server =
        server_context((struct tls_server_options){.client_ca_file = pki_path(other, "other.pem")});
    assert_false(comes_back());
    forget_ticket();
    pki_free(&other);
}

/* --- data ----------------------------------------------------------------------------------------------------------- */

TEST(records_are_read_however_they_are_cut)
{
    size_t len = 1;
    for (size_t cut = 0; cut <= len; cut++) {
        open_secured_pair();
        tls_end_write(&pair.client, "one");
        tls_end_write(&pair.client, "two");
        len = pair.server.inbox.len;
        tls_end_take(&pair.server, cut);
        tls_pair_run(&pair, 0);
        assert_true(tls_end_has(&pair.server, "onetwo"));
        tls_pair_close(&pair);
    }
    open_pair();
}

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = mem_must(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 131 + i / 251);
    return bytes;
}

TEST(a_record_holds_16_KiB_and_no_more)
{
    uint8_t *bytes = pattern(20000);
    open_secured_pair();
    assert_int_equal(tls_end_write_bytes(&pair.server, bytes, 20000), TLS_RECORD_BYTES);
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.pieces, 1);
    assert_int_equal(pair.client.got.len, TLS_RECORD_BYTES);
    assert_memory_equal(pair.client.got.data, bytes, TLS_RECORD_BYTES);
    mem_free(bytes);
}

TEST(spans_are_one_record)
{
    struct span spans[] = {span_of_text("one"), span_of(NULL, 0), span_of_text("two"),
                           span_of_text("three")};
    open_secured_pair();
    assert_int_equal(tls_write(pair.server.tls, spans, 4), 11);
    tls_end_answer(&pair.server);
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.pieces, 1);
    assert_true(tls_end_has(&pair.client, "onetwothree"));
}

TEST(spans_are_cut_at_the_size_of_a_record)
{
    uint8_t *bytes = pattern(20000);
    struct span spans[] = {span_of(bytes, 10000), span_of(bytes + 10000, 10000)};
    open_secured_pair();
    assert_int_equal(tls_write(pair.server.tls, spans, 2), TLS_RECORD_BYTES);
    tls_end_answer(&pair.server);
    tls_pair_run(&pair, 0);
    assert_memory_equal(pair.client.got.data, bytes, TLS_RECORD_BYTES);
    mem_free(bytes);
}

static void count_key_updates(int is_sent, int version, int type, const void *message, size_t len,
                              SSL *ssl, void *count)
{
    (void)version, (void)ssl;
    if (is_sent != 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
        *(const uint8_t *)message == SSL3_MT_KEY_UPDATE)
        ++*(int *)count;
}

static void server_counts_key_updates(int *count)
{
    SSL_set_msg_callback(tls_ssl(pair.server.tls), count_key_updates);
    SSL_set_msg_callback_arg(tls_ssl(pair.server.tls), count);
}

TEST(the_key_is_updated_when_it_has_served_for_so_many_records)
{
    tls_context_drop(&server);
    server = server_context((struct tls_server_options){.records_per_key = 3});
    open_secured_pair();
    int updates = 0;
    server_counts_key_updates(&updates);
    for (int i = 0; i < 10; i++)
        tls_end_write(&pair.server, "x");
    tls_pair_run(&pair, 0);
    assert_int_equal(updates, 3);
    assert_true(tls_end_has(&pair.client, "xxxxxxxxxx"));
    assert_false(pair.client.has_failed);
}

TEST(a_peer_that_updates_its_key_and_asks_for_ours_gets_both)
{
    int updates = 0;
    open_secured_pair();
    server_counts_key_updates(&updates);
    assert_int_equal(SSL_key_update(tls_ssl(pair.client.tls), SSL_KEY_UPDATE_REQUESTED), 1);
    tls_end_write(&pair.client, "new key");
    tls_end_take(&pair.server, pair.server.inbox.len);
    assert_true(tls_end_has(&pair.server, "new key"));
    tls_end_write(&pair.server, "so do we");
    assert_int_equal(updates, 1);
    tls_pair_run(&pair, 0);
    assert_true(tls_end_has(&pair.client, "so do we"));
}

TEST(a_renegotiation_is_refused_and_the_connection_goes_on)
{
    SSL_CTX_clear_options(tls_context_ssl(client), SSL_OP_NO_RENEGOTIATION);
    client_speaks(TLS1_2_VERSION, TLS1_2_VERSION);
    open_secured_pair();
    SSL *ssl = tls_ssl(pair.client.tls);
    tls_io_begin(pair.client.io, span_of(NULL, 0));
    assert_int_equal(SSL_renegotiate(ssl), 1);
    SSL_do_handshake(ssl);
    tls_end_answer(&pair.client);
    assert_true(pair.server.inbox.len > 0);
    tls_end_take(&pair.server, pair.server.inbox.len);
    assert_false(pair.server.has_failed);
    assert_int_equal(pair.server.secured, 1);
    tls_pair_run(&pair, 0);
    assert_true(pair.client.has_failed); /* it was told no_renegotiation */
}

/* --- ends and attacks ----------------------------------------------------------------------------------------------- */

TEST(goodbye_is_heard_and_said_once)
{
    open_secured_pair();
    tls_end_write(&pair.server, "bye");
    tls_say_goodbye(pair.server.tls);
    tls_end_answer(&pair.server);
    tls_say_goodbye(pair.server.tls);
    assert_int_equal(tls_answer(pair.server.tls).len, 0);
    tls_pair_run(&pair, 0);
    assert_true(tls_end_has(&pair.client, "bye"));
    assert_true(pair.client.has_ended);
    assert_false(pair.client.has_failed);
}

TEST(after_the_peers_goodbye_there_can_still_be_written)
{
    open_secured_pair();
    tls_say_goodbye(pair.client.tls);
    tls_end_answer(&pair.client);
    tls_end_take(&pair.server, pair.server.inbox.len);
    assert_true(pair.server.has_ended);
    tls_end_write(&pair.server, "one more thing");
    tls_pair_run(&pair, 0);
    assert_true(tls_end_has(&pair.client, "one more thing"));
}

TEST(before_the_handshake_is_done_there_is_nobody_to_say_goodbye_to)
{
    open_pair();
    tls_say_goodbye(pair.server.tls);
    assert_int_equal(tls_answer(pair.server.tls).len, 0);
    tls_end_take(&pair.client, 0);
    tls_end_take(&pair.server, pair.server.inbox.len / 2);
    tls_say_goodbye(pair.server.tls);
    assert_int_equal(tls_answer(pair.server.tls).len, 0);
}

TEST(a_record_that_is_cut_short_gives_nothing)
{
    open_secured_pair();
    tls_end_write(&pair.client, "cut");
    tls_end_take(&pair.server, pair.server.inbox.len - 1);
    assert_int_equal(pair.server.got.len, 0);
    assert_false(pair.server.has_ended);
    assert_false(pair.server.has_failed);
}

TEST(garbage_is_refused)
{
    static const struct span garbage[] = {
        {(const uint8_t *)"\x16\x03\x01\x00\x05hello", 10},
        {(const uint8_t *)"\x16\x03\x01\xff\xff\x01", 6},
        {(const uint8_t *)"\x17\x03\x03\x00\x01\x01", 6},
        {(const uint8_t *)"SSH-2.0-OpenSSH_9.2\r\n", 21},
        {(const uint8_t *)"\x80\x2e\x01\x03\x01 the beginning of a greeting by SSL 2.0 ..", 48},
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        open_pair();
        assert_int_equal(buf_append(&pair.server.inbox, garbage[i]), 0);
        tls_end_take(&pair.server, garbage[i].len);
        assert_true(pair.server.has_failed);
        assert_int_not_equal(pair.server.failure, TLS_FAILURE_plain_http);
        tls_pair_close(&pair);
    }
    open_pair();
}

TEST(a_record_that_was_changed_is_refused)
{
    open_secured_pair();
    tls_end_write(&pair.client, "changed");
    pair.server.inbox.data[8] ^= 1;
    tls_end_take(&pair.server, pair.server.inbox.len);
    assert_int_equal(pair.server.failure, TLS_FAILURE_bad_bytes);
    assert_int_equal(pair.server.got.len, 0);
    tls_pair_run(&pair, 0);
    assert_int_equal(pair.client.failure, TLS_FAILURE_peer_alert);
}

TEST(http_without_tls_is_answered_so)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    open_pair();
    for (size_t i = 0; i < sizeof request - 1 && !pair.server.has_failed; i++) {
        assert_int_equal(buf_append(&pair.server.inbox, span_of(request + i, 1)), 0);
        tls_end_take(&pair.server, 1);
    }
    assert_int_equal(pair.server.failure, TLS_FAILURE_plain_http);
    assert_int_equal(buf_append(&pair.client.inbox, span_of("", 1)), 0);
    const char *answer = (const char *)pair.client.inbox.data;
    assert_memory_equal(answer, "HTTP/1.1 400 Bad Request\r\n", 26);
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 43);
}
