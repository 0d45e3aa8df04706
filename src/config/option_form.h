/*
 * option_form: what an option's text has to look like, as far as that can be said without opening or looking up anything.
 *
 * Every form fits on a line of the configuration file: no control characters, and not both kinds of quotes.
 */
#ifndef SPECTATE_CONFIG_OPTION_FORM_H
#define SPECTATE_CONFIG_OPTION_FORM_H

#include <stdbool.h>

enum option_form {
    FORM_FILE,       /* a file name */
    FORM_ADDRESS,    /* "127.0.0.1:8080", "[::1]:0", "localhost:80", ":8080" */
    FORM_ORIGIN,     /* "https://race.example", "http://localhost:3000", "*" (RFC 6454 6.2) */
    FORM_NETWORK,    /* "10.0.0.0/8", "2001:db8::1" */
    FORM_COOKIE,     /* name of a cookie: a token (RFC 6265 4.1.1) */
    FORM_NAME,       /* of a user: no blanks */
    FORM_GROUP_TIME, /* "elite=30d": a group, and a time as of a DURATION */
    FORM_SPEC,       /* "name=value name=value", which somebody else reads */
};

/* Never true for "". */
bool option_form_fits(enum option_form form, const char *text);

/* What stands for it in --help: "HOST:PORT". */
const char *option_form_placeholder(enum option_form form);

/* To go on after "is not": "HOST:PORT (like 127.0.0.1:8080 or [::1]:8080)". */
const char *option_form_expected(enum option_form form);

/*
 * Is this address one that only this machine can connect to: 127.0.0.0/8, [::1] or localhost (RFC 6761 6.3)? No other name
 * is, whatever it stands for.
 */
bool address_text_is_loopback(const char *text);

#endif
