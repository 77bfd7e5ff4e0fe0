/* asking - the requests of a watch: which page, which list, changes since when,
 * and for how long.
 */
#ifndef MS_ASKING_H
#define MS_ASKING_H

#include "watch.h"

/* What will be answered: DO_STREAM, DO_LIST, DO_PAGE or DO_WATCH. */
enum answer_form asking_form(enum machine_do what);

/* Ask for what w->answer is begun for, on behalf of w; sets its deadline. */
struct http_request *asking_send(struct watch *w,
    const struct http_ask *callbacks);

#endif
