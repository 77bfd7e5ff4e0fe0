/* definitions - which resources come from CustomResourceDefinitions.
 *
 * Discovery does not tell, so the definitions' names are asked for, as a table
 * without the objects: some 150 bytes each. Who may not read them has to guess
 * from the group.
 */
#ifndef MS_DEFINITIONS_H
#define MS_DEFINITIONS_H

#include "catalog.h"
#include "http.h"

struct definitions {
	struct http *http;
	void (*done)(void *context);
	void *context;
	struct catalog *catalog; /* to be marked */
	struct http_request *request; /* NULL: nothing is asked */
	struct opts_list name; /* foos.example.com, sorted */
	bool is_known; /* they have been read ... */
	bool is_fresh; /* ... the last time that they were asked for */
};

/* All but the first three members zero. Set is_custom of the resources of c;
 * done is called once that has been tried, perhaps before this returns. */
void definitions_ask(struct definitions *d, struct catalog *c);
void definitions_free(struct definitions *d);

#endif
