/* fuzz_progress - whatever a command prints or sends, what is taken from it
 * lies within it, a percentage is one, and what is shown is tidy.
 */
#include <stdlib.h>
#include <string.h>

#include "core/progress.h"
#include "core/tidy.h"
#include "io/lines.h"

#define SHOWN_MAX 64 /* bytes of a message */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_inside(struct text part, struct text whole)
{
	if (part.len > 0 &&
	    (part.at < whole.at || part.at + part.len > whole.at + whole.len))
		abort();
}

static void check_progress(const struct progress *progress, struct text whole)
{
	char shown[SHOWN_MAX];
	size_t shown_len;

	if (progress->percent < 0 || progress->percent > PROGRESS_WHOLE)
		abort();
	check_inside(progress->message, whole);
	shown_len = tidy_copy(progress->message, shown, sizeof(shown));
	if (shown_len >= sizeof(shown) || shown[shown_len] != '\0')
		abort();
	for (size_t i = 0; i < shown_len; i++)
		if ((unsigned char)shown[i] < ' ' || shown[i] == 0x7f)
			abort();
}

static void take_line(void *arg, struct text line)
{
	struct progress progress;

	(void)arg;
	if (progress_parse(line, &progress))
		check_progress(&progress, line);
}

/* In pieces, as a pipe may give it. */
static void take_stream(const uint8_t *data, size_t len)
{
	static struct lines lines;
	size_t piece = len > 0 ? data[0] % 7 + 1 : 1;

	memset(&lines, 0, sizeof(lines));
	for (size_t at = 0; at < len; at += piece) {
		size_t left = len - at;

		lines_feed(&lines,
			   (struct text){ (const char *)data + at,
					  left < piece ? left : piece },
			   take_line, NULL);
	}
	lines_end(&lines, take_line, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text whole = { (const char *)data, len };
	struct notice notice;

	take_stream(data, len);
	notice_parse(whole, &notice);
	if (notice.has_progress)
		check_progress(&notice.progress, whole);
	if (notice.has_status)
		check_inside(notice.status, whole);
	if (notice.has_address)
		check_inside(notice.address, whole);
	return 0;
}
