/* signature_fuzz - any text as a file of signatures.
 *
 * It is refused with its place, or holds; and then objects can be matched by
 * it, and it can be read once more in its own place.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "library.h"
#include "match.h"

static void
match_some(const struct catalog *c)
{
	static const char facts[] = "Cc\0iacme/widget-server:release-2.3.4\0"
				    "cwidgetd\0w--config.file\0o9090\0P\0"
				    "lapp.kubernetes.io/name=widget\0"
				    "lhelm.sh/chart=widget-1.2.3\0";
	struct match m;

	match_facts(c, (struct span){facts, sizeof(facts) - 1}, &m);
	MUST(m.n_verdicts <= MATCH_VERDICTS);
	for (unsigned i = 0; i < m.n_verdicts; i++)
		MUST(m.verdict[i].product < c->signatures->n_products);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[CONFIG_ERROR] = "";
	struct signatures s;
	struct catalog c;
	int status;

	signatures_init(&s);
	status = signatures_read(&s, "f.yaml", (const char *)data, size, err);
	MUST(status == 0 || strncmp(err, "f.yaml:", 7) == 0);
	if (status == 0) {
		size_t n = s.n_products;

		MUST(signatures_read(&s, "f.yaml", (const char *)data, size,
			 err) == 0);
		MUST(s.n_products == n);
	}
	catalog_build(&c, &s);
	match_some(&c);
	catalog_free(&c);
	signatures_free(&s);
	return 0;
}
