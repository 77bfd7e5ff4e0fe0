/* discovery_fuzz - any JSON object as a discovery document of either form: a
 * catalog whose resources are whole, each chosen at most once. */
#include <string.h>

#include "catalog.h"
#include "fuzz/fuzz.h"

static void
check(struct catalog *c)
{
	catalog_choose(c);
	for (size_t i = 0; i < c->n; i++) {
		const struct resource *r = c->resource[i];

		MUST(*r->name && *r->kind && !strchr(r->name, '/'));
		MUST(strncmp(r->id, r->name, strlen(r->name)) == 0);
		MUST(!r->is_chosen || r->is_watchable);
		for (size_t j = 0; j < i && r->is_chosen; j++)
			MUST(!c->resource[j]->is_chosen ||
			    strcmp(c->resource[j]->name, r->name) != 0 ||
			    strcmp(c->resource[j]->group, r->group) != 0);
	}
	catalog_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span doc = {(const char *)data, size};
	struct catalog c = {0};
	struct scan_error err;

	/* as discovery.c takes them: an object, and nothing behind it */
	if (!size || *data != '{' || data[size - 1] != '}' ||
	    scan_find(NULL, doc.p, doc.n, NULL, &err) < 0)
		return 0;
	catalog_add_aggregated(&c, doc);
	check(&c);
	catalog_add_legacy(&c, "example.com", "v1", doc);
	check(&c);
	return 0;
}
