#include "base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

static int
digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

char *
base64_decode(const char *text, size_t *n)
{
	char *out = diag_alloc(NULL, strlen(text) / 4 * 3 + 4);
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t digits = 0, padding = 0;

	*n = 0;
	for (; *text; text++) {
		int d = digit(*text);

		if (strchr(" \t\r\n", *text))
			continue;
		if (*text == '=') {
			padding++;
			continue;
		}
		if (d < 0 || padding)
			goto bad;
		bits = bits << 6 | (uint32_t)d;
		n_bits += 6;
		digits++;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[(*n)++] = (char)(bits >> n_bits & 0xff);
		}
	}
	if ((digits + padding) % 4 || padding > 2)
		goto bad;
	out[*n] = '\0';
	return out;
bad:
	free(out);
	return NULL;
}
