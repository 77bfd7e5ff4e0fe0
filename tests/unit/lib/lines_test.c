/* lines: what comes in pieces leaves in lines, and how a process ends. */
#include "lines.h"

#include <sys/time.h>

#include "child.h"
#include "diag.h"
#include "tap.h"

static size_t cap = 100;

static void
put_number(struct lines *l, struct span line)
{
	char number[32];
	struct span piece[3];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)l->number);
	piece[0] = span_of(number);
	piece[1] = span_of(":");
	piece[2] = line;
	lines_put(l, piece, 3);
}

/* Each line with its number before it, and the dropped ones at the end. */
static void
number_lines(void)
{
	struct lines l;
	struct span line;
	char text[64];

	lines_init(&l, 0, 1, cap);
	while (lines_next(&l, &line))
		put_number(&l, line);
	snprintf(text, sizeof(text), "%llu dropped",
	    (unsigned long long)l.dropped);
	line = span_of(text);
	lines_put(&l, &line, 1);
	lines_flush(&l);
	lines_release(&l);
}

static void
check(const char *what, const char *in, size_t n, const char *out,
    const char *err)
{
	static const size_t steps[] = {1, 2, 3, 4096};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		size_t step = steps[i];
		struct child c;

		child_run(&c, number_lines, in, n, step);
		ok(child_exited(&c, 0) && strcmp(c.text[0], out) == 0 &&
			strcmp(c.text[1], err) == 0,
		    "%s, %zu bytes a read: %s%s", what, step, c.text[0],
		    c.text[1]);
		child_free(&c);
	}
}

#define CHECK(what, in, out, err) check(what, in, sizeof(in) - 1, out, err)
#define LONG(n) \
	"ms: warning: line " n " is dropped: it is longer than a " \
	"record may be\n"
#define TORN(n) \
	"ms: warning: line " n " is dropped: the input ends in the " \
	"middle of it\n"

static void
test_lines(void)
{
	CHECK("nothing", "", "0 dropped\n", "");
	CHECK("one line", "a\n", "1:a\n0 dropped\n", "");
	CHECK("lines", "a\nbb\nccc\n", "1:a\n2:bb\n3:ccc\n0 dropped\n", "");
	CHECK("empty lines are counted and skipped", "\n\na\n\nb\n\n",
	    "3:a\n5:b\n0 dropped\n", "");
	CHECK("a carriage return stays", "a\r\n", "1:a\r\n0 dropped\n", "");
	CHECK("a torn line", "a\nb", "1:a\n1 dropped\n", TORN("2"));
	CHECK("only a torn line", "a", "1 dropped\n", TORN("1"));
}

static void
test_cap(void)
{
	cap = 5;
	CHECK("exactly the cap", "12345\n", "1:12345\n0 dropped\n", "");
	CHECK("one byte more", "123456\n", "1 dropped\n", LONG("1"));
	CHECK("between others", "a\n123456\nb\n1234567890123456\n12345\n",
	    "1:a\n3:b\n5:12345\n2 dropped\n", LONG("2") LONG("4"));
	CHECK("too long and torn, told once", "a\n123456789",
	    "1:a\n1 dropped\n", LONG("2"));
	CHECK("after one that is too long, a torn one", "1234567\nab",
	    "2 dropped\n", LONG("1") TORN("2"));
	CHECK("too long and then nothing", "1234567\n\n", "1 dropped\n",
	    LONG("1"));
	cap = 100;
}

static void
test_nul(void)
{
	struct child c;

	child_run(&c, number_lines, "a\0b\n\0\n", 6, 1);
	ok(c.len[0] == 20 &&
		memcmp(c.text[0], "1:a\0b\n2:\0\n0 dropped\n", 20) == 0,
	    "NUL bytes are bytes");
	child_free(&c);
}

/* Lines of random length in packets of random size, with a random cap: as a
 * plain loop over the whole input has it. */
