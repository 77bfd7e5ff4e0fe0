#include "library.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"

static void
free_text(struct library_text *t)
{
	free(t->source);
	free(t->name);
	free(t->text);
}

void
library_free(struct library *l)
{
	for (size_t i = 0; i < l->n; i++)
		free_text(&l->text[i]);
	free(l->text);
}

/* ---- files ---- */

/* Takes over what t holds. */
static void
insert(struct library *l, size_t at, struct library_text t)
{
	l->text = diag_alloc(l->text, (l->n + 1) * sizeof(*l->text));
	memmove(l->text + at + 1, l->text + at, (l->n - at) * sizeof(*l->text));
	l->text[at] = t;
	l->n++;
}

static int
load_file(struct library *l, const char *path, char err[CONFIG_ERROR])
{
	struct library_text t = {.source = NULL};

	if (!(t.text = config_read_file(path, &t.n))) {
		snprintf(err, CONFIG_ERROR, "unable to read %s: %s", path,
		    strerror(errno));
		return -1;
	}
	t.name = diag_strndup(path, strlen(path));
	insert(l, l->n, t);
	return 0;
}

static int
only_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && *entry->d_name != '.' &&
	    (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
load_folder(struct library *l, const char *path, char err[CONFIG_ERROR])
{
	struct dirent **entry;
	int n = scandir(path, &entry, only_yaml, alphasort), status = 0;
	char file[4096];

	if (n < 0)
		snprintf(err, CONFIG_ERROR, "unable to read %s: %s", path,
		    strerror(errno));
	if (n == 0)
		snprintf(err, CONFIG_ERROR, "%s has no *.yaml in it", path);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		if (status == 0)
			status = load_file(l, file, err);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return n > 0 ? status : -1;
}

int
library_load(struct library *l, const char *path, char err[CONFIG_ERROR])
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(l, path, err);
	return load_file(l, path, err);
}

bool
library_is_from(const struct product *p, const char *path)
{
	size_t n = strlen(path);

	if (strcmp(path, "built-in") == 0)
		return !strchr(p->file, '/');
	return strncmp(p->file, path, n) == 0 &&
	    (p->file[n] == '\0' || p->file[n] == '/' ||
		(n > 0 && path[n - 1] == '/'));
}

/* ---- knowledge ---- */

struct knowledge *
library_build(const struct library *l, char err[CONFIG_ERROR])
{
	struct knowledge *k = diag_alloc(NULL, sizeof(*k));

	*k = (struct knowledge){.catalog = {.signatures = NULL}};
	signatures_init(&k->signatures);
	if (!l->bare)
		signatures_embedded(&k->signatures);
	for (size_t i = 0; i < l->n; i++) {
		const struct library_text *t = &l->text[i];

		if (signatures_read(&k->signatures, t->name, t->text, t->n,
			err) < 0) {
			signatures_free(&k->signatures);
			free(k);
			return NULL;
		}
	}
	catalog_build(&k->catalog, &k->signatures);
	return k;
}

void
knowledge_free(struct knowledge *k)
{
	catalog_free(&k->catalog);
	signatures_free(&k->signatures);
	free(k);
}

/* ---- records ---- */

static bool
is_of(const struct library_text *t, struct span source)
{
	return t->source && span_eq(source, t->source);
}

/* Move all texts of a source from one library to another. */
static void
move(struct library *from, struct library *to, struct span source)
{
	size_t kept = 0;

	for (size_t i = 0; i < from->n; i++)
		if (is_of(&from->text[i], source))
			insert(to, to->n, from->text[i]);
		else
			from->text[kept++] = from->text[i];
	from->n = kept;
}

/* Where a text stands among the others: by source, then by name. */
static size_t
place_of(const struct library *l, const struct library_text *t)
{
	size_t at = l->n;

	while (at > 0 && l->text[at - 1].source) {
		const struct library_text *o = &l->text[at - 1];
		int c = strcmp(o->source, t->source);

		if (c < 0 || (c == 0 && strcmp(o->name, t->name) <= 0))
			break;
		at--;
	}
	return at;
}

static char *
text_of(struct span value, size_t *n)
{
	char *buf = diag_alloc(NULL, value.n + 1);
	struct span s = scan_text(value, buf, value.n);
	char *text = diag_strndup(s.n ? s.p : "", s.n);

	*n = s.n;
	free(buf);
	return text;
}

static void
put_all(struct library *l, struct span source, struct span data)
{
	struct span key, value;
	struct scan_iter it;

	scan_iter(&it, data);
	while (scan_member(&it, &key, &value)) {
		struct library_text t = {.source = NULL};

		if (scan_type(value) != SCAN_STRING)
			continue;
		t.source = diag_strndup(source.p, source.n);
		t.name = diag_strndup(key.p, key.n);
		t.text = text_of(value, &t.n);
		insert(l, place_of(l, &t), t);
	}
}

struct knowledge *
library_replace(struct library *l, struct span source, struct span data,
    char err[CONFIG_ERROR])
{
	struct library old = {.n = 0}, wrong = {.n = 0};
	struct knowledge *k;

	move(l, &old, source);
	put_all(l, source, data);
	k = library_build(l, err);
	if (!k) {
		move(l, &wrong, source);
		for (size_t i = 0; i < old.n; i++)
			insert(l, place_of(l, &old.text[i]), old.text[i]);
		old.n = 0;
	}
	library_free(&old);
	library_free(&wrong);
	return k;
}
