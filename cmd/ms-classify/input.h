/* input - records from whatever tells of Kubernetes objects.
 *
 * Besides records, one a line, this takes what kubectl and curl print: watch
 * events without ms, single objects, and List documents, each also spread over
 * many lines. An object becomes an ADDED record, a List one for each item.
 */
#ifndef MS_INPUT_H
#define MS_INPUT_H

#include "record.h"

struct input {
	struct records rs; /* where records are put, too */
	int kind, api_version, items; /* slots: of a bare object or a list */
	struct json document; /* one that spans lines, as far as it came */
	unsigned depth; /* of brackets open in it; 0: none is begun */
	bool in_string, is_too_long;
	struct json list; /* a List being handed out … */
	struct scan_iter item;
	struct span item_kind, item_api_version; /* … and its items' */
	bool in_list;
	struct json line; /* a record made of an object */
};

void input_init(struct input *in, int from, int to, size_t cap);
void input_release(struct input *in);

/* As records_next(). */
bool input_next(struct input *in, struct record *r);

#endif
