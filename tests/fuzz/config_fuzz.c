/* config_fuzz - any bytes as YAML: read, or refused with a place. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz/fuzz.h"

/* An alias may lead back to what holds it: depth ends the walk. */
static size_t
walk(struct config *c, config_node *node, int depth)
{
	size_t n = config_count(node) < 8 ? config_count(node) : 8, sum = 1;
	const char *text = config_text(node);

	if (text)
		sum += strlen(text);
	if (depth == 0)
		return sum;
	for (size_t i = 0; i < n; i++) {
		config_node *key = config_key_at(c, node, i);

		sum += walk(c, config_at(c, node, i), depth - 1);
		sum += walk(c, config_value_at(c, node, i), depth - 1);
		if (config_text(key))
			config_get(c, node, config_text(key));
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[CONFIG_ERROR] = "";
	struct config c;

	if (config_parse(&c, "fuzz", (const char *)data, size, err) < 0) {
		MUST(strncmp(err, "fuzz:", 5) == 0);
		return 0;
	}
	walk(&c, config_root(&c), 4);
	config_error(&c, config_root(&c), err, "%zu bytes", size);
	config_free(&c);
	return 0;
}
