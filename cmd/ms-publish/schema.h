/* schema - what a snapshot file looks like, to the program and to a person. */
#ifndef MS_SCHEMA_H
#define MS_SCHEMA_H

#define SCHEMA_ID 0x6d736373 /* "mscs" */
#define SCHEMA_VERSION 1

extern const char schema_pragmas[], schema_reader_pragmas[], schema_sql[];
/* What is owed: rows above a change number, in order; how many they are; how
 * many are held for one reason; and all live rows from an id on. */
extern const char schema_read[], schema_owed[], schema_held[], schema_dump[];

/* Columns of schema_read and schema_dump. */
enum schema_column {
	C_ID,
	C_CHANGE,
	C_BORN,
	C_DELETED,
	C_SENT,
	C_CLUSTER,
	C_API_VERSION,
	C_KIND,
	C_NAMESPACE,
	C_NAME,
	C_UID,
	C_RV,
	C_RESOURCE,
	C_DEPTH,
	C_MS,
	C_BODY
};

#endif
