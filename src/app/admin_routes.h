/*
 * admin_routes: what operators may ask on their own port (docs/operations.md, "The operators' port"). Everything but /healthz
 * needs their token.
 *
 * They are served by a shard of their own, with a thread of its own: it may wait for the disk, and no spectator waits for it.
 */
#ifndef SPECTATE_APP_ADMIN_ROUTES_H
#define SPECTATE_APP_ADMIN_ROUTES_H

#include "app/routes.h"

struct errand;
struct mail;
struct shard;

extern const struct routes admin_routes;

/* An errand has come home: answer who asked, if it is still there. Frees it. */
void admin_on_errand(struct shard *shard, struct errand *errand);

/* MAIL_BACKUP: likewise. */
void admin_on_backup(struct shard *shard, struct mail *mail);

#endif
