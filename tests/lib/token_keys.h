/*
 * token_keys: TEST KEYS, made for the tests and published here with their private halves. They guard nothing, and nothing that is to
 * be guarded may ever be signed with them.
 */
#ifndef SPECTATE_TESTS_LIB_TOKEN_KEYS_H
#define SPECTATE_TESTS_LIB_TOKEN_KEYS_H

static const char test_key_rsa[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDbNwB5TJf6x+z1\n"
    "in48HqCCfEFmfpAvG+HSh6ljqt6wnfUeYa76bkaIfX/twN4cVOitRyBiMHxDTZIO\n"
    "OOllfbUJnWbw9hefrj7IfmlR3hGZIN1gF1+XmPm6xJyNg7KZOqnCgzBDbpUmFBtF\n"
    "6ft5r7IHh0s7ZLWpzP5ot5t8aFRbVtcmy02tIfOx19Ke45zSJntRM8UZB6BLnVqR\n"
    "iTBUadSegJZ43ZM54b2rqAIQCs4x9Y9wpn382IzT7NacQSDzhBJ1KAv8TQo9c8CS\n"
    "sBjTUwPXgO1WH5GpUNNMBv/pe5WjMmV2WbM4PMdS9JruGcS/wufmaDvz4N3OQj4n\n"
    "UZbiR/abAgMBAAECggEAFxtJFYAZVPnV5Fvgyn1/9cEbM66LjCuoNgTOug68wmkj\n"
    "+TvasdMF5EU2Qt1djCb3D6y7oR3zOzTl/FHLaEND3euVeji2bMJ1I7UPbO23dSid\n"
    "rQ9JqDUbvbATwGbtYHFqi3JAmBsD5aug5FGxjDYU0e5U48HN1EQjXO5dmVN18NqY\n"
    "gDEWGEdlT80p/DoQAS4KiTJIeTsE7QsTBZP6aXYOHgqGcu0bq1wlJOqdudmLZGN0\n"
    "eg0NDPMOKQB+gavBEM6i/ggIqwLw6u2UCGiqSmoPlqaf+7ASb1o86b3oQQoJy1rh\n"
    "8CyzFon91NpCJaBaooBfkvkRoW7ls0IZ0/UergTRQQKBgQD2eNI87/XatqEOxcQ2\n"
    "KvalUpKO8lLLm7veVZq1UNTKoM+CSyMm7JMj2rmnkF4spuvno1+OLQuPSjlo3esd\n"
    "cgib4h5EOZy/D7HKIwiEVaE2Pg7kROZxHiZe8wlMoOxEcmXUDuJMAb2tAi/OXJWN\n"
    "1c/ClvIZmEEHkcQbTZ/3Rq8eGQKBgQDjsG8fgwJiiPtnvkphWEAm9WisKdaMWLgg\n"
    "KBrzeY8gEwN6jfLN0pOCzPAIzfgJPDhRLWyfGSwwhzsUuRBj/DsjGApF8WWWHafp\n"
    "d1Y/cFcocL9Q4AHnypXEGSVaYdKomNWP9O6cTxA1yBf+0vF0B1Y8wW31f6AqWnF+\n"
    "+cBZYHho0wKBgFcwxq7n9IE6uh8PtymyaS5y14XaE5ATt5Iflmst/RjxancdPYI3\n"
    "jpXQenzchXQmWK3JDbSuGrjF+Skv2EzCWmlKxIo+F0U/uBVZ71lhMXaO3ZXDCgJa\n"
    "OBi+wTtqciqEjaFG4qcgtojNjTvjZMSYLrcXzu1e/yI+XrGJ9Fz1lF2BAoGBAJPS\n"
    "98J4tzKsBrVLKVVcC4J/sC6elynVa+2MvDq5AEBtt8N4p1wTzCuOzISa3N96FoI1\n"
    "wKDmofb7xVLl+AtCNk7Ji9nvKOo2ZM7B6OAVGrEpyjxCw1nvAB8pyEOO4UsOtxDY\n"
    "j5YyCq8wMswBvjt7i/S0DKTn8F+vCqLKmaQtat97AoGAeY7xoUC8kTjV7JudWiYA\n"
    "rIYPNYTuc+TUnSpVHMruoMGif4rBw8opaWcTi1dck4YcoIARC0WPaSwqdGR6Phfz\n"
    "rblbCIwwr1WLHSEXSiM/SduhSZs7HVOGPbgB3a2XzFndlT2q1gm0WcSrdhyWa5Vs\n"
    "5V8LQGXYEN0s72nKK3/4Pdk=\n"
    "-----END PRIVATE KEY-----\n";
static const char test_key_p256[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFu/K2w/G263uNcrh\n"
    "u6u3WQjl12EgXSWf0V3jebctDYChRANCAATbwq70mJc1oSQey+vnxnITqpsZLbr9\n"
    "w6ZVuR8TV3W+0xV2zRbuxzXrTkMgKQlkPdS474H5GdtoN5w0cI0/4eJo\n"
    "-----END PRIVATE KEY-----\n";
static const char test_key_p384[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBTIKeMqT9m6QgnseLn\n"
    "cGOJJKXgGAxpmEHusuhbnWYuAri9YEVfnkg+tk4j2PJkiBShZANiAASSfk9YupvF\n"
    "9bmw2XRQsccaFjQklwV2cz5rTpW0s8tvNrbgk0FvIGh/u+1r6ifwn5hSScC8UXDy\n"
    "Zn1nF1IsYTJ6y9vap/csPbmz+A1lNinVixpH3M/r122Ato0KbQiy+CE=\n"
    "-----END PRIVATE KEY-----\n";
/* 64 bytes, so that it does for each HS algorithm. */
static const char test_key_secret[] =
    "not a secret: it is published, and only the tests know it. 64 by";

#endif
