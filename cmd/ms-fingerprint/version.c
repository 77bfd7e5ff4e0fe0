#include "version.h"

#include <ctype.h>
#include <string.h>

static const struct span none;

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct span
drop_v(struct span s)
{
	if (s.n > 1 && (*s.p == 'v' || *s.p == 'V') && digit(s.p[1]))
		return (struct span){s.p + 1, s.n - 1};
	return s;
}

/* The numbers that a version begins with: "1.2.3" of "1.2.3-rc.1". They need a
 * dot: "3" is a range, "20240101" a date. */
static size_t
numbers(struct span s)
{
	size_t n = 0, dots = 0;

	while (n < s.n &&
	    (digit(s.p[n]) ||
		(s.p[n] == '.' && n > 0 && digit(s.p[n - 1]) && n + 1 < s.n &&
		    digit(s.p[n + 1]))))
		dots += s.p[n++] == '.';
	return dots ? n : 0;
}

/* The words that say how or for what an image was built. A trailing digit
 * stands for digits and dots (r4, jdk17, ubuntu22.04). */
static const char *const flavors[] = {"0", "alma0", "alpine", "alpine0",
    "amd64", "arm", "arm32v7", "arm64", "arm64v8", "armv7", "azurelinux",
    "azurelinux0", "base", "bci", "bci0", "bionic", "bookworm", "build0",
    "builds", "bullseye", "buster", "busybox", "centos", "centos0",
    "chainguard", "chiseled", "community", "contrib", "cpu", "cuda0", "debian",
    "debian0", "debug", "dev", "distroless", "eks", "eksbuild", "eksbuild0",
    "ent", "enterprise", "fips", "fips0", "focal", "fpm", "full", "gke", "gke0",
    "glibc", "gpu", "hardened0", "hotfix0", "i386", "iron", "jammy", "java0",
    "jdk", "jdk0", "jre", "jre0", "k3s0", "linux", "loong64", "management",
    "mariner", "mariner0", "mini", "minimal", "multi", "multiarch", "musl",
    "nanoserver", "noble", "nonroot", "ol0", "oraclelinux0", "oss", "otel",
    "perl", "photon", "ppc64le", "py0", "python0", "r0", "rancher0", "rhel",
    "rhel0", "riscv64", "rke2r0", "rocky0", "root", "rootless", "s390x",
    "scratch", "slim", "static", "stretch", "temurin", "trixie", "ubi", "ubi0",
    "ubuntu", "ubuntu0", "unprivileged", "windows", "windows0",
    "windowsservercore", "wolfi", "x86_64"};

static bool
is_flavor(struct span word)
{
	size_t n = word.n;

	while (n > 0 && (digit(word.p[n - 1]) || word.p[n - 1] == '.'))
		n--;
	for (size_t i = 0; i < sizeof(flavors) / sizeof(*flavors); i++) {
		size_t len = strlen(flavors[i]);
		bool numbered = flavors[i][len - 1] == '0';

		if (numbered && n < word.n && n == len - 1 &&
		    memcmp(word.p, flavors[i], n) == 0)
			return true;
		if (word.n == len && memcmp(word.p, flavors[i], len) == 0)
			return true;
	}
	return false;
}

/* rc, rc1, rc.1, beta2, alpha.20240101, pre … */
static bool
is_prerelease(struct span word)
{
	static const char *const names[] = {"alpha", "beta", "rc", "pre",
	    "preview"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);

		if (word.n >= n && strncasecmp(word.p, names[i], n) == 0 &&
		    (word.n == n || !isalpha((unsigned char)word.p[n])))
			return true;
	}
	return false;
}

static bool
is_number(struct span word)
{
	size_t n = 0;

	while (n < word.n && (digit(word.p[n]) || word.p[n] == '.'))
		n++;
	return n && n == word.n;
}

/* How far the version goes behind its numbers, word by word. A number after a
 * pre-release's name belongs to it ("-rc-1"). */
static size_t
with_suffix(struct span s, size_t n, bool only_prerelease)
{
	bool was_prerelease = false;

	while (n < s.n && (s.p[n] == '-' || s.p[n] == '_')) {
		struct span word = {s.p + n + 1, 0};
		bool pre;

		while (n + 1 + word.n < s.n && s.p[n + 1 + word.n] != '-' &&
		    s.p[n + 1 + word.n] != '_')
			word.n++;
		pre =
		    is_prerelease(word) || (was_prerelease && is_number(word));
		if (!pre && (only_prerelease || is_flavor(word)))
			break;
		was_prerelease = pre;
		n += 1 + word.n;
	}
	return n;
}

/* 1.7.x is a line of versions, and none of them. */
static bool
is_range(struct span s, size_t n)
{
	return s.n > n + 1 && s.p[n] == '.' && s.p[n + 1] == 'x' &&
	    (s.n == n + 2 || s.p[n + 2] == '-' || s.p[n + 2] == '_');
}

static struct span
plain(struct span tag, bool only_prerelease)
{
	struct span s = drop_v(tag);
	size_t n = numbers(s), end = n;

	if (!n || is_range(s, n))
		return none;
	/* 1.2.3rc1, 1.2.3a, 1.2.3.RELEASE: part of the same word; but not the
	 * machine of 1.2.3.arm64 */
	while (
	    end < s.n && s.p[end] != '-' && s.p[end] != '_' && s.p[end] != '+')
		end++;
	if (end > n + 1 && s.p[n] == '.' &&
	    is_flavor((struct span){s.p + n + 1, end - n - 1}))
		return (struct span){s.p, n};
	n = end;
	return (struct span){s.p, with_suffix(s, n, only_prerelease)};
}

