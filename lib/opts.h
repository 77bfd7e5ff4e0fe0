/* opts - what the command lines of all stages have in common.
 *
 * A wrong use is told in one line and ends the program with 100; --help and
 * --version go to stdout and end it with 0.
 */
#ifndef MS_OPTS_H
#define MS_OPTS_H

#include <getopt.h>
#include <stddef.h>

/* Every stage's table ends in these, and its short options in these letters. */
#define OPTS_COMMON \
	{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, \
	    {"quiet", no_argument, NULL, 'q'}, \
	    {"verbose", no_argument, NULL, 'v'}, \
	{ \
		0 \
	}
#define OPTS_SHORT "hqvV"
#define OPTS_COMMON_HELP \
	"  -q, --quiet           only fatal messages\n" \
	"  -v, --verbose         more messages\n" \
	"      --version         print the version\n" \
	"  -h, --help            print this\n"

/* Values of options without a short letter begin here. */
#define OPTS_LONG 256

/* Start of every main: the name for messages, SIGPIPE ignored (lib/lines turns
 * EPIPE into the death that a shell expects), descriptors 0 to 2 kept from
 * other uses if they are closed, and the end of this process when the
 * supervisor named by MESHSYNC_SUPERVISOR (a pid) ends. */
void opts_start(const char *prog);

/* Handle c if it is one of OPTS_COMMON; help is the whole text of --help, its
 * first line the synopsis. Any other c is a wrong use. */
void opts_common(int c, char **argv, const char *help);

/* The text means no number between min and max: wrong use, naming the option. */
unsigned long long opts_uint(const char *option, const char *text,
    unsigned long long min, unsigned long long max);

/* Wrong use: say so and exit 100. */
void opts_wrong(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* A repeatable option that also takes comma lists. The items are ours. */
struct opts_list {
	char **item;
	size_t n;
};

void opts_append(struct opts_list *list, const char *text);
void opts_list_free(struct opts_list *list);

#endif
