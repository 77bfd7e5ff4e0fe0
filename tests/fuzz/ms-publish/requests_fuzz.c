/* requests_fuzz - any message as a request: what is no request does nothing. */
#include <stdlib.h>

#include "diag.h"
#include "fuzz/fuzz.h"
#include "requests.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct requests *q = requests_new(5, 5);
	struct span message = {(const char *)data, size};
	struct scan_error err;

	diag_level(DIAG_FATAL);
	requests_take(q, message);
	MUST(requests_due(q) < 0 ||
	    scan_find(NULL, message.p, message.n, NULL, &err) == 0);
	free(q);
	return 0;
}
