#include "opts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "diag.h"

/* A stage that outlives its supervisor would go on publishing beside the one
 * that is started next. */
static void
end_with_supervisor(void)
{
	const char *pid = getenv("MESHSYNC_SUPERVISOR");

	if (!pid || !*pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (kill((pid_t)strtol(pid, NULL, 10), 0) < 0 && errno == ESRCH)
		diag_die(EXIT_TEMPORARY, "supervisor %s has gone", pid);
}

/* What a shell closed would become a socket or a database that we then write
 * records and messages into. A descriptor that can only do the opposite takes
 * its place: using it is EBADF as before. */
static void
keep_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_TEMPORARY);
}

void
opts_start(const char *prog)
{
	diag_prog = prog;
	opterr = 0;
	keep_standard();
	signal(SIGPIPE, SIG_IGN);
	end_with_supervisor();
}

void
opts_wrong(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_die(EXIT_PERMANENT, "%s (see %s --help)", text, diag_prog);
}

static void
print_and_exit(const char *text)
{
	fputs(text, stdout);
	if (fflush(stdout) != 0)
		diag_die(EXIT_TEMPORARY, "unable to write: %m");
	exit(0);
}

static bool
is_cluster(const char *arg, int letter)
{
	return arg && arg[0] == '-' && arg[1] != '-' && strchr(arg, letter);
}

/* The option that getopt stumbled over, as it was typed. Within "-qx" getopt
 * has not moved on yet, and says only which letter it was. */
static const char *
culprit(char **argv, char letter[3])
{
	if (optopt <= 0 || optopt >= OPTS_LONG ||
	    (!is_cluster(argv[optind - 1], optopt) &&
		!is_cluster(argv[optind], optopt)))
		return argv[optind - 1];
	snprintf(letter, 3, "-%c", optopt);
	return letter;
}

void
opts_common(int c, char **argv, const char *help)
{
	char version[64], letter[3];

	switch (c) {
	case 'h':
		print_and_exit(help);
		break;
	case 'V':
		snprintf(version, sizeof(version), "%s %s\n", diag_prog,
		    MS_VERSION);
		print_and_exit(version);
		break;
	case 'q':
		diag_level(DIAG_FATAL);
		break;
	case 'v':
		diag_level(DIAG_INFO);
		break;
	case ':':
		opts_wrong("option %s needs a value", culprit(argv, letter));
	default:
		opts_wrong("unknown option %s", culprit(argv, letter));
	}
}

unsigned long long
opts_uint(const char *option, const char *text, unsigned long long min,
    unsigned long long max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < min || n > max)
		opts_wrong("%s wants a number from %llu to %llu, not '%s'",
		    option, min, max, text);
	return n;
}

void
opts_append(struct opts_list *list, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (n > 0) {
			list->item = diag_alloc(list->item,
			    (list->n + 1) * sizeof(*list->item));
			list->item[list->n++] = diag_strndup(text, n);
		}
		if (!text[n])
			return;
		text += n + 1;
	}
}

void
opts_list_free(struct opts_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct opts_list){0};
}
