#include "bench/lib/loopback.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

#define READ_BYTES 65536

struct loopback {
    int near;
    int far;
    pthread_t reader;
    uint8_t bytes[READ_BYTES]; /* the reader's */
};

static void *read_to_the_end(void *context)
{
    struct loopback *loopback = context;
    while (read(loopback->far, loopback->bytes, sizeof loopback->bytes) > 0)
        continue;
    return NULL;
}

static void connect_ends(struct loopback *loopback)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    loopback->near = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener >= 0 && loopback->near >= 0);
    CHECK(bind(listener, any, len) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, any, &len) == 0);
    CHECK(connect(loopback->near, any, len) == 0);
    loopback->far = accept(listener, NULL, NULL);
    CHECK(loopback->far >= 0);
    close(listener);
}

struct loopback *loopback_open(void)
{
    struct loopback *loopback = mem_must(sizeof *loopback);
    int on = 1;
    connect_ends(loopback);
    CHECK(setsockopt(loopback->near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    CHECK(pthread_create(&loopback->reader, NULL, read_to_the_end, loopback) == 0);
    return loopback;
}

void loopback_close(struct loopback *loopback)
{
    close(loopback->near);
    pthread_join(loopback->reader, NULL);
    close(loopback->far);
    mem_free(loopback);
}

void loopback_send(struct loopback *loopback, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(loopback->near, bytes.data, bytes.len, MSG_NOSIGNAL);
        CHECK(sent > 0);
        bytes = span_of(bytes.data + sent, bytes.len - (size_t)sent);
    }
}
