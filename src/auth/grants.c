#include "auth/grants.h"

#include <stdint.h>
#include <stdlib.h>

#include "auth/groups.h"
#include "base/err.h"
#include "base/mem.h"

/* In the order in which they are sorted and stored. */
enum kind { KIND_ID, KIND_PREFIX, KIND_GROUP };

/* A pattern without its mark: the `*` of a prefix, the "group:" of a group. */
struct pattern {
    enum kind kind;
    struct span text;
};

struct word {
    uint32_t at; /* in the text of the grants */
    uint32_t len;
};

/* Sorted by their bytes, none twice; no prefix begins with another. */
struct words {
    const struct word *words;
    size_t count;
};

/* One block of memory: members, words and text lie behind the struct. */
struct grants {
    struct words ids;
    struct words prefixes;
    struct words names;            /* of groups */
    const struct grants **members; /* of each of these groups; NULL: no such group */
    struct auth_groups *groups;    /* held; NULL: none */
    const uint8_t *text;
};

static int compare_patterns(const void *a, const void *b)
{
    const struct pattern *one = a;
    const struct pattern *other = b;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return span_compare(one->text, other->text);
}

static bool begins_with(struct span text, struct span prefix)
{
    return text.len >= prefix.len && span_equals(span_of(text.data, prefix.len), prefix);
}

static int read_pattern(struct span text, struct pattern *pattern)
{
    struct span mark = span_of_text(GRANT_GROUP);
    if (text.len == 0)
        return ERR_INVALID;
    *pattern = (struct pattern){.kind = KIND_ID, .text = text};
    if (begins_with(text, mark)) {
        pattern->kind = KIND_GROUP;
        pattern->text = span_of(text.data + mark.len, text.len - mark.len);
    } else if (text.data[text.len - 1] == '*') {
        pattern->kind = KIND_PREFIX;
        pattern->text.len--;
    }
    return pattern->text.len > GRANT_ID_BYTES ? ERR_INVALID : 0;
}

/* The one before it says as much: it is the same, or a shorter prefix. */
static bool is_covered(const struct pattern *pattern, const struct pattern *before)
{
    if (pattern->kind != before->kind)
        return false;
    return pattern->kind == KIND_PREFIX ? begins_with(pattern->text, before->text)
                                        : span_equals(pattern->text, before->text);
}

/* Sort them, and drop what another one covers. Returns how many are left. */
static size_t tidy(struct pattern *patterns, size_t count)
{
    size_t left = 0;
    qsort(patterns, count, sizeof *patterns, compare_patterns);
    for (size_t i = 0; i < count; i++) {
        if (left == 0 || !is_covered(&patterns[i], &patterns[left - 1]))
            patterns[left++] = patterns[i];
    }
    return left;
}

struct sizes {
    size_t members;
    size_t words;
    size_t text_bytes;
};

static struct sizes measure(const struct pattern *patterns, size_t count)
{
    struct sizes sizes = {0};
    for (size_t i = 0; i < count; i++) {
        sizes.members += patterns[i].kind == KIND_GROUP;
        sizes.words++;
        sizes.text_bytes += patterns[i].text.len;
    }
    return sizes;
}

static struct span text_of(const struct grants *grants, struct word word)
{
    return span_of(grants->text + word.at, word.len);
}

static void count_word(struct grants *grants, enum kind kind)
{
    struct words *const lists[] = {
        [KIND_ID] = &grants->ids,
        [KIND_PREFIX] = &grants->prefixes,
        [KIND_GROUP] = &grants->names,
    };
    lists[kind]->count++;
}

static void fill(struct grants *grants, const struct pattern *patterns, size_t count,
                 const struct sizes *sizes)
{
    grants->members = (const struct grants **)(grants + 1);
    struct word *words = (struct word *)(grants->members + sizes->members);
    uint8_t *text = (uint8_t *)(words + sizes->words);
    uint32_t used = 0;
    grants->text = text;
    grants->ids.words = words;
    for (size_t i = 0; i < count; i++) {
        const struct pattern *pattern = &patterns[i];
        if (pattern->text.len > 0)
            memcpy(text + used, pattern->text.data, pattern->text.len);
        *words++ = (struct word){.at = used, .len = (uint32_t)pattern->text.len};
        used += (uint32_t)pattern->text.len;
        count_word(grants, pattern->kind);
    }
    grants->prefixes.words = grants->ids.words + grants->ids.count;
    grants->names.words = grants->prefixes.words + grants->prefixes.count;
}