static char *
expected(const char *in, size_t n, size_t *n_out)
{
	char *out = malloc(2 * n + 4096), *to = out;
	unsigned long number = 0, dropped = 0;

	for (size_t i = 0; i < n;) {
		const char *newline = memchr(in + i, '\n', n - i);
		size_t len = newline ? (size_t)(newline - in) - i : n - i;

		number++;
		if (len > cap || !newline)
			dropped++;
		else if (len)
			to +=
			    sprintf(to, "%lu:%.*s\n", number, (int)len, in + i);
		i += len + 1;
	}
	to += sprintf(to, "%lu dropped\n", dropped);
	*n_out = (size_t)(to - out);
	return out;
}

static void
test_random(void)
{
	static char in[400000];
	int right = 0;

	for (int turn = 0; turn < 40; turn++) {
		size_t n = (size_t)random() % (turn % 4 ? 3000 : sizeof(in)),
		       n_out;
		size_t mean = (size_t[]){3, 50, 1000, 200000}[random() % 4];
		struct child c;
		char *out;

		for (size_t i = 0; i < n; i++)
			in[i] = (size_t)random() % mean ? 'a' + (char)(i % 26) :
							  '\n';
		cap = 1 + (size_t)random() % (2 * mean);
		out = expected(in, n, &n_out);
		child_run(&c, number_lines, in, n,
		    1 + (size_t)random() % (turn % 4 ? 200 : 30000));
		right += child_exited(&c, 0) && c.len[0] == n_out &&
		    memcmp(c.text[0], out, n_out) == 0;
		child_free(&c);
		free(out);
	}
	cap = 100;
	ok(right == 40, "random lines in random pieces: %d of 40", right);
}

/* ---- liveness ---- */

static void
test_flush_before_read(void)
{
	struct child c;
	bool is_live = true;

	child_start(&c, number_lines, false);
	for (int i = 0; i < 5; i++) {
		/* the second line is there only in part */
		child_talk(&c, "one\ntw", 6, 100, c.len[0] + 6);
		is_live = is_live && c.text[0] && strstr(c.text[0], ":one\n");
		child_talk(&c, "o\n", 2, 100, c.len[0] + 6);
	}
	ok(is_live &&
		strcmp(c.text[0],
		    "1:one\n2:two\n3:one\n4:two\n5:one\n"
		    "6:two\n7:one\n8:two\n9:one\n10:two\n") == 0,
	    "each line is answered before the next is given");
	child_end(&c);
	child_free(&c);
}

static void
put_dot(void *context)
{
	struct span dot = span_of(".");

	lines_put(context, &dot, 1);
}

static void
dot_before_reads(void)
{
	struct lines l;
	struct span line;

	lines_init(&l, 0, 1, cap);
	l.before_read = put_dot;
	l.context = &l;
	while (lines_next(&l, &line))
		lines_put(&l, &line, 1);
}

static void
test_before_read(void)
{
	struct child c;

	child_start(&c, dot_before_reads, false);
	child_talk(&c, "a\n", 2, 2, 6);
	ok(strcmp(c.text[0], ".\na\n.\n") == 0,
	    "what before_read puts is not held back: %s", c.text[0]);
	child_end(&c);
	child_free(&c);
}

/* ---- descriptors that are difficult ---- */

static void
test_nonblocking(void)
{
	static char in[500000];
	struct child c;
	char *out;
	size_t n_out;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = i % 7919 ? 'x' : '\n';
	cap = 10000;
	out = expected(in, sizeof(in), &n_out);
	child_start(&c, number_lines, true);
	child_talk(&c, in, sizeof(in), 30000, 0);
	child_end(&c);
	ok(child_exited(&c, 0) && c.len[0] == n_out &&
		memcmp(c.text[0], out, n_out) == 0,
	    "input and output that do not block, short writes");
	child_free(&c);
	free(out);
	cap = 100;
}

static void
nothing(int signal)
{
	(void)signal;
}

