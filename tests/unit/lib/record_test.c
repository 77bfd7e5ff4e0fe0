/* record: what is one, who it is about, and how it is written again. */
#include "record.h"

#include <jv.h>

#include "child.h"
#include "diag.h"
#include "tap.h"

static struct records rs; /* its output goes to a file */
static FILE *written;

static int
parse(const char *line, struct record *r, struct scan_error *err)
{
	err->what = NULL;
	return record_parse(&rs.plan, span_of(line), r, err);
}

static void
is_record(const char *line, enum record_type type)
{
	struct scan_error err = {NULL, 0};
	struct record r;

	ok(parse(line, &r, &err) == 0 && r.type == type, "a record: %s %s",
	    line, err.what ? err.what : "");
}

static void
is_none(const char *line, const char *want)
{
	struct scan_error err = {NULL, 0};
	struct record r;

	ok(parse(line, &r, &err) < 0 && strcmp(err.what, want) == 0,
	    "no record: %s: %s", line, err.what ? err.what : "it is one");
}

#define POD \
	"\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," \
	"\"metadata\":{\"name\":\"a\"}}"

static void
test_types(void)
{
	is_record("{\"type\":\"ADDED\"," POD "}", RECORD_ADDED);
	is_record("{\"type\":\"MODIFIED\"," POD "}", RECORD_MODIFIED);
	is_record("{\"type\":\"DELETED\"," POD "}", RECORD_DELETED);
	is_record("{\"type\":\"AMEND\",\"ms\":{\"apiVersion\":\"v1\","
		  "\"kind\":\"Pod\",\"name\":\"a\"}}",
	    RECORD_AMEND);
	is_record("{\"type\":\"SYNC\",\"ms\":{\"phase\":\"ready\"}}",
	    RECORD_SYNC);
	is_record("{\"type\":\"CONFIG\",\"object\":{}}", RECORD_CONFIG);
	is_record("{\"type\":\"SIGNATURES\",\"object\":{}}", RECORD_SIGNATURES);
	is_record("{\"type\":\"REQUEST\",\"object\":{}}", RECORD_REQUEST);
	is_record("{\"type\":\"ANSWER\",\"object\":{}}", RECORD_ANSWER);
	is_record("{\"type\":\"MARK\",\"ms\":{}}", RECORD_MARK);
	is_record("{\"type\":\"STATUS\",\"object\":{}}", RECORD_STATUS);
	is_record("{\"type\":\"BOOKMARK\",\"object\":{}}", RECORD_BOOKMARK);
	is_record("{\"type\":\"ERROR\",\"object\":{}}", RECORD_ERROR);
	is_record("{\"type\":\"LATER\"}", RECORD_UNKNOWN);
	is_record("{\"type\":\"\",\"object\":3}", RECORD_UNKNOWN);
	for (int i = 0; i < RECORD_UNKNOWN; i++) {
		struct scan_error err;
		struct record r;
		char line[64];

		snprintf(line, sizeof(line), "{\"type\":\"%s\"}",
		    record_type_name((enum record_type)i));
		parse(line, &r, &err);
		ok(r.type == (enum record_type)i, "the name of type %d", i);
	}
	ok(!record_type_name(RECORD_UNKNOWN), "the unknown has no name");
}

