#include "pem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "diag.h"

#define BEGIN "-----BEGIN "
#define DASHES "-----"

/* DER: a SEQUENCE that is exactly as long as it says. */
static bool
is_sequence(const unsigned char *p, size_t n)
{
	size_t at = 2, len;

	if (n < 2 || p[0] != 0x30)
		return false;
	len = p[1];
	if (len & 0x80) {
		unsigned digits = len & 0x7f;

		if (digits < 1 || digits > 4 || n < 2 + digits)
			return false;
		for (len = 0; at < 2 + digits; at++)
			len = len << 8 | p[at];
	}
	return len == n - at;
}

static bool
is_der(const char *text, size_t n)
{
	char *base64 = diag_strndup(text, n), *der;
	size_t size;
	bool is_good;

	der = base64_decode(base64, &size);
	is_good = der && is_sequence((unsigned char *)der, size);
	free(der);
	free(base64);
	return is_good;
}

static bool
ends_in(const char *p, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n >= k && memcmp(p + n - k, end, k) == 0;
}

static bool
mentions(const char *p, size_t n, const char *word)
{
	size_t k = strlen(word);

	for (size_t i = 0; i + k <= n; i++)
		if (memcmp(p + i, word, k) == 0)
			return true;
	return false;
}

/* A block from behind its BEGIN line. *rest is set behind it. */
static const char *
block_wrong(const char *name, size_t n_name, const char *body,
    const char **rest)
{
	char *last = diag_alloc(NULL, n_name + 20);
	const char *end;

	memcpy(last, "-----END ", 9);
	memcpy(last + 9, name, n_name);
	memcpy(last + 9 + n_name, DASHES, 6);
	end = strstr(body, last);
	free(last);
	if (!end)
		return "it has no END line";
	*rest = end;
	if (mentions(name, n_name, "ENCRYPTED") ||
	    mentions(body, (size_t)(end - body), "ENCRYPTED"))
		return "the key is encrypted, and nobody is there to ask for "
		       "the passphrase";
	if (!is_der(body, (size_t)(end - body)))
		return "what is between BEGIN and END is not whole";
	return NULL;
}

const char *
pem_wrong(const char *text, const char *label)
{
	bool has_one = false;

	while ((text = strstr(text, BEGIN))) {
		const char *name = text + strlen(BEGIN), *wrong;
		const char *end = strstr(name, DASHES);

		if (!end)
			return "its BEGIN line is not whole";
		text = end + strlen(DASHES);
		if (!ends_in(name, (size_t)(end - name), label))
			continue;
		wrong = block_wrong(name, (size_t)(end - name), text, &text);
		if (wrong)
			return wrong;
		has_one = true;
	}
	if (has_one)
		return NULL;
	return strcmp(label, PEM_KEY) == 0 ?
	    "there is no -----BEGIN ... PRIVATE KEY-----" :
	    "there is no -----BEGIN CERTIFICATE-----";
}
