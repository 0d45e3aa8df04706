/*
 * What an idle connection holds. OpenSSL's own allocations are counted, so this says it of the OpenSSL that is linked; the bound
 * is what tells a connection without buffers (14 KB with OpenSSL 3.0) from one that keeps its record buffer of 16 KiB.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"
#include "tests/lib/tls_pair.h"

#define PAIRS 20
#define MOST_BYTES 20000

static size_t held_bytes;

struct counted {
    size_t bytes;
    size_t padding; /* what follows is aligned as malloc() does it */
};

static void *counted_alloc(size_t bytes, const char *file, int line)
{
    (void)file, (void)line;
    struct counted *it = bytes == 0 ? NULL : malloc(sizeof *it + bytes);
    if (it == NULL)
        return NULL;
    it->bytes = bytes;
    held_bytes += bytes;
    return it + 1;
}

static void counted_free(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    if (memory == NULL)
        return;
    struct counted *it = (struct counted *)memory - 1;
    held_bytes -= it->bytes;
    free(it);
}

static void *counted_resize(void *memory, size_t bytes, const char *file, int line)
{
    void *resized = counted_alloc(bytes, file, line);
    if (memory != NULL && resized != NULL) {
        size_t before = ((struct counted *)memory - 1)->bytes;
        memcpy(resized, memory, before < bytes ? before : bytes);
    }
    if (resized != NULL || bytes == 0)
        counted_free(memory, file, line);
    return resized;
}

/* Before OpenSSL allocates anything. */
__attribute__((constructor)) static void count_from_the_start(void)
{
    if (CRYPTO_set_mem_functions(counted_alloc, counted_resize, counted_free) != 1)
        abort();
}

static void expect_little(struct tls_pair pairs[PAIRS])
{
    size_t with_servers = held_bytes;
    for (int i = 0; i < PAIRS; i++)
        tls_free(&pairs[i].server.tls);
    size_t each = (with_servers - held_bytes) / PAIRS;
    print_message("# %zu bytes for each idle connection\n", each);
    assert_in_range(each, 1000, MOST_BYTES);
}

TEST(an_idle_connection_holds_no_buffer)
{
    static struct tls_pair pairs[PAIRS];
    char error[TLS_CONTEXT_ERROR_BYTES];
    struct pki *pki = pki_new("ca");
    struct tls_tickets *tickets = tls_tickets_new();
    pki_issue(pki, &(struct pki_wish){.file = "server", .alternatives = "DNS:localhost"});
    struct tls_server_options options = {.cert_file = pki_path(pki, "server.pem"),
                                         .key_file = pki_path(pki, "server.key"),
                                         .tickets = tickets};
    struct tls_context *server = tls_context_new_server(&options, error);
    struct tls_context *client = tls_context_new_client(pki_path(pki, "ca.pem"), error);
    for (int i = 0; i < PAIRS; i++) {
        tls_pair_open(&pairs[i], server, client, "localhost");
        tls_pair_run(&pairs[i], 0);
        tls_end_write(&pairs[i].server, "hello");
        tls_end_write(&pairs[i].client, "hello");
        tls_pair_run(&pairs[i], 0);
        assert_true(tls_end_has(&pairs[i].server, "hello"));
    }
    expect_little(pairs);
    for (int i = 0; i < PAIRS; i++)
        tls_pair_close(&pairs[i]);
    tls_context_drop(&server);
    tls_context_drop(&client);
    tls_tickets_drop(&tickets);
    pki_free(&pki);
}
