/* opts and diag: what a command line says, and how a program says it is wrong. */
#include "opts.h"

#include "child.h"
#include "diag.h"
#include "tap.h"

#define HELP "try [-hnqvVx]\n"

static char *args[8];

/* A stage's main in small. */
static void
parse(void)
{
	static const struct option longopts[] = {{"name", required_argument,
						     NULL, 'n'},
	    {"listen", required_argument, NULL, OPTS_LONG}, OPTS_COMMON};
	int argc = 0, c;

	while (args[argc])
		argc++;
	opts_start("try");
	while ((c = getopt_long(argc, args, ":n:x" OPTS_SHORT, longopts,
		    NULL)) != -1)
		if (c != 'n' && c != 'x' && c != OPTS_LONG)
			opts_common(c, args, HELP);
	diag_warn("a warning");
	diag_info("some news");
}

static void
says(const char *line, int code, const char *out, const char *err)
{
	char text[256], *word;
	struct child c;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		args[n++] = word;
	args[n] = NULL;
	child_run(&c, parse, "", 0, 1);
	ok(child_exited(&c, code) && strcmp(c.text[0], out) == 0 &&
		strcmp(c.text[1], err) == 0,
	    "%s: %s%s", line, c.text[0], c.text[1]);
	child_free(&c);
}

#define WARNING "try: warning: a warning\n"
#define FATAL(text) "try: fatal: " text " (see try --help)\n"

static void
test_options(void)
{
	says("try", 0, "", WARNING);
	says("try -n x --listen y", 0, "", WARNING);
	says("try -q", 0, "", "");
	says("try -v", 0, "", WARNING "try: info: some news\n");
	says("try --quiet", 0, "", "");
	says("try -h", 0, HELP, "");
	says("try --help --wrong", 0, HELP, "");
	says("try --version", 0, "try " MS_VERSION "\n", "");
	says("try -V", 0, "try " MS_VERSION "\n", "");
	says("try --wrong", 100, "", FATAL("unknown option --wrong"));
	says("try -x --wrong=3", 100, "", FATAL("unknown option --wrong=3"));
	says("try -Z", 100, "", FATAL("unknown option -Z"));
	says("try -Zq", 100, "", FATAL("unknown option -Z"));
	says("try -x -qZx", 100, "", FATAL("unknown option -Z"));
	says("try --listen", 100, "", FATAL("option --listen needs a value"));
	says("try --name", 100, "", FATAL("option --name needs a value"));
	says("try -n", 100, "", FATAL("option -n needs a value"));
	says("try -xn", 100, "", FATAL("option -n needs a value"));
	says("try --quiet=3", 100, "", FATAL("unknown option --quiet=3"));
}

static const char *number;

static void
parse_number(void)
{
	char text[64];

	opts_start("try");
	snprintf(text, sizeof(text), "%llu",
	    opts_uint("--status", number, 1, 3600));
	if (write(1, text, strlen(text)) < 0)
		abort();
}

static void
numbers(const char *text, const char *want)
{
	char fatal[256];
	struct child c;

	number = text;
	snprintf(fatal, sizeof(fatal),
	    "try: fatal: --status wants a number "
	    "from 1 to 3600, not '%s' (see try --help)\n",
	    text);
	child_run(&c, parse_number, "", 0, 1);
	ok(want ? child_exited(&c, 0) && strcmp(c.text[0], want) == 0 :
		  child_exited(&c, 100) && strcmp(c.text[1], fatal) == 0,
	    "'%s': %s%s", text, c.text[0], c.text[1]);
	child_free(&c);
}

static void
test_numbers(void)
{
	numbers("1", "1");
	numbers("3600", "3600");
	numbers("007", "7");
	numbers("0", NULL);
	numbers("3601", NULL);
	numbers("", NULL);
	numbers("-1", NULL);
	numbers("+1", NULL);
	numbers(" 1", NULL);
	numbers("1x", NULL);
	numbers("0x1", NULL);
	numbers("99999999999999999999999", NULL);
}

static void
test_lists(void)
{
	struct opts_list list = {0};

	opts_append(&list, "a,b");
	opts_append(&list, "");
	opts_append(&list, ",c,,");
	ok(list.n == 3 && strcmp(list.item[0], "a") == 0 &&
		strcmp(list.item[1], "b") == 0 &&
		strcmp(list.item[2], "c") == 0,
	    "lists with commas");
	opts_list_free(&list);
	ok(list.n == 0 && !list.item, "are freed");
}

static void
complain(void)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	diag_prog = "try";
	diag_warn("a\nb\tc\x1b[1md\x7f\xc3\xa9");
	errno = ENOENT;
	diag_warn("gone: %m");
	diag_warn("still: %m");
	diag_warn("%s", text);
	diag_die(EXIT_BUG, "the end");
}

static void
test_diag(void)
{
	struct child c;

	child_run(&c, complain, "", 0, 1);
	ok(child_exited(&c, 101), "diag_die ends it");
	ok(strncmp(c.text[1], "try: warning: a?b?c?[1md?\xc3\xa9\n", 28) == 0,
	    "a message is one line");
	ok(strstr(c.text[1],
	       "try: warning: gone: No such file or directory\n"
	       "try: warning: still: No such file or directory\n"),
	    "%%m is errno, which survives");
	ok(strstr(c.text[1], "xxx\ntry: fatal: the end\n") &&
		c.len[1] < 2048 + 200,
	    "a long message is cut, its newline is not");
	child_free(&c);
}

/* The supervisor is a process that has ended. */
static void
start_late(void)
{
	pid_t pid = fork();
	char text[16];

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	snprintf(text, sizeof(text), "%d", (int)pid);
	setenv("MESHSYNC_SUPERVISOR", text, 1);
	opts_start("try");
}

static void
start_beside(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)getppid());
	setenv("MESHSYNC_SUPERVISOR", text, 1);
	opts_start("try");
	setenv("MESHSYNC_SUPERVISOR", "", 1);
	opts_start("try");
}

static void
test_supervisor(void)
{
	struct child c;

	child_run(&c, start_late, "", 0, 1);
	ok(child_exited(&c, EXIT_TEMPORARY) && strstr(c.text[1], "has gone"),
	    "no start after the supervisor's end: %s", c.text[1]);
	child_free(&c);
	child_run(&c, start_beside, "", 0, 1);
	ok(child_exited(&c, 0) && !c.len[1], "a start while it lives");
	child_free(&c);
}

int
main(void)
{
	unsetenv("MESHSYNC_SUPERVISOR");
	test_options();
	test_numbers();
	test_lists();
	test_diag();
	test_supervisor();
	return tap_done();
}
