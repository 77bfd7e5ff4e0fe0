#include "base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit(char c)
{
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

char *
base64_decode(const char *text, size_t *n)
{
	char *out = diag_alloc(NULL, strlen(text) / 4 * 3 + 4);
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t count = 0, padding = 0;

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
		count++;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[(*n)++] = (char)(bits >> n_bits & 0xff);
		}
	}
	if ((count + padding) % 4 || padding > 2)
		goto bad;
	out[*n] = '\0';
	return out;
bad:
	free(out);
	return NULL;
}

char *
base64_encode(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	char *out = diag_alloc(NULL, (n + 2) / 3 * 4 + 1), *to = out;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)p[i] << 16;

		bits |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= i + 2 < n ? p[i + 2] : 0;
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < n ? digits[bits & 63] : '=';
	}
	*to = '\0';
	return out;
}