static void
test_needs(void)
{
	is_none("garbage", "it is not a JSON object");
	is_none("\xff", "it is not a JSON object");
	is_none(" ", "it is not a JSON object");
	is_none("{\"type\":\"ADDED\"," POD, "the document ends early");
	is_none("[]", "it is not a JSON object");
	is_none(" [] ", "it is not a JSON object");
	is_none("\"ADDED\"", "it is not a JSON object");
	is_none("{}", "it has no type");
	is_none("{\"type\":null}", "it has no type");
	is_none("{\"type\":1," POD "}", "it has no type");
	is_none("{\"type\":\"ADDED\"}", "it has no object");
	is_none("{\"type\":\"ADDED\",\"object\":[]}", "it has no object");
	is_none("{\"type\":\"ADDED\",\"ms\":[]," POD "}",
	    "its ms is not an object");
	is_none("{\"type\":\"ADDED\",\"ms\":null," POD "}",
	    "its ms is not an object");
	is_none("{\"type\":\"ADDED\",\"object\":{}}",
	    "it lacks apiVersion or kind");
	is_none("{\"type\":\"DELETED\",\"object\":{\"apiVersion\":\"v1\","
		"\"metadata\":{\"name\":\"a\"}}}",
	    "it lacks apiVersion or kind");
	is_none("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\","
		"\"kind\":\"Pod\",\"metadata\":{}}}",
	    "it lacks metadata.name");
	is_none("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\","
		"\"kind\":\"Pod\",\"metadata\":{\"name\":3}}}",
	    "its identity is not made of strings");
	is_none("{\"type\":\"ADDED\",\"ms\":{\"cluster\":{}}," POD "}",
	    "its identity is not made of strings");
	is_none("{\"type\":\"AMEND\"," POD "}", "it has no ms");
	is_none("{\"type\":\"AMEND\",\"ms\":{}," POD "}",
	    "it lacks apiVersion or kind");
	is_none("{\"type\":\"SYNC\"}", "it has no ms.phase");
	is_none("{\"type\":\"SYNC\",\"ms\":{\"phase\":1}}",
	    "it has no ms.phase");
	is_none("{\"type\":\"MARK\"}", "it has no ms");
	is_none("{\"type\":\"CONFIG\",\"ms\":{}}", "it has no object");
	is_none("{\"type\":\"BOOKMARK\"}", "it has no object");
	/* the last of equal keys counts, in what is needed too */
	is_none("{\"type\":\"ADDED\"," POD ",\"object\":{}}",
	    "it lacks apiVersion or kind");
	is_none("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\","
		"\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},"
		"\"metadata\":{}}}",
	    "it lacks metadata.name");
}

static bool
is_identity(const struct identity *id, const char *want)
{
	const struct span *part[] = {&id->cluster, &id->api_version, &id->kind,
	    &id->ns, &id->name, &id->uid, &id->rv};
	char text[256];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s",
		    i ? "|" : "", (int)part[i]->n, part[i]->p);
	return strcmp(text, want) == 0;
}

static void
identifies(const char *line, const char *want)
{
	struct scan_error err = {NULL, 0};
	struct record r;

	ok(parse(line, &r, &err) == 0 && is_identity(&r.id, want), "%s is %s",
	    line, want);
}

static void
test_identity(void)
{
	identifies("{\"type\":\"ADDED\"," POD "}", "|v1|Pod||a||");
	identifies(
	    "{\"type\":\"ADDED\",\"ms\":{\"cluster\":\"c\"},\"object\":"
	    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":"
	    "{\"name\":\"n\",\"namespace\":\"s\",\"uid\":\"u\","
	    "\"resourceVersion\":\"7\"}}}",
	    "c|apps/v1|Deployment|s|n|u|7");
	identifies("{\"object\":{\"metadata\":{\"name\":\"n\"},\"kind\":\"K\","
		   "\"apiVersion\":\"v1\"},\"ms\":{\"cluster\":\"c\"},"
		   "\"type\":\"DELETED\"}",
	    "c|v1|K||n||");
	identifies(
	    "{\"type\":\"AMEND\",\"ms\":{\"cluster\":\"c\","
	    "\"resource\":\"pods.v1.\",\"apiVersion\":\"v1\",\"kind\":\"Pod\","
	    "\"namespace\":\"s\",\"name\":\"n\",\"uid\":\"u\"}}",
	    "c|v1|Pod|s|n|u|");
	identifies("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\","
		   "\"kind\":\"P\\u006fd\",\"metadata\":{\"name\":\"a\\/b\","
		   "\"namespace\":\"\\u00e9\",\"uid\":null}}}",
	    "|v1|Pod|\xc3\xa9|a/b||");
	/* an AMEND's identity is that of ms, an object's that of the object */
	identifies("{\"type\":\"ADDED\",\"ms\":{\"name\":\"x\",\"kind\":\"y\","
		   "\"namespace\":\"z\"}," POD "}",
	    "|v1|Pod||a||");
}

