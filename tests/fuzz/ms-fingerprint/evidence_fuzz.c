/* evidence_fuzz - any lines through the whole engine.
 *
 * Every record that comes out is one, and those that went in come out in their
 * order; found infrastructure is an object as Kubernetes has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "filter.h"
#include "fuzz/fuzz.h"

static const char *const texts[] =
    {"product: istio\nscope: namespace\nversion: label\nimages:\n"
     "- {repo: istio/pilot, component: istiod, role: control-plane}\n"
     "- {repo: istio/proxyv2, role: sidecar}\n"
     "crds: [istio.io]\nlabels: [app=istiod]\n"
     "annotations: [sidecar.istio.io/status]\nclasses: [istio.io/gateway]\n",
	"product: redis\nimages:\n- {repo: library/redis}\n"
	"part_of: [app.kubernetes.io/part-of=cache]\nports: [6379]\n"
	"args: [--appendonly]\ncommands: [redis-server]\n"
	"labels: [app.kubernetes.io/name=redis]\n",
	"product: rollouts\nscope: cluster\nimages:\n"
	"- {repo: argoproj/argo-rollouts, role: controller}\n"
	"crds: [rollouts.argoproj.io]\nwatch: [rollouts.argoproj.io]\n"};

static struct knowledge *
know(struct library *l)
{
	char err[CONFIG_ERROR];
	struct knowledge *k;

	*l = (struct library){.bare = true};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct json data = {0};

		json_open(&data, '{');
		json_member_text(&data, "x", span_of(texts[i]));
		json_close(&data, '}');
		k = library_replace(l, (struct span){"abc" + i, 1},
		    (struct span){data.p, data.len}, err);
		MUST(k);
		if (i + 1 < sizeof(texts) / sizeof(*texts))
			knowledge_free(k);
		json_release(&data);
	}
	return k;
}

static void
check_output(const struct filter *f, int fd)
{
	size_t len = (size_t)lseek(fd, 0, SEEK_CUR);
	char *text = malloc(len + 1), *p = text, *end;
	struct scan_error err;
	struct record r;

	MUST(text && pread(fd, text, len, 0) == (ssize_t)len);
	for (; p < text + len; p = end + 1) {
		MUST(end = memchr(p, '\n', (size_t)(text + len - p)));
		MUST(record_parse(&f->rs.plan,
			 (struct span){p, (size_t)(end - p)}, &r, &err) == 0);
	}
	free(text);
}

/* As from a pipe: lines may be like those before them. */
static void
feed(struct filter *f)
{
	struct record r;

	while (records_next(&f->rs, &r)) {
		size_t n = r.line.n;

		filter_record(f, &r);
		/* as if nothing else had been there to read */
		if (n % 2)
			filter_settle(f);
	}
	filter_settle(f);
	lines_flush(&f->rs.io);
}

/* An empty file, the same one each time. */
static int
file(int *fd)
{
	if (*fd < 0)
		*fd = fileno(tmpfile());
	MUST(lseek(*fd, 0, SEEK_SET) == 0 && ftruncate(*fd, 0) == 0);
	return *fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int in = -1, out = -1;
	struct library l;
	struct filter f;

	diag_level(DIAG_FATAL); /* of signatures that are wrong */
	MUST(write(file(&in), data, size) == (ssize_t)size &&
	    lseek(in, 0, SEEK_SET) == 0);
	filter_init(&f, &l, know(&l), in, file(&out));
	feed(&f);
	check_output(&f, out);
	filter_release(&f);
	library_free(&l);
	return 0;
}
