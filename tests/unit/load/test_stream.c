/* The streams of the load generator, over a socketpair, with OpenSSL itself as the server. */
#include "bench/load/stream.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/pki.h"
#include "tests/lib/test.h"

#define LARGE_BYTES (1U << 20)

static struct pki *pki;
static SSL_CTX *server_context;
static SSL_CTX *client_context;
static SSL *server; /* the other end, when there is TLS */
static int other;   /* its descriptor */
static struct stream stream;

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    pki = pki_new("ca");
    pki_issue(pki, &(struct pki_wish){.file = "server", .name = "race"});
    server_context = SSL_CTX_new(TLS_server_method());
    client_context = stream_context_new();
    return SSL_CTX_use_certificate_file(server_context, pki_path(pki, "server.pem"),
                                        SSL_FILETYPE_PEM) == 1 &&
                   SSL_CTX_use_PrivateKey_file(server_context, pki_path(pki, "server.key"),
                                               SSL_FILETYPE_PEM) == 1
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    SSL_free(server);
    server = NULL;
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    pki_free(&pki);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static void open_stream(SSL_CTX *context)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    other = ends[1];
    stream_open(&stream, ends[0], context);
}

static void open_over_tls(void)
{
    open_stream(client_context);
    server = SSL_new(server_context);
    assert_int_equal(SSL_set_fd(server, other), 1);
    SSL_set_accept_state(server);
}

static void close_both(void)
{
    stream_close(&stream);
    close(other);
}

/* Nothing is to be had, or taken, now. */
static void expect_again(ssize_t result)
{
    assert_int_equal(result, -1);
    assert_int_equal(errno, EAGAIN);
}

static void expect_error(ssize_t result, int error)
{
    assert_int_equal(result, -1);
    assert_int_equal(errno, error);
}

