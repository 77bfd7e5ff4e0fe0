/* The signatures that the program itself carries. */
#include "signature.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"

/* Each file's text stands behind a line "%%% NAME" (the Makefile makes it so;
 * a % cannot begin a line of these files). */
#define MARK "%%% "

__asm__(".section .rodata\n"
	"ms_signatures:\n"
	".incbin \"signatures.yaml\"\n"
	"ms_signatures_end:\n"
	".byte 0\n"
	".previous\n");

extern const char ms_signatures[], ms_signatures_end[];

static const char *
next_mark(const char *p, const char *end)
{
	const char *mark = p;

	while ((mark = memchr(mark, '%', (size_t)(end - mark)))) {
		if (end - mark > 4 && memcmp(mark, MARK, 4) == 0 &&
		    (mark == ms_signatures || mark[-1] == '\n'))
			return mark;
		mark++;
	}
	return end;
}

void
signatures_embedded(struct signatures *s)
{
	const char *p = ms_signatures, *end = ms_signatures_end;
	char err[CONFIG_ERROR], name[256];

	while (p < end) {
		const char *text = memchr(p, '\n', (size_t)(end - p));
		const char *next;

		if (!text)
			break;
		text++;
		next = next_mark(text, end);
		snprintf(name, sizeof(name), "%.*s", (int)(text - 1 - p - 4),
		    p + 4);
		if (signatures_read(s, name, text, (size_t)(next - text), err) <
		    0)
			diag_die(EXIT_BUG, "built-in signature %s", err);
		p = next;
	}
}
