/*
 * replay_main: runs a fuzz target without libFuzzer.
 *
 *   fuzz_x [--random COUNT] [--from NUMBER] PATH...
 *
 * Each PATH is an input or a folder of inputs: all are run as they are. With --random, so many more are made from them by
 * mutation; number N is always the same input, whatever came before it. When the target fails, the last line names the
 * input, so that `--from N --random 1` runs it alone.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"

#define INPUT_MAX_BYTES 4096
#define MUTATIONS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sanitizers call it before they end the process; absent without one. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

struct corpus {
    struct buf *inputs;
    size_t count;
};

static struct corpus corpus;
static char running[512];

static void tell_what_ran(void)
{
    ssize_t ignored = write(STDERR_FILENO, running, strlen(running));
    (void)ignored;
}

static void on_fatal_signal(int number)
{
    tell_what_ran();
    signal(number, SIG_DFL);
    raise(number);
}

static void run(struct span input)
{
    /* A copy of just this size, so that a sanitizer sees a read past its end. */
    uint8_t *copy = mem_must(input.len > 0 ? input.len : 1);
    if (input.len > 0)
        memcpy(copy, input.data, input.len);
    LLVMFuzzerTestOneInput(copy, input.len);
    mem_free(copy);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    struct buf input = {0};
    uint8_t piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        CHECK(buf_append(&input, span_of(piece, got)) == 0);
    fclose(file);
    snprintf(running, sizeof running, "while running %s\n", path);
    run(buf_span(&input));
    corpus.inputs = realloc(corpus.inputs, (corpus.count + 1) * sizeof *corpus.inputs);
    CHECK(corpus.inputs != NULL);
    corpus.inputs[corpus.count++] = input;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        run_file(name);
        free(entries[i]);
    }
    free(entries);
}

/* A target without a corpus yet is fine: its folder does not exist. */
static void run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return;
    if (S_ISDIR(status.st_mode))
        run_folder(path);
    else
        run_file(path);
}

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static size_t draw_below(uint64_t *state, size_t bound)
{
    return (size_t)(draw(state) % bound);
}

static uint8_t draw_byte(uint64_t *state)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7d, 0x7e, 0x7f, 0x80,
                                    0x81, 0xc0, 0xff, '"',  '\r', '\n'};
    if (draw(state) % 3 == 0)
        return edges[draw_below(state, sizeof edges)];
    return (uint8_t)draw(state);
}

/* Room for one piece at a random place; returns where it begins. */
static size_t open_gap(uint64_t *state, uint8_t *input, size_t *len, size_t gap)
{
    size_t at = draw_below(state, *len + 1);
    memmove(input + at + gap, input + at, *len - at);
    *len += gap;
    return at;
}

static void change_byte(uint64_t *state, uint8_t *input, size_t *len)
{
    if (*len > 0)
        input[draw_below(state, *len)] = draw_byte(state);
}

static void flip_bit(uint64_t *state, uint8_t *input, size_t *len)
{
    if (*len > 0)
        input[draw_below(state, *len)] ^= (uint8_t)(1U << draw_below(state, 8));
}

static void insert_byte(uint64_t *state, uint8_t *input, size_t *len)
{
    if (*len < INPUT_MAX_BYTES) {
        size_t at = open_gap(state, input, len, 1);
        input[at] = draw_byte(state);
    }
}

static void remove_piece(uint64_t *state, uint8_t *input, size_t *len)
{
    if (*len == 0)
        return;
    size_t at = draw_below(state, *len);
    size_t piece = 1 + draw_below(state, *len - at);
    memmove(input + at, input + at + piece, *len - at - piece);
    *len -= piece;
}

static void insert_from_corpus(uint64_t *state, uint8_t *input, size_t *len)
{
    if (corpus.count == 0)
        return;
    const struct buf *from = &corpus.inputs[draw_below(state, corpus.count)];
    if (from->len == 0)
        return;
    size_t at = draw_below(state, from->len);
    size_t piece = 1 + draw_below(state, from->len - at);
    if (piece > INPUT_MAX_BYTES - *len)
        return;
    size_t to = open_gap(state, input, len, piece);
    memcpy(input + to, from->data + at, piece);
}

static void (*const mutations[])(uint64_t *state, uint8_t *input, size_t *len) = {
    change_byte, flip_bit, insert_byte, remove_piece, insert_from_corpus,
};

static size_t begin_random(uint64_t *state, uint8_t *input)
{
    if (corpus.count > 0 && draw(state) % 8 != 0) {
        const struct buf *from = &corpus.inputs[draw_below(state, corpus.count)];
        size_t len = from->len < INPUT_MAX_BYTES ? from->len : INPUT_MAX_BYTES;
        if (len > 0)
            memcpy(input, from->data, len);
        return len;
    }
    size_t len = draw_below(state, 256);
    for (size_t i = 0; i < len; i++)
        input[i] = draw_byte(state);
    return len;
}

static void run_random(uint64_t number)
{
    uint8_t input[INPUT_MAX_BYTES];
    uint64_t state = number * 0x2545f4914f6cdd1dU;
    size_t len = begin_random(&state, input);
    size_t count = 1 + draw_below(&state, MUTATIONS_MAX);
    for (size_t i = 0; i < count; i++)
        mutations[draw_below(&state, sizeof mutations / sizeof *mutations)](&state, input, &len);
    snprintf(running, sizeof running, "while running random input %llu\n",
             (unsigned long long)number);
    run(span_of(input, len));
}

static void watch_for_failure(void)
{
    signal(SIGABRT, on_fatal_signal);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(tell_what_ran);
    else
        signal(SIGSEGV, on_fatal_signal);
}

int main(int argc, char **argv)
{
    watch_for_failure();
    unsigned long random_count = 0;
    unsigned long from = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--random") == 0 && i + 1 < argc)
            random_count = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
            from = strtoul(argv[++i], NULL, 10);
        else
            run_path(argv[i]);
    }
    for (unsigned long number = from; number < from + random_count; number++)
        run_random(number);
    printf("%zu inputs of the corpus, %lu random ones\n", corpus.count, random_count);
    for (size_t i = 0; i < corpus.count; i++)
        buf_fini(&corpus.inputs[i]);
    free(corpus.inputs);
    return corpus.count + random_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
