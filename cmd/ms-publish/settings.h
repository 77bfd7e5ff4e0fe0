/* settings - what the command line and the environment ask of ms-publish.
 *
 * Whatever is wrong with them is told, and is the end (lib/opts.h).
 */
#ifndef MS_SETTINGS_H
#define MS_SETTINGS_H

#include "broker.h"
#include "format.h"
#include "gate.h"

enum settings_sink { SINK_STDOUT, SINK_FILE, SINK_BROKER };

struct settings {
	const char *to; /* as it was given, or NULL */
	enum settings_sink sink;
	const char *path; /* of SINK_FILE; empty: a name of upstream's kind */
	struct broker_settings
	    broker; /* of SINK_BROKER, from url to patience */
	enum format_kind format;
	unsigned fix; /* of enum fix */
	struct gate gate;
	bool enrich;
	bool redact; /* hide the values of Secrets */
	const char *store; /* file of the snapshot, or NULL */
	bool is_durable; /* survives power loss, too */
	const char *cluster; /* for records that name none, or NULL */
	const char *listen, *control; /* or NULL */
	unsigned dial_seconds, drain_seconds, settle_seconds;
	bool is_check; /* tell what works, publish nothing */
};

/* s is filled, and points into argv. */
void settings_read(struct settings *s, int argc, char **argv);

#endif
