#include "app/reload.h"

#include "app/certificates.h"
#include "app/shard.h"
#include "app/trust.h"
#include "base/log.h"

void reload(struct trust *trust, struct certificates *certificates, struct shard *const *shards,
            size_t count)
{
    LOG(LOG_INFO, "server.reload", NO_SESSION, "reading keys, groups and certificates again");
    trust_reload(trust);
    if (certificates == NULL || certificates_reload(certificates) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        shard_set_tls(shards[i], certificates_context(certificates));
}