static void
number_lines_interrupted(void)
{
	struct sigaction action = {.sa_handler = nothing};
	struct itimerval often = {{0, 200}, {0, 200}};

	sigaction(SIGALRM, &action, NULL); /* no SA_RESTART */
	setitimer(ITIMER_REAL, &often, NULL);
	number_lines();
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
}

static void
test_interrupted(void)
{
	static char in[100000];
	struct child c;
	char *out;
	size_t n_out;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = i % 50 ? 'x' : '\n';
	out = expected(in, sizeof(in), &n_out);
	child_run(&c, number_lines_interrupted, in, sizeof(in), 10);
	ok(child_exited(&c, 0) && c.len[0] == n_out &&
		memcmp(c.text[0], out, n_out) == 0,
	    "signals all the time");
	child_free(&c);
	free(out);
}

static void
test_reader_gone(void)
{
	struct child c;

	child_start(&c, number_lines, false);
	child_close(&c.out);
	child_talk(&c, "a\n", 2, 2, 0);
	child_end(&c);
	ok(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGPIPE && !c.len[1],
	    "SIGPIPE ends it when its reader has gone, quietly");
	child_free(&c);
}

static void
write_to_full_disk(void)
{
	dup2(open("/dev/full", O_WRONLY), 1);
	number_lines();
}

static void
read_folder(void)
{
	dup2(open("/", O_RDONLY), 0);
	number_lines();
}

static void
test_errors(void)
{
	struct child c;

	child_run(&c, write_to_full_disk, "a\n", 2, 2);
	ok(child_exited(&c, EXIT_TEMPORARY) &&
		strcmp(c.text[1],
		    "ms: fatal: unable to write: No space left on device\n") ==
		    0,
	    "a full disk: %s", c.text[1]);
	child_free(&c);
	child_run(&c, read_folder, "", 0, 1);
	ok(child_exited(&c, EXIT_TEMPORARY) &&
		strcmp(c.text[1],
		    "ms: fatal: unable to read: Is a directory\n") == 0,
	    "input that cannot be read: %s", c.text[1]);
	child_free(&c);
}

/* ---- sizes ---- */

/* Lines larger than all buffers, in and out, in one piece and in several. */
static void
double_lines(void)
{
	struct lines l;
	struct span line, piece[3];

	lines_init(&l, 0, 1, 1u << 20);
	while (lines_next(&l, &line)) {
		piece[0] = piece[2] = line;
		piece[1] = span_of("");
		lines_put(&l, piece, 3);
	}
	lines_flush(&l);
	lines_release(&l);
}

static void
test_large(void)
{
	static const size_t sizes[] = {1, 32767, 32768, 65535, 65536, 65537,
	    131072, 500000};
	static char in[1000000];
	bool is_right = true;
	struct child c;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(in + n, 'a' + (int)i, sizes[i]);
		n += sizes[i];
		in[n++] = '\n';
	}
	child_run(&c, double_lines, in, n, 50000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		is_right = is_right && at + 2 * sizes[i] < c.len[0] &&
		    c.text[0][at] == 'a' + (char)i &&
		    c.text[0][at + 2 * sizes[i] - 1] == 'a' + (char)i &&
		    c.text[0][at + 2 * sizes[i]] == '\n';
		at += 2 * sizes[i] + 1;
	}
	ok(is_right && at == c.len[0], "lines around the sizes of buffers");
	child_free(&c);
}

/* A line's own bytes around a text that is not of it, every third as it is. */
static void
part_lines(void)
{
	struct span line, piece[3];
	struct lines l;

	lines_init(&l, 0, 1, 1u << 20);
	while (lines_next(&l, &line)) {
		size_t half = l.number % 3 ? line.n / 2 : 0;

		piece[0] = (struct span){line.p, half};
		piece[1] = span_of(l.number % 3 ? "<->" : "");
		piece[2] = (struct span){line.p + half, line.n - half};
		lines_put(&l, piece, 3);
	}
	lines_flush(&l);
	lines_release(&l);
}

