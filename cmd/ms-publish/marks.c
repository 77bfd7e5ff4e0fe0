#include "marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "subject.h"

void
marks_init(struct marks *m)
{
	pthread_mutex_init(&m->lock, NULL);
	m->n = 0;
	m->dropped = (struct ration){.more = "more marks are dropped"};
}

static char *
subject_of(struct span id)
{
	char subject[256];
	int n = snprintf(subject, sizeof(subject), "meshsync.check.%.*s",
	    (int)id.n, id.p);

	if (!subject_is_token(id) || n >= (int)sizeof(subject))
		return NULL;
	return diag_strndup(subject, (size_t)n);
}

void
marks_put(struct marks *m, int64_t change, struct span id, struct span line)
{
	char *subject = subject_of(id);

	if (!subject) {
		ration_warn(&m->dropped,
		    "a mark without a usable id is dropped");
		return;
	}
	pthread_mutex_lock(&m->lock);
	if (m->n < MARKS) {
		m->mark[m->n++] = (struct mark){change, subject,
		    diag_strndup(line.p, line.n), line.n};
		subject = NULL;
	}
	pthread_mutex_unlock(&m->lock);
	if (subject)
		ration_warn(&m->dropped, "too many marks wait; one is dropped");
	free(subject);
}

bool
marks_next(struct marks *m, int64_t confirmed, struct mark *mark)
{
	bool is_due;

	pthread_mutex_lock(&m->lock);
	is_due = m->n && m->mark[0].change <= confirmed;
	if (is_due)
		*mark = m->mark[0];
	pthread_mutex_unlock(&m->lock);
	return is_due;
}

void
marks_drop(struct marks *m)
{
	pthread_mutex_lock(&m->lock);
	free(m->mark[0].subject);
	free(m->mark[0].line);
	m->n--;
	memmove(m->mark, m->mark + 1, m->n * sizeof(*m->mark));
	pthread_mutex_unlock(&m->lock);
}

size_t
marks_count(struct marks *m)
{
	size_t n;

	pthread_mutex_lock(&m->lock);
	n = m->n;
	pthread_mutex_unlock(&m->lock);
	return n;
}
