/* fuzz - what all fuzz targets have in common. */
#ifndef MS_FUZZ_H
#define MS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The target itself, as libFuzzer and fuzz_main.c call it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold; if it does not, the input is a find. */
#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#endif
