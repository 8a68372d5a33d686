/* The body of a request to run a job: JSON when it begins with anything but
 * 'F', else the form behind that letter.
 */
#include <stdlib.h>

#include "io/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = { (const char *)data, size };
	struct body body;
	int rc;

	if (size > 0 && data[0] == 'F') {
		bytes.at++;
		bytes.len--;
		rc = body_form(&body, bytes);
	} else {
		rc = body_json(&body, bytes);
	}
	if (rc == 0 && (body.type.len == 0 || !text_is_utf8(body.type) ||
			body.params_count > JOB_PARAMS_MAX))
		abort();
	for (size_t i = 0; rc == 0 && i < body.params_count; i++)
		if (!text_is_utf8(body.params[i].name) ||
		    !text_is_utf8(body.params[i].value))
			abort();
	body_fini(&body);
	return 0;
}
