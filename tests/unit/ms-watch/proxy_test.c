/* Which proxy is used: proxy-url, the environment, and what NO_PROXY says. */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void
is(const char *server, const char *no_proxy, const char *want)
{
	char *got;

	setenv("NO_PROXY", no_proxy, 1);
	got = proxy_find(server, NULL);
	ok(got ? want && strcmp(got, want) == 0 : !want, "%s without '%s': %s",
	    server, no_proxy, want ? want : "direct");
	if (got && (!want || strcmp(got, want) != 0))
		printf("# %s\n", got);
	free(got);
}

static void
test_exceptions(void)
{
	static const char *const p = "http://proxy:3128";
	static const char *const name = "https://api.example.com:6443";
	static const char *const v4 = "https://10.1.2.3:6443/k8s";
	static const char *const v6 = "https://[fd00::12]:6443";

	is(name, "", p);
	is(name, "*", NULL);
	is(name, "example.com", NULL);
	is(name, "a, .EXAMPLE.com ,b", NULL);
	is(name, "*.example.com", NULL);
	is(name, "ample.com", p);
	is("https://example.com", ".example.com", p);
	is("https://example.com", "example.com:443", NULL);
	is(name, "example.com:443", p);
	is(name, "example.com:6443", NULL);
	is(name, "10.0.0.0/8,,", p);
	is(v4, "10.0.0.0/8", NULL);
	is(v4, "10.1.2.0/31", p);
	is(v4, "10.1.2.2/31", NULL);
	is(v4, "10.1.2.3", NULL);
	is(v4, "10.1.2.3:80", p);
	is(v4, "10.1.2.3:6443", NULL);
	is(v4, "10.1.2.3/33,10.1.2.3/,0.0.0.0/x", p);
	is(v4, "0.0.0.0/0", NULL);
	is(v4, "2.3", p);
	is(v6, "fd00::/8", NULL);
	is(v6, "fd00::10/127", p);
	is(v6, "fd00:0:0::12", NULL);
	is(v6, "[fd00::12]", NULL);
	is(v6, "[fd00::12]:6443", NULL);
	is(v6, "[fd00::12]:443", p);
	is(v6, "10.0.0.0/8", p);
}

static void
test_own_machine(void)
{
	is("https://127.0.0.1:6443", "", NULL);
	is("https://127.9.9.9", "", NULL);
	is("https://[::1]:6443", "", NULL);
	is("https://localhost", "", NULL);
	is("https://0.0.0.0:1", "", "http://proxy:3128");
}

static void
test_choice(void)
{
	char *got = proxy_find("https://127.0.0.1", "socks5://u:p@x:1");

	ok(got && strcmp(got, "socks5h://u:p@x:1") == 0,
	    "proxy-url holds everywhere, and a socks5 proxy resolves names");
	free(got);
	is("http://api.example.com", "", "http://plain:1");
	setenv("HTTPS_PROXY", "https://proxy:1", 1);
	is("https://api.example.com", "", "https://proxy:1");
	unsetenv("HTTPS_PROXY");
	is("https://api.example.com", "", NULL);
	setenv("https_proxy", "x:2", 1);
	is("https://api.example.com", "", "http://x:2");
	unsetenv("https_proxy");
	setenv("ALL_PROXY", "http://all", 1);
	is("https://api.example.com", "", NULL);
}

int
main(void)
{
	unsetenv("https_proxy");
	unsetenv("http_proxy");
	unsetenv("no_proxy");
	setenv("HTTPS_PROXY", "http://proxy:3128", 1);
	setenv("HTTP_PROXY", "plain:1", 1);
	test_exceptions();
	test_own_machine();
	test_choice();
	return tap_done();
}