static void
test_long_identity(void)
{
	struct scan_error err = {NULL, 0};
	struct record r;
	char line[16384], *p = line;

	p += sprintf(p,
	    "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\","
	    "\"kind\":\"K\",\"metadata\":{\"namespace\":\"");
	for (int i = 0; i < 63; i++)
		p += sprintf(p, "\\u006e");
	p += sprintf(p, "\",\"name\":\"");
	for (int i = 0; i < 253; i++)
		p += sprintf(p, "\\u0061");
	sprintf(p, "\"}}}");
	ok(parse(line, &r, &err) == 0 && r.id.name.n == 253 && r.id.ns.n == 63,
	    "the longest name and namespace, escaped");
	for (int i = 0; i < 1500; i++)
		p += sprintf(p, "\\u0061");
	sprintf(p, "\"}}}");
	ok(parse(line, &r, &err) < 0, "a name that is far too long");
}

/* ---- writing ---- */

static const char *
put(const char *line, const struct record_member *set, size_t n_set,
    const struct scan_edit *edit, size_t n_edit, struct record *r)
{
	static char text[65536];
	struct scan_error err = {NULL, 0};
	size_t n;

	if (r->line.p != line && parse(line, r, &err) < 0)
		return err.what;
	rewind(written);
	lseek(fileno(written), 0, SEEK_SET);
	record_put(&rs, r, set, n_set, edit, n_edit);
	lines_flush(&rs.io);
	n = (size_t)lseek(fileno(written), 0, SEEK_CUR);
	if (pread(fileno(written), text, n, 0) != (ssize_t)n)
		abort();
	text[n] = '\0';
	return text;
}

/* Set origin to 1, remove app. */
static void
sets(const char *line, const char *want)
{
	struct record_member set[] = {{"origin", span_of("1")},
	    {"app", {NULL, 0}}};
	struct record r = {0};
	const char *got = put(line, set, 2, NULL, 0, &r);

	ok(strncmp(got, want, strlen(want)) == 0 &&
		strcmp(got + strlen(want), "\n") == 0,
	    "%s becomes %s", line, got);
}

