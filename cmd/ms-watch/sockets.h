/* sockets - wait for those of libcurl, and for others.
 *
 * What curl_multi_poll does, at the cost of one look at each socket and not one
 * for each of the hundreds of requests that share it.
 */
#ifndef MS_SOCKETS_H
#define MS_SOCKETS_H

#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>

#define SOCKETS_OTHERS 5 /* at most, beside libcurl's */

/* Whether there is something to read or to write now. */
bool sockets_are_ready(CURLM *multi);
/* Wait for any of them, for one of n other descriptors, or for ms milliseconds,
 * but for a second at most. revents of the latter are set. */
void sockets_wait(CURLM *multi, struct pollfd *fd, size_t n, int ms);

#endif
