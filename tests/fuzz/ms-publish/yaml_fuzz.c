/* yaml_fuzz - any object as YAML, read again by libyaml: the same values. */
#include <string.h>

#include "config.h"
#include "fuzz/fuzz.h"
#include "yamldoc.h"
#include "yamlplain.h"

static struct tape tape;
static struct json text[2], out, name;

static struct span
decoded(struct span raw)
{
	json_reset(&name);
	json_room(&name, raw.n + 1);
	name.len = scan_decode(raw.p, raw.n, name.p);
	return (struct span){name.p, name.len};
}

static bool
says(const config_node *node, struct span raw)
{
	struct span want = decoded(raw);

	return node && node->type == YAML_SCALAR_NODE &&
	    node->data.scalar.length == want.n &&
	    memcmp(node->data.scalar.value, want.p, want.n) == 0;
}

static config_node *
member(struct config *c, config_node *map, struct span key)
{
	for (size_t i = 0; i < config_count(map); i++)
		if (says(config_key_at(c, map, i), key))
			return config_value_at(c, map, i);
	return NULL;
}

/* Other scalars are plain, and so is no text that could be taken for one. */
static void
check_scalar(config_node *node, uint32_t at)
{
	bool is_plain;

	MUST(node && node->type == YAML_SCALAR_NODE);
	is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (tape.node[at].type != SCAN_STRING) {
		MUST(is_plain);
		return;
	}
	MUST(says(node, tape_value(&tape, at)));
	MUST(!is_plain ||
	    !yamlplain_is_other(
		(struct span){(const char *)node->data.scalar.value,
		    node->data.scalar.length}));
}

static void
check(struct config *c, config_node *node, uint32_t at)
{
	uint32_t first, n, i;

	if (tape.node[at].type == SCAN_OBJECT) {
		MUST(config_is_map(node));
		n = tape_sort(&tape, at, &first);
		MUST(config_count(node) == n);
		for (i = 0; i < n; i++)
			check(c,
			    member(c, node,
				tape_key(&tape, tape.order[first + i].node)),
			    tape.order[first + i].node);
		tape.n_order = first;
	} else if (tape.node[at].type == SCAN_ARRAY) {
		MUST(config_is_list(node));
		n = 0;
		for (i = at + 1; i < tape.node[at].end; i = tape.node[i].end)
			check(c, config_at(c, node, n++), i);
		MUST(config_count(node) == n);
	} else {
		check_scalar(node, at);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span object = {(const char *)data, size};
	struct scan_error err;
	struct config c;
	char why[CONFIG_ERROR];

	if (size > 4096 || scan_find(NULL, object.p, object.n, NULL, &err) < 0)
		return 0;
	while (object.n && (unsigned char)*object.p <= ' ')
		object.p++, object.n--;
	if (scan_type(object) != SCAN_OBJECT)
		return 0;
	tape_read(&tape, object);
	if (tape.n == 1)
		return 0;
	json_reset(&out);
	yaml_write(&tape, text, &out);
	MUST(config_parse(&c, "yaml", out.p, out.len, why) == 0);
	check(&c, config_root(&c), 0);
	config_free(&c);
	return 0;
}
