#include "image.h"

#include <ctype.h>
#include <string.h>

static struct span
before(struct span s, const char *end)
{
	return (struct span){s.p, (size_t)(end - s.p)};
}

static struct span
after(struct span s, const char *mark)
{
	return (struct span){mark + 1, (size_t)(s.p + s.n - mark - 1)};
}

static const char *
last_of(struct span s, char c)
{
	for (const char *p = s.p + s.n; p > s.p; p--)
		if (p[-1] == c)
			return p - 1;
	return NULL;
}

static bool
has_only_name_bytes(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("._-:*", s.p[i]))
			return false;
	return s.n > 0;
}

/* Take digest and tag off the end. A colon before a slash is a port. */
static struct span
cut_tail(struct span ref, struct image *image)
{
	const char *at = ref.n ? memchr(ref.p, '@', ref.n) : NULL;
	const char *colon, *slash;

	if (at) {
		image->digest = after(ref, at);
		ref = before(ref, at);
	}
	colon = last_of(ref, ':');
	slash = last_of(ref, '/');
	if (colon && (!slash || colon > slash)) {
		image->tag = after(ref, colon);
		ref = before(ref, colon);
	}
	return ref;
}

struct span
image_repo(struct span ref)
{
	struct image image;

	return cut_tail(ref, &image);
}

/* "[2001:db8::1]:5000": a registry, and nothing else may look like it. */
static bool
is_address(struct span part)
{
	const char *end =
	    part.n && *part.p == '[' ? memchr(part.p, ']', part.n) : NULL;

	return end && end > part.p + 1 &&
	    has_only_name_bytes(before(after(part, part.p), end)) &&
	    (end + 1 == part.p + part.n || end[1] == ':');
}

/* Names are told by their end, so what is too deep loses its middle. */
static void
add_part(struct image *image, struct span part)
{
	if (image->n == IMAGE_PARTS) {
		image->n--;
		memmove(image->part + 1, image->part + 2,
		    (IMAGE_PARTS - 2) * sizeof(*image->part));
	}
	image->part[image->n++] = part;
}

static bool
split(struct span path, struct image *image)
{
	for (;;) {
		const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
		struct span part = slash ? before(path, slash) : path;

		if (!has_only_name_bytes(part) &&
		    (image->n || !slash || !is_address(part)))
			return false;
		add_part(image, part);
		if (!slash)
			return true;
		path = after(path, slash);
	}
}

static bool
is_host(struct span part)
{
	return memchr(part.p, '.', part.n) || memchr(part.p, ':', part.n) ||
	    span_eq(part, "localhost");
}

static struct span
less_port(struct span host)
{
	const char *end = host.p + host.n, *p = host.p;
	const char *port;

	if (*p == '[')
		p = memchr(p, ']', host.n);
	port = memchr(p, ':', (size_t)(end - p));
	return port ? before(host, port) : host;
}

static bool
is_docker_hub(struct span host)
{
	return span_eq(host, "docker.io") || span_eq(host, "index.docker.io") ||
	    span_eq(host, "registry-1.docker.io") ||
	    span_eq(host, "registry.hub.docker.com");
}

static void
drop_first(struct image *image)
{
	image->n--;
	memmove(image->part, image->part + 1, image->n * sizeof(*image->part));
}

bool
image_parse(struct span ref, struct image *image)
{
	*image = (struct image){0};
	/* what ko is to build; "ko:" would be a host */
	if (ref.n > 5 && memcmp(ref.p, "ko://", 5) == 0) {
		ref.p += 5;
		ref.n -= 5;
	}
	if (!split(cut_tail(ref, image), image))
		return false;
	if (image->n > 1 && is_host(image->part[0])) {
		image->part[0] = less_port(image->part[0]);
		if (!image->part[0].n)
			return false;
		image->has_host = !is_docker_hub(image->part[0]);
		if (!image->has_host)
			drop_first(image);
	}
	if (!image->has_host && image->n == 1) {
		image->part[1] = image->part[0];
		image->part[0] = span_of("library");
		image->n = 2;
	}
	return image->n > 0;
}