static void
test_parts(void)
{
	static char in[2000000], want[2100000];
	size_t n = 0, m = 0;
	struct child c;

	for (size_t i = 1; i < 1500; i++) {
		size_t length = i % 900 < 300 ? 520 : i * 7 % 1200 + 1;
		size_t half = i % 3 ? length / 2 : 0;

		for (size_t k = 0; k < length; k++)
			in[n + k] = (char)('a' + (i + k) % 26);
		memcpy(want + m, in + n, half);
		m += half;
		m += (size_t)sprintf(want + m, "%s", i % 3 ? "<->" : "");
		memcpy(want + m, in + n + half, length - half);
		m += length - half;
		n += length;
		in[n++] = want[m++] = '\n';
	}
	child_run(&c, part_lines, in, n, 100000);
	ok(c.len[0] == m && memcmp(c.text[0], want, m) == 0,
	    "pieces of lines, in place and copied");
	child_free(&c);
}

static void
test_memory(void)
{
	const size_t max = 8u << 20;
	char *big = malloc(max);
	FILE *f = tmpfile();
	struct lines l;
	struct span line;
	size_t peak = 0;

	memset(big, 'x', max);
	fprintf(f, "first\n");
	fwrite(big, 1, max, f);
	fprintf(f, "\n");
	for (int i = 0; i < 40000; i++)
		fprintf(f, "a line behind it, %d\n", i);
	rewind(f);
	lines_init(&l, fileno(f), -1, max);
	while (lines_next(&l, &line)) {
		peak = l.size > peak ? l.size : peak;
		if (l.number == 2)
			ok(line.n == max, "a line of 8 MiB");
	}
	ok(peak >= max && peak <= max + (256u << 10),
	    "memory is that of the longest line: %zu", peak);
	ok(l.size <= 256u << 10, "and is given back while lines go on: %zu",
	    l.size);
	ok(l.number == 40002 && l.dropped == 0, "with no line lost");
	lines_release(&l);
	fclose(f);
	free(big);
}

/* An endless line costs no more memory than the cap. */
static void
test_endless(void)
{
	struct lines l;
	struct span line;
	FILE *f = tmpfile();
	static char block[1 << 20];

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 20; i++)
		fwrite(block, 1, sizeof(block), f);
	fprintf(f, "\nafter\n");
	rewind(f);
	lines_init(&l, fileno(f), -1, 1u << 20);
	diag_level(DIAG_FATAL);
	ok(lines_next(&l, &line) && span_eq(line, "after") && l.number == 2 &&
		l.dropped == 1 && !lines_next(&l, &line) &&
		!lines_next(&l, &line),
	    "a line of 20 MiB is skipped");
	ok(l.size <= (1u << 20) + (256u << 10), "in the memory of the cap: %zu",
	    l.size);
	diag_level(DIAG_WARNING);
	lines_release(&l);
	fclose(f);
}

/* Data and the end are there to be read, and an empty pipe is not. */
static void
test_ready(void)
{
	struct lines l;
	int fd[2];
	bool empty, full, end;

	if (pipe(fd) < 0)
		diag_die(EXIT_TEMPORARY, "pipe: %m");
	lines_init(&l, fd[0], -1, cap);
	empty = lines_ready(&l);
	full = write(fd[1], "x", 1) == 1 && lines_ready(&l);
	close(fd[1]);
	end = read(fd[0], &(char){0}, 1) == 1 && lines_ready(&l);
	ok(!empty && full && end, "whether a read would wait is known");
	lines_release(&l);
	close(fd[0]);
}

int
main(void)
{
	srandom(7);
	test_lines();
	test_cap();
	test_nul();
	test_random();
	test_flush_before_read();
	test_before_read();
	test_nonblocking();
	test_interrupted();
	test_reader_gone();
	test_errors();
	test_large();
	test_parts();
	test_memory();
	test_endless();
	test_ready();
	return tap_done();
}
