#include "shape.h"

#include <string.h>

#include "gojson.h"

enum want {
	TEXT,
	TEXTS,
	TEXT_MAP,
	BOOL,
	INT32,
	INT64,
	INT_OR_TEXT,
	TIME,
	OBJECT,
	OBJECTS
};

struct shape {
	const char *key; /* NULL ends the list */
	enum want want;
	const struct shape *members; /* of OBJECT and OBJECTS */
};

static const struct shape owner[] = {{"apiVersion", TEXT}, {"kind", TEXT},
    {"name", TEXT}, {"uid", TEXT}, {"controller", BOOL},
    {"blockOwnerDeletion", BOOL}, {NULL}};

static const struct shape managed[] = {{"manager", TEXT}, {"operation", TEXT},
    {"apiVersion", TEXT}, {"time", TIME}, {"fieldsType", TEXT},
    {"subresource", TEXT}, {NULL}};

static const struct shape metadata[] = {{"name", TEXT}, {"generateName", TEXT},
    {"namespace", TEXT}, {"selfLink", TEXT}, {"uid", TEXT},
    {"resourceVersion", TEXT}, {"generation", INT64},
    {"creationTimestamp", TIME}, {"deletionTimestamp", TIME},
    {"deletionGracePeriodSeconds", INT64}, {"labels", TEXT_MAP},
    {"annotations", TEXT_MAP}, {"ownerReferences", OBJECTS, owner},
    {"finalizers", TEXTS}, {"managedFields", OBJECTS, managed}, {NULL}};

static const struct shape port[] = {{"name", TEXT}, {"protocol", TEXT},
    {"appProtocol", TEXT}, {"port", INT32}, {"targetPort", INT_OR_TEXT},
    {"nodePort", INT32}, {NULL}};

static const struct shape client_ip[] = {{"timeoutSeconds", INT32}, {NULL}};
static const struct shape affinity[] = {{"clientIP", OBJECT, client_ip},
    {NULL}};

static const struct shape spec[] = {{"ports", OBJECTS, port},
    {"selector", TEXT_MAP}, {"clusterIP", TEXT}, {"clusterIPs", TEXTS},
    {"type", TEXT}, {"externalIPs", TEXTS}, {"sessionAffinity", TEXT},
    {"loadBalancerIP", TEXT}, {"loadBalancerSourceRanges", TEXTS},
    {"externalName", TEXT}, {"externalTrafficPolicy", TEXT},
    {"healthCheckNodePort", INT32}, {"publishNotReadyAddresses", BOOL},
    {"sessionAffinityConfig", OBJECT, affinity}, {"ipFamilies", TEXTS},
    {"ipFamilyPolicy", TEXT}, {"allocateLoadBalancerNodePorts", BOOL},
    {"loadBalancerClass", TEXT}, {"internalTrafficPolicy", TEXT},
    {"trafficDistribution", TEXT}, {NULL}};

static const struct shape port_status[] = {{"port", INT32}, {"protocol", TEXT},
    {"error", TEXT}, {NULL}};
static const struct shape ingress[] = {{"ip", TEXT}, {"hostname", TEXT},
    {"ipMode", TEXT}, {"ports", OBJECTS, port_status}, {NULL}};
static const struct shape balancer[] = {{"ingress", OBJECTS, ingress}, {NULL}};
static const struct shape condition[] = {{"type", TEXT}, {"status", TEXT},
    {"observedGeneration", INT64}, {"lastTransitionTime", TIME},
    {"reason", TEXT}, {"message", TEXT}, {NULL}};
static const struct shape status[] = {{"loadBalancer", OBJECT, balancer},
    {"conditions", OBJECTS, condition}, {NULL}};

static const struct shape service[] = {{"metadata", OBJECT, metadata},
    {"spec", OBJECT, spec}, {"status", OBJECT, status}, {NULL}};

/* Two digits at p as a number; -1 if there are none. */
static int
two_digits(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + p[1] - '0';
}

