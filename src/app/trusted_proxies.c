#include "app/trusted_proxies.h"

#include "base/check.h"
#include "base/mem.h"
#include "codec/forwarded.h"

struct trusted_proxies {
    size_t count;
    struct cidr networks[OPTIONS_LIST_MAX];
};

struct trusted_proxies *trusted_proxies_new(const struct options *options)
{
    const struct option_list *list = &options->trusted_proxies;
    struct trusted_proxies *proxies = mem_must(sizeof *proxies);
    CHECK(list->count <= OPTIONS_LIST_MAX);
    for (size_t i = 0; i < list->count; i++)
        CHECK(cidr_parse(span_of_text(list->items[i]), &proxies->networks[i]) == 0);
    proxies->count = list->count;
    return proxies;
}

void trusted_proxies_free(struct trusted_proxies **proxies)
{
    mem_free(*proxies);
    *proxies = NULL;
}

bool trusted_proxies_hold(const struct trusted_proxies *proxies, const struct ip *ip)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (cidr_holds(&proxies->networks[i], ip))
            return true;
    }
    return false;
}

static bool is_trusted(const struct ip *ip, void *proxies)
{
    return trusted_proxies_hold(proxies, ip);
}

struct ip trusted_proxies_client(const struct trusted_proxies *proxies, const struct ip *peer,
                                 const struct http_reader *request)
{
    struct ip client;
    if (trusted_proxies_hold(proxies, peer) &&
        forwarded_client(request, is_trusted, (void *)(uintptr_t)proxies, &client))
        return client;
    return *peer;
}
