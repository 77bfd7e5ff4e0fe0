/* execcredential_fuzz - any bytes as what a credential plugin prints: something
 * that can be sent, or words that say why not, none of them its own. */
#include <string.h>

#include "execcredential.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char want[] = "client.authentication.k8s.io/v1";
	char err[CONFIG_ERROR] = "";
	struct execcredential e;

	if (execcredential_parse(&e, (const char *)data, size, want, err) < 0) {
		MUST(*err && !e.token && !e.certificate && !e.key);
		MUST(!strstr(err, "hunter2"));
		return 0;
	}
	MUST(e.token || e.certificate);
	MUST(!e.certificate == !e.key);
	for (const char *p = e.token; p && *p; p++)
		MUST((unsigned char)*p > 0x20 && *p != 0x7f);
	MUST(!e.certificate || strstr(e.certificate, "CERTIFICATE"));
	/* years 1 to 9999, give or take a time zone */
	MUST(e.expires > -62200000000 && e.expires < 253500000000);
	execcredential_free(&e);
	return 0;
}