static void
test_setting(void)
{
	sets("{\"type\":\"ADDED\",\"ms\":{}," POD "}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
	sets("{\"type\":\"ADDED\"," POD "}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
	sets("{\"type\":\"ADDED\",\"ms\":{\"cluster\":\"c\",\"app\":{\"x\":1},"
	     "\"later\":[1]}," POD ",\"more\":true}",
	    "{\"type\":\"ADDED\",\"ms\":{\"cluster\":\"c\",\"later\":[1],"
	    "\"origin\":1}," POD ",\"more\":true}");
	sets("{\"type\":\"ADDED\",\"ms\":{\"origin\":0,\"app\":0}," POD "}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
	sets("{\"type\":\"ADDED\",\"ms\":{\"origin\":0,\"\\u006frigin\":2,"
	     "\"\\u0061pp\":3}," POD "}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
	sets("{ \"type\" : \"ADDED\" , \"ms\" : { \"a\" : 1 } , " POD " } ",
	    "{ \"type\" : \"ADDED\" , \"ms\" : {\"a\":1,\"origin\":1} , " POD
	    " } ");
	sets("{\"type\":\"ADDED\", \"object\" : {\"apiVersion\":\"v1\","
	     "\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}}",
	    "{\"type\":\"ADDED\", \"ms\":{\"origin\":1},\"object\" : "
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":"
	    "{\"name\":\"a\"}}}");
	sets("{\"x\":[],\"type\":\"ADDED\",\"y\":{}," POD ",\"z\":0}",
	    "{\"x\":[],\"type\":\"ADDED\",\"y\":{},\"ms\":{\"origin\":1}," POD
	    ",\"z\":0}");
	sets("{\"type\":\"SYNC\",\"ms\":{\"phase\":\"end\"}}",
	    "{\"type\":\"SYNC\",\"ms\":{\"phase\":\"end\",\"origin\":1}}");
	sets("{\"type\":\"LATER\",\"x\":1}",
	    "{\"type\":\"LATER\",\"ms\":{\"origin\":1},\"x\":1}");
}

static void
test_order(void)
{
	static const char want[] =
	    "{\"type\":\"ADDED\",\"ms\":{\"a\":1,\"origin\":1}," POD "}";

	sets("{\"type\":\"ADDED\"," POD ",\"ms\":{\"a\":1}}", want);
	sets("{\"ms\":{\"a\":1},\"type\":\"ADDED\"," POD "}", want);
	sets("{\"ms\":{\"a\":1}," POD ",\"type\":\"ADDED\"}", want);
	sets("{" POD ",\"type\":\"ADDED\",\"ms\":{\"a\":1}}", want);
	sets("{" POD ",\"ms\":{\"a\":1},\"type\":\"ADDED\"}", want);
	sets(" \t{ " POD " , \"ms\" : {\"a\":1} , \"type\" : \"ADDED\" }\r",
	    want);
	sets("{" POD ",\"type\":\"ADDED\"}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
	sets(" {\"x\":1," POD ",\"type\":\"ADDED\",\"y\":{\"type\":2}}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD ",\"x\":1,"
	    "\"y\":{\"type\":2}}");
	/* equal keys, plain and escaped: the last is meant, and is all there
	 * is afterwards */
	sets("{\"type\":\"X\",\"type\":\"ADDED\"," POD ",\"ms\":{\"b\":2},"
	     "\"ms\":{\"a\":1}}",
	    want);
	sets("{" POD ",\"\\u006ds\":{\"a\":1},\"type\":\"ADDED\"}", want);
	sets("{\"type\":\"SYNC\"," POD ",\"\\u0074ype\":\"ADDED\","
	     "\"m\\u0073\":{\"a\":1}}",
	    want);
	sets("{\"type\":\"ADDED\",\"o\\u0062ject\":{\"apiVersion\":\"v1\","
	     "\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}}",
	    "{\"type\":\"ADDED\",\"ms\":{\"origin\":1}," POD "}");
}

static void
test_passing(void)
{
	static const char *const line[] = {"{\"type\":\"ADDED\",\"ms\":{}," POD
					   "}",
	    " { \"ms\" : { } , " POD " , \"type\" : \"ADDED\" } \t",
	    "{\"type\":\"LATER\",\"ms\":{},\"z\":9007199254740993}"};

	for (size_t i = 0; i < sizeof(line) / sizeof(*line); i++) {
		struct record r = {0};
		const char *got = put(line[i], NULL, 0, NULL, 0, &r);

		ok(strncmp(got, line[i], strlen(line[i])) == 0 &&
			strcmp(got + strlen(line[i]), "\n") == 0,
		    "passes as it is: %s", line[i]);
	}
}

static void
edits(const char *line, size_t n_set, const char *want)
{
	struct record_member set = {"a", span_of("1")};
	struct scan_error err = {NULL, 0};
	struct record r = {0};
	struct scan_edit edit[2] = {{{0}}};
	const char *got;

	ok(parse(line, &r, &err) == 0, "a record");
	edit[0] = (struct scan_edit){r.at[AT_KIND], span_of("\"Job\"")};
	edit[1] = (struct scan_edit){r.at[AT_NAME], span_of("\"longer\"")};
	got = put(line, &set, n_set, edit, 2, &r);
	ok(strcmp(got, want) == 0, "edited: %s", got);
}

static void
test_editing(void)
{
	static const char pod[] =
	    "\"object\":{\"apiVersion\":\"v1\","
	    "\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}";
	char line[256];

#define JOB \
	"\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Job\"," \
	"\"metadata\":{\"name\":\"longer\"}}"
	snprintf(line, sizeof(line), "{\"type\":\"ADDED\",\"ms\":{},%s}", pod);
	edits(line, 1, "{\"type\":\"ADDED\",\"ms\":{\"a\":1}," JOB "}\n");
	edits(line, 0, "{\"type\":\"ADDED\",\"ms\":{}," JOB "}\n");
	snprintf(line, sizeof(line), "{\"type\":\"ADDED\",%s,\"x\":1}", pod);
	edits(line, 1,
	    "{\"type\":\"ADDED\",\"ms\":{\"a\":1}," JOB ",\"x\":1}\n");
	edits(line, 0, "{\"type\":\"ADDED\"," JOB ",\"x\":1}\n");
	snprintf(line, sizeof(line), "{%s,\"type\":\"ADDED\",\"x\":1}", pod);
	edits(line, 1,
	    "{\"type\":\"ADDED\",\"ms\":{\"a\":1}," JOB ",\"x\":1}\n");
}

static void
test_opening(void)
{
	struct json j = {0};
	struct identity id = {.cluster = span_of("c"),
	    .api_version = span_of("apps/v1"),
	    .kind = span_of("Deployment"),
	    .ns = span_of(""),
	    .name = span_of("a\"b"),
	    .uid = span_of("u")};
	struct scan_error err = {NULL, 0};
	struct record r;

	record_open(&j, "AMEND");
	record_identity(&j, &id, span_of("\"deployments.v1.apps\""));
	json_member_span(&j, "origin", span_of("null"));
	json_puts(&j, "}}");
	ok(span_eq((struct span){j.p, j.len},
	       "{\"type\":\"AMEND\",\"ms\":"
	       "{\"cluster\":\"c\",\"resource\":\"deployments.v1.apps\","
	       "\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	       "\"name\":\"a\\\"b\",\"uid\":\"u\",\"origin\":null}}"),
	    "an AMEND is written: %.*s", (int)j.len, j.p);
	ok(record_parse(&rs.plan, (struct span){j.p, j.len}, &r, &err) == 0 &&
		r.type == RECORD_AMEND &&
		is_identity(&r.id, "c|apps/v1|Deployment||a\"b|u|"),
	    "and read again");
	json_release(&j);
}

/* ---- the property: all else stays ---- */

struct text {
	char p[8192];
	size_t n;
};

static void
add(struct text *t, const char *piece)
{
	t->n += (size_t)snprintf(t->p + t->n, sizeof(t->p) - t->n, "%s", piece);
}

#define PICK(list) list[(size_t)random() % (sizeof(list) / sizeof(*(list)))]

static const char *
space(void)
{
	static const char *const spaces[] = {"", "", "", " ", "\t", "  "};

	return PICK(spaces);
}

static const char *const values[] = {"1", "1.10", "\"x\"", "{}", "[1, 2]",
    "null", "{\"a\":{\"b\":[{}]}}", "\"\\u00e9\\n\"", "true",
    "9007199254740993", "{ \"ms\" : { } }"};

static void
add_member(struct text *t, const char *key, const char *value)
{
	add(t, t->p[t->n - 1] == '{' ? space() : ",");
	add(t, space());
	add(t, key);
	add(t, space());
	add(t, ":");
	add(t, space());
	add(t, value);
	add(t, space());
}

static void
make_ms(struct text *t)
{
	static const char *const keys[] = {"\"a\"", "\"b\"", "\"\\u0061\"",
	    "\"cluster\"", "\"depth\"", "\"phase\""};

	t->n = 0;
	add(t, "{");
	for (int n = (int)(random() % 5); n > 0; n--) {
		const char *key = PICK(keys);

		add_member(t, key,
		    *key && key[1] == 'c' ? "\"c\"" : PICK(values));
	}
	add(t, "}");
}

static void
make_record(struct text *t)
{
	static const char *const key[3][3] = {{"\"type\"", "\"type\"",
						  "\"typ\\u0065\""},
	    {"\"ms\"", "\"ms\"", "\"\\u006ds\""},
	    {"\"object\"", "\"object\"", "\"o\\u0062ject\""}};
	static const char *const other[] = {"\"x\"", "\"y z\"", "\"\\\"ms\"",
	    "\"Type\"", "\"objects\""};
	static struct text ms;
	unsigned missing = 7;

	t->n = 0;
	add(t, space());
	add(t, "{");
	while (missing) {
		unsigned k = (unsigned)random() % 3;
		bool in_order = random() % 4;

		if (in_order)
			k = (unsigned)__builtin_ctz(missing);
		if (random() % 8 == 0)
			add_member(t, PICK(other), PICK(values));
		make_ms(&ms);
		if (k != 1 || random() % 4)
			add_member(t, PICK(key[k]),
			    k == 0 ? "\"ADDED\"" :
				k == 1 ?
				     ms.p :
				     "{\"kind\":\"Pod\",\"apiVersion\":"
				     " \"v1\", \"metadata\":{\"name\":\"a\"},"
				     "\"n\":[1.10,9007199254740993]}");
		missing &= ~(1u << k);
	}
	add(t, "}");
	add(t, space());
}

static jv
with_object(jv record, const char *kind, const char *name)
{
	jv object = jv_object_get(jv_copy(record), jv_string("object"));
	jv meta = jv_object_get(jv_copy(object), jv_string("metadata"));

	meta = jv_object_set(meta, jv_string("name"), jv_string(name));
	object = jv_object_set(object, jv_string("kind"), jv_string(kind));
	object = jv_object_set(object, jv_string("metadata"), meta);
	return jv_object_set(record, jv_string("object"), object);
}

/* What must come out, by libjq: the old record with a set, b removed. */
static jv
expected(const char *line, const struct record_member *set, size_t n_set,
    bool is_edited)
{
	jv record = jv_parse(line), ms;

	if (n_set) {
		ms = jv_object_get(jv_copy(record), jv_string("ms"));
		if (!jv_is_valid(ms)) {
			jv_free(ms);
			ms = jv_object();
		}
		for (size_t i = 0; i < n_set; i++)
			ms = set[i].value.n ?
			    jv_object_set(ms, jv_string(set[i].key),
				jv_parse(set[i].value.p)) :
			    jv_object_delete(ms, jv_string(set[i].key));
		record = jv_object_set(record, jv_string("ms"), ms);
	}
	return is_edited ? with_object(record, "Job", "renamed") : record;
}

/* libjq's numbers are doubles; the bytes of untouched values are compared as
 * text besides. */
static bool
keeps_values(const char *line, const char *got)
{
	static const char *const number[] = {"[1.10,9007199254740993]"};
	bool keeps = true;

	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		keeps = keeps &&
		    (!strstr(line, number[i]) || strstr(got, number[i]));
	return keeps;
}

/* After setting members: type, ms, object in this order. */
static bool
is_canonical(const char *got)
{
	struct scan_error err = {NULL, 0};
	struct record r;
	struct span line = {got, strlen(got) - 1};

	return record_parse(&rs.plan, line, &r, &err) == 0 &&
	    r.at[AT_TYPE].p < r.at[AT_MS].p &&
	    r.at[AT_MS].p < r.at[AT_OBJECT].p;
}

static void
test_property(void)
{
	static struct text line;
	int right = 0, turns = 20000;

	for (int i = 0; i < turns; i++) {
		struct record_member set[2] = {{"a", span_of(PICK(values))},
		    {"b", {NULL, 0}}};
		size_t n_set = (size_t)random() % 3;
		struct scan_edit edit[2] = {{{0}}};
		size_t n_edit = random() % 2 ? 2 : 0;
		struct scan_error err;
		struct record r = {0};
		const char *got = "";
		jv want;
		bool is_right;

		make_record(&line);
		if (parse(line.p, &r, &err) < 0) {
			printf("# %s: %s\n", err.what, line.p);
			continue;
		}
		edit[0] = (struct scan_edit){r.at[AT_KIND], span_of("\"Job\"")};
		edit[1] =
		    (struct scan_edit){r.at[AT_NAME], span_of("\"renamed\"")};
		want = expected(line.p, set, n_set, n_edit);
		got = put(line.p, set, n_set, edit, n_edit, &r);
		is_right = jv_equal(want, jv_parse(got)) &&
		    keeps_values(line.p, got) &&
		    (n_set == 0 || is_canonical(got));
		right += is_right;
		if (!is_right && i - right < 3)
			printf("# %s becomes %s", line.p, got);
	}
	ok(right == turns, "random records, members and edits: %d of %d", right,
	    turns);
}

/* ---- streams ---- */

static void
pass_records(void)
{
	static struct record r;
	struct records in;

	records_init(&in, 0, 1, 200);
	while (records_next(&in, &r))
		record_put(&in, &r, NULL, 0, NULL, 0);
	lines_flush(&in.io);
	diag_level(DIAG_INFO);
	records_release(&in);
}

static void
test_stream(void)
{
	static const char in[] = "{\"type\":\"LATER\"}\n"
				 "\n"
				 "garbage\n"
				 "{\"type\":\"ADDED\"}\n"
				 "{\"type\":\"LATER\",\"x\":nan}\n"
				 "{\"type\":\"MARK\",\"ms\":{}}\r\n"
				 "{\"type\":\"SYNC\"";
	struct child c;

	child_run(&c, pass_records, in, sizeof(in) - 1, 7);
	ok(child_exited(&c, 0) &&
		strcmp(c.text[0],
		    "{\"type\":\"LATER\"}\n"
		    "{\"type\":\"MARK\",\"ms\":{}}\r\n") == 0,
	    "records pass: %s", c.text[0]);
	ok(strcmp(c.text[1],
	       "ms: warning: line 3 is dropped: it is not a JSON object\n"
	       "ms: warning: line 4 is dropped: it has no object\n"
	       "ms: warning: line 5 is dropped: unknown word (byte 22)\n"
	       "ms: warning: line 7 is dropped: the input ends in the middle of "
	       "it\n"
	       "ms: info: 4 lines were no records\n") == 0,
	    "and other lines are told by number: %s", c.text[1]);
	child_free(&c);
}

static void
test_many_warnings(void)
{
	static char in[3 * 1000];
	struct child c;
	int lines = 0;

	for (size_t i = 0; i < sizeof(in); i += 3)
		memcpy(in + i, "{}\n", 3);
	child_run(&c, pass_records, in, sizeof(in), 300);
	for (const char *p = c.text[1]; *p; p++)
		lines += *p == '\n';
	ok(child_exited(&c, 0) && lines == 22 &&
		strstr(c.text[1], "info: 1000 lines were no records"),
	    "a thousand bad lines are told in 22: %d", lines);
	child_free(&c);
}

int
main(void)
{
	srandom(11);
	written = tmpfile();
	records_init(&rs, -1, fileno(written), RECORD_MAX);
	test_types();
	test_needs();
	test_identity();
	test_long_identity();
	test_setting();
	test_order();
	test_passing();
	test_editing();
	test_opening();
	test_property();
	test_stream();
	test_many_warnings();
	records_release(&rs);
	fclose(written);
	return tap_done();
}