static int
days_in(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap);
}

/* Z or +01:00; Go lets 24 hours and 60 minutes pass. */
static bool
is_zone(const char *p)
{
	int hours, minutes;

	if (strcmp(p, "Z") == 0)
		return true;
	if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':')
		return false;
	hours = two_digits(p + 1);
	minutes = two_digits(p + 4);
	return hours >= 0 && hours <= 24 && minutes >= 0 && minutes <= 60;
}

/* "15:04:05.5Z"; an hour may be one digit. */
static bool
is_clock(const char *p)
{
	int hour = two_digits(p), minute, second;

	if (hour < 0)
		hour =
		    p[0] >= '0' && p[0] <= '9' && p[1] == ':' ? p[0] - '0' : 24;
	p = strchr(p, ':');
	if (hour > 23 || !p || strlen(p) < 7 || p[3] != ':')
		return false;
	minute = two_digits(p + 1);
	second = two_digits(p + 4);
	if (minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	p += 6;
	if ((*p == '.' || *p == ',') && p[1] >= '0' && p[1] <= '9')
		p += 1 + strspn(p + 1, "0123456789");
	return is_zone(p);
}

static bool
is_time(struct span raw)
{
	char text[512];
	int century, year, month, day;

	if (raw.n < 18 || raw.n >= sizeof(text))
		return false;
	text[scan_decode(raw.p, raw.n, text)] = '\0';
	century = two_digits(text);
	year = two_digits(text + 2);
	month = two_digits(text + 5);
	day = two_digits(text + 8);
	return century >= 0 && year >= 0 && text[4] == '-' && text[7] == '-' &&
	    text[10] == 'T' && month >= 1 && month <= 12 && day >= 1 &&
	    day <= days_in(century * 100 + year, month) && is_clock(text + 11);
}

static bool
is_int(const struct tape *t, uint32_t node, int64_t limit)
{
	int64_t n;

	return gojson_int(t, node, &n) && n >= -limit - 1 && n <= limit;
}

static bool fits_members(const struct tape *t, uint32_t node,
    const struct shape *s);

/* Each element is a text (members NULL), or has those members. */
static bool
fits_each(const struct tape *t, uint32_t node, const struct shape *members)
{
	for (uint32_t i = node + 1; i < t->node[node].end; i = t->node[i].end) {
		if (t->node[i].type == SCAN_NULL)
			continue;
		if (members ? !fits_members(t, i, members) :
			      t->node[i].type != SCAN_STRING)
			return false;
	}
	return true;
}

static bool
fits(const struct tape *t, uint32_t node, const struct shape *s)
{
	uint8_t type = t->node[node].type;

	switch (s->want) {
	case TEXT:
		return type == SCAN_STRING;
	case BOOL:
		return type == SCAN_TRUE || type == SCAN_FALSE;
	case INT_OR_TEXT:
		return type == SCAN_STRING || is_int(t, node, INT32_MAX);
	case INT32:
		return is_int(t, node, INT32_MAX);
	case INT64:
		return is_int(t, node, INT64_MAX);
	case TIME:
		return type == SCAN_STRING && is_time(tape_value(t, node));
	case OBJECT:
		return fits_members(t, node, s->members);
	case TEXT_MAP:
		return type == SCAN_OBJECT && fits_each(t, node, NULL);
	case TEXTS:
	case OBJECTS:
		return type == SCAN_ARRAY && fits_each(t, node, s->members);
	}
	return false;
}

static bool
fits_members(const struct tape *t, uint32_t node, const struct shape *s)
{
	uint32_t i;

	if (t->node[node].type != SCAN_OBJECT)
		return false;
	for (; s->key; s++) {
		i = tape_get(t, node, s->key);
		if (i != TAPE_NONE && t->node[i].type != SCAN_NULL &&
		    !fits(t, i, s))
			return false;
	}
	return true;
}

bool
shape_is_service(const struct tape *t)
{
	return fits_members(t, 0, service);
}
