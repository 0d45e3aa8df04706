/*
 * mail: what one thread posts to a shard's worker.
 */
#ifndef SPECTATE_APP_MAIL_H
#define SPECTATE_APP_MAIL_H

enum mail_kind {
    MAIL_STOP,      /* static; end in good order */
    MAIL_POSITIONS, /* struct parcel, one hold of it: positions that another shard accepted */
    MAIL_SOCKET,    /* struct handed_socket, owned: a connection that another shard accepted */
    MAIL_KEYS,      /* struct keys_mail, owned: keys of an issuer */
    MAIL_REVOKE,    /* struct revoke_mail, owned: what no longer counts */
    MAIL_ERRAND,    /* struct errand, owned: a question of the operators */
    MAIL_GROUPS,    /* struct groups_mail, owned: the groups that tokens name */
    MAIL_STORED, /* static; something has come back from the store: app/archive.h, looked at in each turn */
    MAIL_BACKUP, /* owned: a copy of the store that operators asked for has come to an end: app/admin_store.c */
    MAIL_TLS, /* struct tls_mail, owned: what new connections are to speak TLS with */
};

/* The first member of each. */
struct mail {
    enum mail_kind kind;
};

#endif
