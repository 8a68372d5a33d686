/* fuzz_codec - what was read as fields and written again reads the same. */
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fields_survive(const uint8_t *data, size_t len)
{
	struct dec dec = dec_init(data, len);
	struct enc enc;
	struct field field;
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		return;
	enc = enc_init(copy, len + 1);
	while (dec_next(&dec, &field)) {
		(void)field_u64(&field);
		(void)field_i64(&field);
		enc_text(&enc, field.tag, field.body);
	}
	if (enc_end(&enc) < 0 || memcmp(copy, data, enc.len) != 0)
		abort();
	if (dec_end(&dec) == 0 && enc.len != len)
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct record record;

	fields_survive(data, len);
	(void)record_decode(&record, data, len);
	return 0;
}
