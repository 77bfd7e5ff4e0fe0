/* world: a uid is held in half its bytes, and told again as it was. */
#include "world.h"

#include <string.h>

#include "tap.h"

#define SAMPLE "0123abcd-4567-4e8f-9a0b-c1d2e3f4a5b6"

static bool
is_again(const char *text)
{
	uint8_t uid[WORLD_UID];
	char out[WORLD_UID_TEXT];
	struct span s;

	memset(uid, 0xee, sizeof(uid));
	world_read_uid(span_of(text), uid);
	s = world_uid_text(uid, out);
	return span_eq(s, text);
}

static bool
is_unknown(const char *text)
{
	static const uint8_t none[WORLD_UID];
	uint8_t uid[WORLD_UID];

	memset(uid, 0xee, sizeof(uid));
	world_read_uid(span_of(text), uid);
	return memcmp(uid, none, sizeof(uid)) == 0;
}

/* Each byte at each place of a uid. */
static void
every_byte(void)
{
	char text[] = SAMPLE;
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char was = text[i];

		for (int c = 1; c < 256; c++) {
			bool good = was == '-' ?
			    c == '-' :
			    strchr("0123456789abcdef", c) != NULL;

			text[i] = (char)c;
			wrong += good ? !is_again(text) : !is_unknown(text);
		}
		text[i] = was;
	}
	ok(wrong == 0, "every byte at every place: %u are wrong", wrong);
}

int
main(void)
{
	ok(is_again(SAMPLE), "as it was");
	ok(is_again("ffffffff-ffff-ffff-ffff-ffffffffffff"), "all of them f");
	every_byte();
	ok(is_unknown(""), "none");
	ok(is_unknown(SAMPLE "0"), "one digit too many");
	ok(is_unknown("0123ABCD-4567-4E8F-9A0B-C1D2E3F4A5B6"),
	    "another spelling, which would be told as another");
	return tap_done();
}