static void expect_read(const char *text)
{
    char bytes[64];
    assert_int_equal(stream_read(&stream, bytes, sizeof bytes), strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

/* Both ends in turn, until hands are shaken. */
static void shake_hands(void)
{
    char byte;
    for (int turns = 0; !SSL_is_init_finished(server) || !SSL_is_init_finished(stream.tls);) {
        assert_true(turns++ < 10);
        expect_again(stream_read(&stream, &byte, 1));
        SSL_do_handshake(server);
    }
}

TEST(a_plain_stream_passes_bytes_as_they_are)
{
    char bytes[16];
    open_stream(NULL);
    assert_int_equal(stream_add(&stream, "position", 8), 8);
    assert_int_equal(recv(other, bytes, sizeof bytes, 0), 8);
    assert_memory_equal(bytes, "position", 8);
    assert_int_equal(send(other, "answer", 6, 0), 6);
    expect_read("answer");
    assert_false(stream_has_more(&stream));
    assert_false(stream_listens(&stream));
    close_both();
}

TEST(a_plain_stream_says_when_nothing_is_there_and_when_it_ended)
{
    char byte;
    open_stream(NULL);
    expect_again(stream_read(&stream, &byte, 1));
    close(other);
    assert_int_equal(stream_read(&stream, &byte, 1), 0);
    expect_error(stream_add(&stream, "x", 1), EPIPE);
    stream_close(&stream);
}

TEST(the_first_write_shakes_hands_and_listens_until_it_is_answered)
{
    char bytes[16];
    open_over_tls();
    expect_again(stream_add(&stream, "position", 8));
    assert_true(stream_listens(&stream));
    SSL_do_handshake(server);
    assert_int_equal(stream_add(&stream, "position", 8), 8);
    assert_false(stream_listens(&stream));
    assert_int_equal(SSL_read(server, bytes, sizeof bytes), 8);
    assert_memory_equal(bytes, "position", 8);
    assert_string_equal(SSL_get_version(server), "TLSv1.3");
    close_both();
}

TEST(the_first_reads_shake_hands_as_well)
{
    open_over_tls();
    shake_hands();
    assert_int_equal(SSL_write(server, "answer", 6), 6);
    expect_read("answer");
    close_both();
}

TEST(the_rest_of_a_record_waits_though_the_descriptor_is_not_ready)
{
    char bytes[6];
    open_over_tls();
    shake_hands();
    assert_int_equal(SSL_write(server, "positions", 9), 9);
    assert_int_equal(stream_read(&stream, bytes, 6), 6);
    assert_true(stream_has_more(&stream));
    expect_again(recv(stream.fd, bytes, 1, MSG_PEEK));
    expect_read("ons");
    assert_false(stream_has_more(&stream));
    expect_again(stream_read(&stream, bytes, 6));
    close_both();
}

/* Take what has come; returns how many bytes. They must be as counted from `from` on. */
static size_t take_counted(size_t from)
{
    unsigned char bytes[4096];
    size_t taken = 0;
    for (int got; (got = SSL_read(server, bytes, sizeof bytes)) > 0; taken += (size_t)got)
        for (size_t i = 0; i < (size_t)got; i++)
            assert_int_equal(bytes[i], (unsigned char)((from + taken + i) % 251));
    return taken;
}

/* As the buffer of a peer does it: what was taken goes, and the rest is offered from where it then lies. */
TEST(what_the_socket_does_not_take_is_offered_again_from_elsewhere)
{
    unsigned char bytes[2][LARGE_BYTES];
    size_t sent = 0, received = 0;
    int refused = 0;
    for (size_t i = 0; i < LARGE_BYTES; i++)
        bytes[0][i] = (unsigned char)(i % 251);
    memcpy(bytes[1], bytes[0], LARGE_BYTES);
    open_over_tls();
    shake_hands();
    while (sent < LARGE_BYTES) {
        ssize_t taken = stream_add(&stream, bytes[refused % 2] + sent, LARGE_BYTES - sent);
        if (taken < 0) {
            expect_again(taken);
            assert_false(stream_listens(&stream));
            refused++;
            received += take_counted(received);
        } else {
            sent += (size_t)taken;
        }
    }
    received += take_counted(received);
    assert_int_equal(received, LARGE_BYTES);
    assert_true(refused > 0);
    close_both();
}

TEST(a_goodbye_is_the_end)
{
    char byte;
    open_over_tls();
    shake_hands();
    SSL_shutdown(server);
    assert_int_equal(stream_read(&stream, &byte, 1), 0);
    close_both();
}

TEST(an_end_without_a_goodbye_is_an_error)
{
    char byte;
    open_over_tls();
    shake_hands();
    close(other);
    expect_error(stream_read(&stream, &byte, 1), EPROTO);
    stream_close(&stream);
}

TEST(a_server_that_does_not_speak_tls_is_an_error)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char byte;
    open_over_tls();
    expect_again(stream_add(&stream, "x", 1));
    assert_int_equal(send(other, answer, sizeof answer - 1, 0), sizeof answer - 1);
    expect_error(stream_read(&stream, &byte, 1), EPROTO);
    close_both();
}

TEST(a_server_that_speaks_only_tls_1_2_is_an_error)
{
    char byte;
    assert_int_equal(SSL_CTX_set_max_proto_version(server_context, TLS1_2_VERSION), 1);
    open_over_tls();
    expect_again(stream_add(&stream, "x", 1));
    SSL_do_handshake(server);
    expect_error(stream_read(&stream, &byte, 1), EPROTO);
    close_both();
}

TEST(a_stream_may_be_closed_before_hands_are_shaken)
{
    char byte;
    open_over_tls();
    expect_again(stream_add(&stream, "x", 1));
    stream_close(&stream);
    assert_null(stream.tls);
    while (recv(other, &byte, 1, 0) == 1)
        ;
    assert_int_equal(recv(other, &byte, 1, 0), 0);
    close(other);
}
