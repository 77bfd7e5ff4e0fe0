/* plain - the run of bytes that a string takes as they are. */
#ifndef MS_PLAIN_H
#define MS_PLAIN_H

#include <stdint.h>

#if !defined(SCAN_PORTABLE) && defined(__SSE2__)
#include <emmintrin.h>
#define SCAN_SSE2
#elif !defined(SCAN_PORTABLE) && defined(__aarch64__)
#include <arm_neon.h>
#define SCAN_NEON
#endif

/* The first byte from p on that a string cannot take as it is: a quote, a
 * backslash, a control character, or one that needs a look at its UTF-8. */
static inline const char *
plain_run(const char *p, const char *end)
{
#if defined(SCAN_SSE2)
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* bytes are signed here, so those of UTF-8 are below a space */
		__m128i hit = _mm_or_si128(_mm_cmplt_epi8(v, space),
		    _mm_or_si128(_mm_cmpeq_epi8(v, quote),
			_mm_cmpeq_epi8(v, backslash)));
		unsigned mask = (unsigned)_mm_movemask_epi8(hit);

		if (mask)
			return p + __builtin_ctz(mask);
		p += 16;
	}
#elif defined(SCAN_NEON)
	while (end - p >= 16) {
		uint8x16_t v = vld1q_u8((const uint8_t *)p);
		uint8x16_t hit = vorrq_u8(vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')),
					      vceqq_u8(v, vdupq_n_u8('\\'))),
		    vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)),
			vcgeq_u8(v, vdupq_n_u8(0x80))));
		/* four bits a byte, as NEON has no movemask */
		uint64_t mask =
		    vget_lane_u64(vreinterpret_u64_u8(
				      vshrn_n_u16(vreinterpretq_u16_u8(hit),
					  4)),
			0);

		if (mask)
			return p + __builtin_ctzll(mask) / 4;
		p += 16;
	}
#endif
	while (p < end && *p != '"' && *p != '\\' &&
	    (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
		p++;
	return p;
}

#endif
