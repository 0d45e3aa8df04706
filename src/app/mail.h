/*
 * mail: what one thread posts to a shard's worker.
 */
#ifndef SPECTATE_APP_MAIL_H
#define SPECTATE_APP_MAIL_H

enum mail_kind {
    MAIL_STOP,      /* static; end in good order */
    MAIL_POSITIONS, /* struct parcel, one hold of it: positions that another shard accepted */
    MAIL_SOCKET,    /* struct handed_socket, owned: a connection that another shard accepted */
    MAIL_TLS,       /* struct tls_mail, owned: what new connections are to speak TLS with */
};

/* The first member of each. */
struct mail {
    enum mail_kind kind;
};

#endif
