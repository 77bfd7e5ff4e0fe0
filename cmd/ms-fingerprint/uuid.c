#include "uuid.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Drawn once, for Infrastructure objects; to change it renames all of them. */
static const uint8_t ours[16] = {0x9b, 0x1d, 0x6c, 0x52, 0x3f, 0x0e, 0x4a, 0x7c,
    0x8d, 0x25, 0x61, 0xf4, 0xc0, 0x7e, 0xb8, 0x93};

/* SHA-1 is what version 5 is made of; nothing here rests on its strength. */
struct sha1 {
	uint32_t h[5];
	uint8_t block[64];
	uint64_t n;
};

static uint32_t
rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void
sha1_block(struct sha1 *s)
{
	uint32_t w[80], v[5], t, f, k;

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)s->block[4 * i] << 24 |
		    (uint32_t)s->block[4 * i + 1] << 16 |
		    (uint32_t)s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, s->h, sizeof(v));
	for (int i = 0; i < 80; i++) {
		if (i < 20)
			f = (v[1] & v[2]) | (~v[1] & v[3]), k = 0x5a827999;
		else if (i < 40)
			f = v[1] ^ v[2] ^ v[3], k = 0x6ed9eba1;
		else if (i < 60)
			f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]),
			k = 0x8f1bbcdc;
		else
			f = v[1] ^ v[2] ^ v[3], k = 0xca62c1d6;
		t = rotate(v[0], 5) + f + v[4] + k + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (int i = 0; i < 5; i++)
		s->h[i] += v[i];
}

static void
sha1_add(struct sha1 *s, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n-- > 0) {
		s->block[s->n++ % 64] = *p++;
		if (s->n % 64 == 0)
			sha1_block(s);
	}
}

static void
sha1_end(struct sha1 *s, uint8_t out[20])
{
	uint64_t bits = s->n * 8;
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha1_add(s, "\x80", 1);
	while (s->n % 64 != 56)
		sha1_add(s, "", 1);
	sha1_add(s, length, 8);
	for (int i = 0; i < 20; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void
uuid_of_name(const char *name, size_t n, char out[UUID_TEXT])
{
	struct sha1 s = {{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			     0xc3d2e1f0},
	    {0}, 0};
	uint8_t u[20];
	size_t at = 0;

	sha1_add(&s, ours, sizeof(ours));
	sha1_add(&s, name, n);
	sha1_end(&s, u);
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x50);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		at += (size_t)snprintf(out + at, 3, "%02x", u[i]);
	}
}
