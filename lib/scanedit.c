/* Documents with changes: places of them by lib/scan, bytes by lib/json. */
#include "json.h"
#include "scan.h"

struct span
scan_cut(struct span object, struct span key, struct span value)
{
	const char *from = key.p - 1, *to = value.p + value.n;
	const char *before = from, *after = to;

	while (before > object.p && scan_is_space(before[-1]))
		before--;
	if (before[-1] == ',')
		return (struct span){before - 1, (size_t)(to - before + 1)};
	while (scan_is_space(*after)) /* a bracket ends it */
		after++;
	if (*after == ',')
		return (struct span){from, (size_t)(after + 1 - from)};
	return (struct span){from, (size_t)(to - from)};
}

struct span
scan_insert(struct span object, bool *comma)
{
	const char *p = object.p + 1;

	while (scan_is_space(*p))
		p++;
	*comma = *p != '}';
	return (struct span){object.p + 1, 0};
}

void
scan_splice(struct span doc, const struct scan_edit *edit, size_t n,
    struct json *out)
{
	const char *p = doc.p;

	for (size_t i = 0; i < n; i++) {
		json_raw(out, p, (size_t)(edit[i].at.p - p));
		json_raw(out, edit[i].with.p, edit[i].with.n);
		p = edit[i].at.p + edit[i].at.n;
	}
	json_raw(out, p, (size_t)(doc.p + doc.n - p));
}