/* ---- patterns ---- */

struct capture {
	const char *from, *to;
};

static bool match(const char *p, const char *s, const char *end,
    struct capture *c);

static bool
match_any(const char *p, const char *s, const char *end, struct capture *c)
{
	for (; s <= end; s++)
		if (match(p, s, end, c))
			return true;
	return false;
}

/* "version" in a capture: numbers with a dot, and what plain would take of the
 * rest if that lets the pattern match, else the numbers alone. */
static bool
match_version(const char *p, const char *s, const char *end, struct capture *c)
{
	struct span rest = drop_v((struct span){s, (size_t)(end - s)});
	size_t n = numbers(rest);

	if (c->from == s)
		c->from = rest.p;
	s = rest.p;

	return n &&
	    (match(p, s + with_suffix(rest, n, true), end, c) ||
		match(p, s + n, end, c));
}

/* "number": digits, and not the beginning of more. */
static bool
match_number(const char *p, const char *s, const char *end, struct capture *c)
{
	const char *from = s;

	while (s < end && digit(*s))
		s++;
	return s > from && (s == end || *s != '.') && match(p, s, end, c);
}

static bool
match(const char *p, const char *s, const char *end, struct capture *c)
{
	for (;; p++) {
		if (*p == '\0')
			return s == end;
		if (*p == '<') {
			c->from = s;
		} else if (*p == '>') {
			c->to = s;
		} else if (*p == '*') {
			return match_any(p + 1, s, end, c);
		} else if (c->from && !c->to && strncmp(p, "version", 7) == 0) {
			return match_version(p + 7, s, end, c);
		} else if (c->from && !c->to && strncmp(p, "number", 6) == 0) {
			return match_number(p + 6, s, end, c);
		} else if (s < end && *s == *p) {
			s++;
		} else {
			return false;
		}
	}
}

static struct span
by_pattern(const char *rule, struct span text)
{
	const char *end = text.p + text.n;
	struct capture c;

	for (const char *s = text.p;; s++) {
		c = (struct capture){0};
		if (match(rule, s, end, &c) && c.from && c.to > c.from)
			return (struct span){c.from, (size_t)(c.to - c.from)};
		/* a leading v is nobody's business */
		if (s > text.p || s == end || *s != 'v')
			return none;
	}
}

/* Labels and tags have no other bytes; what an application answers, or an
 * annotation says, may have any. */
static bool
is_clean(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    !(s.p[i] && strchr("._-+~", s.p[i])))
			return false;
	return true;
}

static struct span
by_rule(const char *rule, struct span text)
{
	if (strcmp(rule, "none") == 0)
		return none;
	if (strcmp(rule, "plain") == 0)
		return plain(text, false);
	if (strcmp(rule, "flavor") == 0)
		return plain(text, true);
	if (strcmp(rule, "whole") == 0)
		return text;
	return by_pattern(rule, text);
}

struct span
version_by_rule(const char *rule, struct span text)
{
	struct span version = text.n ? by_rule(rule, text) : none;

	return is_clean(version) ? version : none;
}

const char *
version_rule_wrong(const char *rule)
{
	const char *from = strchr(rule, '<');
	const char *to = strchr(rule, '>');
	unsigned stars = 0;

	if (strcmp(rule, "plain") == 0 || strcmp(rule, "flavor") == 0 ||
	    strcmp(rule, "whole") == 0 || strcmp(rule, "none") == 0)
		return NULL;
	if (!from || !to || to < from + 2 || strchr(from + 1, '<') ||
	    strchr(to + 1, '>'))
		return "is not plain, flavor, whole, none, or a pattern with "
		       "one <version>";
	for (const char *p = rule; *p; p++)
		stars += *p == '*';
	return stars > 3 ? "has more than three *" : NULL;
}

/* ---- order ---- */

static int
compare_numbers(const char **a, const char *a_end, const char **b,
    const char *b_end)
{
	size_t x = 0, y = 0;
	int c;

	while (*a < a_end && **a == '0')
		++*a;
	while (*b < b_end && **b == '0')
		++*b;
	while (*a + x < a_end && digit((*a)[x]))
		x++;
	while (*b + y < b_end && digit((*b)[y]))
		y++;
	c = x != y ? (x < y ? -1 : 1) : memcmp(*a, *b, x);
	*a += x;
	*b += y;
	return c;
}

int
version_compare(struct span a, struct span b)
{
	const char *p = a.p, *q = b.p, *p_end, *q_end;
	int c;

	if (!a.n || !b.n)
		return (a.n > 0) - (b.n > 0);
	p_end = p + a.n;
	q_end = q + b.n;
	while (p < p_end && q < q_end) {
		if (digit(*p) && digit(*q)) {
			c = compare_numbers(&p, p_end, &q, q_end);
			if (c)
				return c;
		} else if (*p != *q) {
			return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
		} else {
			p++;
			q++;
		}
	}
	if (p == p_end && q == q_end)
		return 0;
	/* 1.2.3-rc.1 comes before 1.2.3, which comes before 1.2.3.1 */
	if (p == p_end)
		return *q == '-' ? 1 : -1;
	return *p == '-' ? -1 : 1;
}
