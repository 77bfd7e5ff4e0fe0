#include "fixes.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	int fix;
} all[] = {{"values", FIX_VALUES}, {"design", FIX_DESIGN}, {"urls", FIX_URLS},
    {"kind", FIX_KIND}, {"sections", FIX_SECTIONS}, {"all", FIX_ALL}};

int
fixes_named(const char *list, const char **bad)
{
	int fixes = 0;
	size_t n, i;

	for (const char *p = list; *p; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		for (i = 0; i < sizeof(all) / sizeof(*all); i++)
			if (strlen(all[i].name) == n &&
			    strncmp(p, all[i].name, n) == 0)
				break;
		if (i == sizeof(all) / sizeof(*all)) {
			*bad = p;
			return -1;
		}
		fixes |= all[i].fix;
	}
	return fixes;
}
