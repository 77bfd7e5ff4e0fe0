/* wire_fuzz - any object as a message, by every fix and none.
 *
 * The message is JSON, has the parts that Meshery Server needs, and says of the
 * same object the same whatever was converted before. That the bytes are right
 * is for tests/streams/wire.t to say.
 */
#include <string.h>

#include "fixes.h"
#include "fuzz/fuzz.h"
#include "meshery.h"

static enum service_answer
answer(void *context, const char *host, int port)
{
	(void)context;
	MUST(strlen(host) < SERVICE_HOST && port >= 0 && port <= 65535);
	return (enum service_answer)(port % 3);
}

static void
check(struct span message)
{
	struct scan_error err;
	struct span object, metadata;

	MUST(scan_find(NULL, message.p, message.n, NULL, &err) >= 0);
	object = scan_get(message, "Object");
	metadata = scan_get(object, "metadata");
	MUST(scan_type(metadata) == SCAN_OBJECT);
	MUST(scan_type(scan_get(object, "kind")) == SCAN_STRING);
	MUST(scan_eq(scan_get(object, "cluster_id"), "c"));
	MUST(scan_type(scan_get(metadata, "uid")) == SCAN_STRING);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct meshery kept = {.dial = answer};
	struct meshery fresh = {.dial = answer};
	struct span object = {(const char *)data, size}, a, b;
	struct scan_error err;
	bool is_made;

	if (scan_find(NULL, object.p, object.n, NULL, &err) < 0)
		return 0;
	while (object.n && (unsigned char)*object.p <= ' ')
		object.p++, object.n--;
	if (scan_type(object) != SCAN_OBJECT)
		return 0;
	for (unsigned fix = 0; fix <= FIX_ALL; fix += FIX_ALL) {
		kept.fix = fresh.fix = fix;
		is_made = meshery_message(&kept, RECORD_ADDED, object,
		    span_of("c"), &a);
		MUST(meshery_message(&fresh, RECORD_ADDED, object, span_of("c"),
			 &b) == is_made);
		if (!is_made)
			continue;
		check(a);
		MUST(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
	}
	meshery_release(&fresh);
	return 0;
}
