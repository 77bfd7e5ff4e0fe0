/* dial - whether an address takes TCP connections, asked off the event path.
 *
 * Helper threads dial, a few at a time, for at most a few seconds each; a yes is
 * kept for a minute, so that a Service which changes often is not dialled each
 * time, a no only for as long as dialling took, as a new load balancer answers
 * soon. Nothing is sent on a connection; it is closed at once.
 * Thread-safe.
 */
#ifndef MS_DIAL_H
#define MS_DIAL_H

#include "service.h"

struct dial;

/* seconds: how long to try; 0: never dial, nothing answers. answered is called
 * from a helper thread, with context, after each answer; NULL: not wanted. */
struct dial *dial_new(unsigned seconds, void (*answered)(void *),
    void *context);

/* The answer, if there is one: a service_dial. Asking starts the dialling. */
enum service_answer dial_ask(void *dial, const char *host, int port);

/* The answer, waited for: a service_dial too. */
enum service_answer dial_wait(void *dial, const char *host, int port);

#endif
