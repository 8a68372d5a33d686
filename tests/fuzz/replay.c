/* replay - a main() for fuzz targets where there is no libFuzzer: feeds them
 * each file named as an argument. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An exact allocation, so that a sanitizer sees the first byte too far. */
static int replay(FILE *file)
{
	uint8_t *data;
	size_t len;
	long end;

	if (fseek(file, 0, SEEK_END) != 0)
		return -1;
	end = ftell(file);
	if (end < 0 || fseek(file, 0, SEEK_SET) != 0)
		return -1;
	data = malloc(end > 0 ? (size_t)end : 1);
	if (data == NULL)
		return -1;
	len = fread(data, 1, (size_t)end, file);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return len == (size_t)end ? 0 : -1;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		int rc;

		if (file == NULL) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		rc = replay(file);
		fclose(file);
		if (rc != 0) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
