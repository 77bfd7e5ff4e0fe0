/* special - which bytes of a JSON string Go's encoder does not copy as they
 * are: what ends the string or begins an escape, what Go escapes though JSON
 * need not ('&', '<', '>'), and all that is not ASCII. Control characters do
 * not occur in a valid string.
 */
#ifndef MS_SPECIAL_H
#define MS_SPECIAL_H

#include <stdbool.h>

#if !defined(SCAN_PORTABLE) && defined(__SSE2__)
#include <emmintrin.h>
#define SPECIAL_SSE2
#endif

/* '"' and '&' differ in one bit, and so do '<' and '>'. */
static inline bool
is_special(unsigned char c)
{
	return (c & 0xfb) == 0x22 || (c & 0xfd) == 0x3c || c == '\\' ||
	    c >= 0x80;
}

#ifdef SPECIAL_SSE2
/* The same of 16 bytes at once: a bit for each. */
static inline unsigned
special_mask(__m128i v)
{
	const __m128i quote = _mm_set1_epi8(0x22), no_4 = _mm_set1_epi8(~4);
	const __m128i less = _mm_set1_epi8(0x3c), no_2 = _mm_set1_epi8(~2);
	const __m128i backslash = _mm_set1_epi8('\\');
	__m128i hit = _mm_cmpeq_epi8(_mm_and_si128(v, no_4), quote);

	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_and_si128(v, no_2), less));
	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, backslash));
	/* movemask takes top bits: v's own are the non-ASCII bytes */
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(hit, v));
}
#endif

#endif
