/* fixes - the defects of upstream's messages that can be had without.
 *
 * By default a message is what the Go MeshSync sends, byte for byte. Each bit
 * makes one thing right that is wrong there; ms-publish(1) has the list.
 */
#ifndef MS_FIXES_H
#define MS_FIXES_H

enum fix {
	FIX_VALUES = 1, /* labels and annotations are their text, unescaped */
	FIX_DESIGN = 2, /* pattern_resource is the UUID of the label */
	FIX_URLS = 4, /* all ports of a Service; a silent address is left out */
	FIX_KIND = 8, /* a Service of another API group is none */
	FIX_SECTIONS = 16, /* an object without a spec has what else there is */
	FIX_ALL = 31
};

/* The fixes of a comma list of names; -1 and *bad: the name that is none. */
int fixes_named(const char *list, const char **bad);

#endif
