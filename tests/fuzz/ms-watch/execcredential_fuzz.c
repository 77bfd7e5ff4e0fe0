/* execcredential_fuzz - any bytes as what a credential plugin prints: something
 * that can be sent, or words that say why not, none of them its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "execcredential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int is_true)
{
	if (!is_true)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char want[] = "client.authentication.k8s.io/v1";
	char err[CONFIG_ERROR] = "";
	struct execcredential e;

	if (execcredential_parse(&e, (const char *)data, size, want, err) < 0) {
		require(*err && !e.token && !e.certificate && !e.key);
		require(!strstr(err, "hunter2"));
		return 0;
	}
	require(e.token || e.certificate);
	require(!e.certificate == !e.key);
	for (const char *p = e.token; p && *p; p++)
		require((unsigned char)*p > 0x20 && *p != 0x7f);
	require(!e.certificate || strstr(e.certificate, "CERTIFICATE"));
	/* years 1 to 9999, give or take a time zone */
	require(e.expires > -62200000000 && e.expires < 253500000000);
	execcredential_free(&e);
	return 0;
}
