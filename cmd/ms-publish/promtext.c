#include "promtext.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void
promtext_head(struct json *out, const char *name, const char *help)
{
	size_t n = strlen(name);
	bool is_counter = n > 6 && strcmp(name + n - 6, "_total") == 0;

	json_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    is_counter ? "counter" : "gauge");
}

/* As short as it can be without a loss that matters. */
void
promtext_number(struct json *out, double v)
{
	if (fabs(v) < 0x1p63 && v == (double)(int64_t)v)
		json_printf(out, "%lld\n", (long long)v);
	else
		json_printf(out, "%.6f\n", v);
}

void
promtext_simple(struct json *out, const char *name, const char *help, double v)
{
	promtext_head(out, name, help);
	json_printf(out, "%s ", name);
	promtext_number(out, v);
}

void
promtext_label(struct json *out, const char *name, struct span text)
{
	json_printf(out, "%s=\"", name);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\' || text.p[i] == '"')
			json_puts(out, "\\");
		json_raw(out, text.p[i] == '\n' ? "\\n" : text.p + i,
		    text.p[i] == '\n' ? 2 : 1);
	}
	json_puts(out, "\"");
}

void
promtext_key_label(struct json *out, const char *name, struct span key)
{
	struct json plain = {0};

	json_room(&plain, key.n + 1);
	plain.len = scan_decode(key.p, key.n, plain.p);
	promtext_label(out, name, (struct span){plain.p, plain.len});
	json_release(&plain);
}
