/* status - what a stage adds to a STATUS record as it passes.
 *
 * The record's object holds one member a stage, under the stage's name:
 *
 *   "ms-classify":{"in":91200,"out":91230,"dropped":0,"bytesIn":…,
 *    "bytesOut":…,"cpuMs":310,"heap":8123456, and what it counts itself}
 *
 * in, out: records read and written, this one included in in and not in out;
 * dropped: lines that were no record; cpuMs: CPU time so far; heap: bytes of
 * memory in use. Numbers only ever rise, but for heap and what is said to be a
 * state. ms-record.7 has them all.
 */
#ifndef MS_STATUS_H
#define MS_STATUS_H

#include "record.h"

/* A counter of the stage's own; name is a plain word. */
struct status_count {
	const char *name;
	uint64_t value;
};

/* CPU time of this process so far, in ms; memory that it has in use, in bytes. */
int64_t status_cpu_ms(void);
int64_t status_heap(void);

/* Pass a STATUS record on with our member put in, or put anew in the place of
 * one that an earlier life has left. Its object need not be one. Makes no
 * system call that a sealed stage may not make. */
void status_put(struct records *rs, const struct record *r,
    const struct status_count *own, size_t n);

#endif
