/* url - where a broker is, and who we are to it.
 *
 *   [nats://|tls://][TOKEN@|USER:PASSWORD@]HOST[:PORT]
 */
#ifndef MS_URL_H
#define MS_URL_H

#include <stdbool.h>

#define URL_TEXT 512 /* bytes of any part */

struct url {
	char host[URL_TEXT]; /* an IPv6 address without its brackets */
	unsigned port;
	char user[URL_TEXT]; /* "": none */
	char password[URL_TEXT];
	char token[URL_TEXT];
	bool is_tls;
};

/* 0; or -1, and *why says what is wrong and what is wanted, without any of the
 * URL's own text, which may hold a secret. */
int url_parse(const char *text, struct url *u, const char **why);

#endif