static int make(struct pattern *patterns, size_t count, struct auth_groups *groups,
                struct grants **grants)
{
    count = tidy(patterns, count);
    struct sizes sizes = measure(patterns, count);
    struct grants *made = mem_try(sizeof *made + sizes.members * sizeof *made->members +
                                  sizes.words * sizeof(struct word) + sizes.text_bytes);
    if (made == NULL)
        return ERR_NO_MEMORY;
    fill(made, patterns, count, &sizes);
    (void)grants_rebind(made, groups);
    *grants = made;
    return 0;
}

int grants_new(const struct span *patterns, size_t count, struct auth_groups *groups,
               struct grants **grants)
{
    struct pattern *read = mem_try((count + 1) * sizeof *read);
    if (read == NULL)
        return ERR_NO_MEMORY;
    int err = count > UINT32_MAX / GRANT_ID_BYTES ? ERR_INVALID : 0;
    for (size_t i = 0; err == 0 && i < count; i++)
        err = read_pattern(patterns[i], &read[i]);
    if (err == 0)
        err = make(read, count, groups, grants);
    mem_free(read);
    return err;
}

void grants_free(struct grants **grants)
{
    if (*grants == NULL)
        return;
    auth_groups_drop(&(*grants)->groups);
    mem_free(*grants);
    *grants = NULL;
}

bool grants_rebind(struct grants *grants, struct auth_groups *groups)
{
    if (grants == NULL || grants->names.count == 0)
        return false;
    struct auth_groups *before = grants->groups;
    grants->groups = groups == NULL ? NULL : auth_groups_hold(groups);
    for (size_t i = 0; i < grants->names.count; i++)
        grants->members[i] = auth_groups_find(groups, text_of(grants, grants->names.words[i]));
    auth_groups_drop(&before);
    return true;
}

static bool has_same_words(struct words words, struct words other)
{
    return words.count == other.count &&
           (words.count == 0 ||
            memcmp(words.words, other.words, words.count * sizeof *words.words) == 0);
}

bool grants_equal(const struct grants *grants, const struct grants *other)
{
    size_t count = grants->ids.count + grants->prefixes.count;
    if (!has_same_words(grants->ids, other->ids) ||
        !has_same_words(grants->prefixes, other->prefixes))
        return false;
    const struct word *last = &grants->ids.words[count - (count > 0)];
    return count == 0 || memcmp(grants->text, other->text, last->at + last->len) == 0;
}

/*
 * The last of the words that is not behind `id`. If any of them equals it, it is this one. If any of them is a prefix of it, too:
 * a word between that prefix and the id would begin with the prefix, and no prefix begins with another.
 */
static bool find_last(const struct grants *grants, struct words words, struct span id,
                      struct span *found)
{
    size_t low = 0;
    size_t high = words.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (span_compare(text_of(grants, words.words[middle]), id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0)
        *found = text_of(grants, words.words[low - 1]);
    return low > 0;
}

bool grants_allow(const struct grants *grants, struct span id)
{
    struct span found;
    if (grants == NULL || id.len == 0)
        return false;
    if (find_last(grants, grants->prefixes, id, &found) && begins_with(id, found))
        return true;
    if (find_last(grants, grants->ids, id, &found) && span_equals(id, found))
        return true;
    for (size_t i = 0; i < grants->names.count; i++) {
        if (grants_allow(grants->members[i], id))
            return true;
    }
    return false;
}

bool grants_allow_all(const struct grants *grants)
{
    if (grants == NULL)
        return false;
    if (grants->prefixes.count > 0 && grants->prefixes.words[0].len == 0)
        return true;
    for (size_t i = 0; i < grants->names.count; i++) {
        if (grants_allow_all(grants->members[i]))
            return true;
    }
    return false;
}
