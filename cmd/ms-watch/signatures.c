#include "signatures.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "diag.h"
#include "record.h"
#include "text.h"

#define TOTAL (16u << 20) /* bytes: half a record */
#define FRAME 32768u /* bytes of a record around them */

/* ---- files ---- */

static int
fail(char err[SIGNATURES_ERROR], const char *path, const char *why)
{
	snprintf(err, SIGNATURES_ERROR, "unable to read %s: %s", path, why);
	return -1;
}

/* The member of a file: its name and its text. */
static int
put_file(struct json *data, const char *path, char err[SIGNATURES_ERROR])
{
	const char *name = strrchr(path, '/') + 1;
	struct stat st;
	char *text;
	size_t n;

	/* What is no file might never end, or never begin. */
	if (stat(path, &st) < 0)
		return fail(err, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(err, path, "it is no file");
	if ((uint64_t)st.st_size + data->len > TOTAL)
		return fail(err, path, "more than 16 MiB in all");
	if (!(text = config_read_file(path, &n)))
		return fail(err, path, strerror(errno));
	json_comma(data);
	json_string(data, name, strlen(name));
	json_puts(data, ":");
	json_string(data, text, n);
	free(text);
	return 0;
}

/* Hidden files are how a mounted ConfigMap keeps its versions. */
static int
is_signature(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot &&
	    (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
put_folder(struct json *data, const char *path, char err[SIGNATURES_ERROR])
{
	struct dirent **entry;
	int n = scandir(path, &entry, is_signature, alphasort), status = 0;

	if (n < 0)
		return fail(err, path, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct json file = {0};

		json_puts(&file, path);
		json_puts(&file, "/");
		json_puts(&file, entry[i]->d_name);
		json_raw(&file, "", 1);
		if (status == 0)
			status = put_file(data, file.p, err);
		json_release(&file);
		free(entry[i]);
	}
	free(entry);
	return status;
}

int
signatures_read(struct emit *e, const char *path, char err[SIGNATURES_ERROR])
{
	struct json data = {0};
	struct stat st;
	int status;

	if (stat(path, &st) < 0)
		return fail(err, path, strerror(errno));
	json_open(&data, '{');
	status = S_ISDIR(st.st_mode) ? put_folder(&data, path, err) :
				       put_file(&data, path, err);
	json_close(&data, '}');
	/* as JSON it may be several times as long as the files */
	if (status == 0 && data.len > RECORD_MAX - FRAME)
		status = fail(err, path, "more than a record can hold");
	if (status == 0)
		emit_signatures(e, path, (struct span){data.p, data.len});
	json_release(&data);
	return status;
}

/* ---- the ConfigMap ---- */

/* Without one, or without data, there are none. */
static void
on_configmap(void *context, struct span object)
{
	struct signatures *s = context;
	struct span data = {0};

	if (object.n)
		data = scan_get(object, "data");
	if (scan_type(data) != SCAN_OBJECT)
		data = span_of("{}");
	if (!s->told.len && data.n == 2)
		return;
	if (s->told.len == data.n && memcmp(s->told.p, data.p, data.n) == 0)
		return;
	json_reset(&s->told);
	json_span(&s->told, data);
	emit_signatures(s->emit, s->source, data);
}

static void
end_follow(struct signatures *s)
{
	if (s->follow)
		follow_free(s->follow);
	s->follow = NULL;
	on_configmap(s, (struct span){0});
	json_release(&s->told);
	free(s->source);
	s->source = NULL;
}

void
signatures_follow(struct signatures *s, const struct catalog *c,
    const char *source)
{
	const char *slash = source ? strchr(source, '/') : NULL;
	struct resource *r = NULL;
	char *ns;

	if (text_is_equal(source, s->source) && (s->follow || !source))
		return;
	if (s->source)
		end_follow(s);
	catalog_find(c, "configmaps.v1.", &r);
	if (!slash || !r)
		return;
	s->source = text_copy(source);
	ns = diag_strndup(source, (size_t)(slash - source));
	s->follow = follow_new(s->http, r, ns, slash + 1, on_configmap, s);
	free(ns);
}

void
signatures_free(struct signatures *s)
{
	if (s->follow)
		follow_free(s->follow);
	json_release(&s->told);
	free(s->source);
}

void
signatures_tick(struct signatures *s, int64_t now)
{
	if (s->follow)
		follow_tick(s->follow, now);
}

int64_t
signatures_due(const struct signatures *s)
{
	return s->follow ? follow_due(s->follow) : INT64_MAX;
}
