#include "core/spec.h"

#include <errno.h>

/* Strings travel with their terminator, so that a decoded spec can point into
 * the bytes it came from.
 */
enum {
	TAG_TOKEN = 1,
	TAG_ATTEMPT = 2,
	TAG_UNIT = 3,
	TAG_ID = 4,
	TAG_ARGV = 5, /* one each, in order */
	TAG_ENV = 6,  /* one each, in order */
	TAG_DIR = 7,
	TAG_USER = 8,
	TAG_GROUP = 9,
	TAG_UMASK = 10,
	TAG_NICE = 11,
	TAG_STOP_SIGNAL = 12,
	TAG_STOP_TIMEOUT = 13,
	TAG_TIMEOUT = 14,
	TAG_WORK_DIR = 15,
	TAG_WANTS_OUTPUT = 16,
	TAG_MAX_OUTPUT = 17,
	TAG_OK_EXIT = 18, /* one each */
	TAG_KIND = 19,
	TAG_KEEP = 20,
	TAG_RESTART = 21,
	TAG_MAX_RESTARTS = 22,
	TAG_MAX_SECONDS = 23,
	TAG_BACKOFF = 24,
	TAG_BACKOFF_MAX = 25,
	TAG_READY = 26,
	TAG_READY_VALUE = 27,
	TAG_READY_TCP = 28,
	TAG_WATCHDOG = 29,
	TAG_LIMIT_MEMORY = 30,
	TAG_LIMIT_FILES = 31,
	TAG_LIMIT_PROCESSES = 32,
	TAG_ENV_FILE = 33,
	TAG_LOG = 34,
	TAG_LOG_ROTATE = 35,
	TAG_LOG_KEEP = 36,
	/* 37 and 38 are retired */
	TAG_FINAL = 39,
};

static void put_string(struct enc *enc, uint8_t tag, const char *string)
{
	struct text text = text_of(string != NULL ? string : "");

	text.len++;
	enc_text(enc, tag, text);
}

/* What services and singletons have besides. */
static void put_unit(struct enc *enc, const struct spec *spec)
{
	enc_u64(enc, TAG_KIND, spec->kind);
	enc_u64(enc, TAG_KEEP, spec->keep);
	enc_u64(enc, TAG_RESTART, spec->restart);
	enc_u64(enc, TAG_MAX_RESTARTS, spec->max_restarts);
	enc_i64(enc, TAG_MAX_SECONDS, spec->max_seconds_ms);
	enc_i64(enc, TAG_BACKOFF, spec->backoff_ms);
	enc_i64(enc, TAG_BACKOFF_MAX, spec->backoff_max_ms);
	enc_u64(enc, TAG_READY, spec->ready);
	enc_i64(enc, TAG_READY_VALUE, spec->ready_value);
	put_string(enc, TAG_READY_TCP, spec->ready_tcp);
	enc_i64(enc, TAG_WATCHDOG, spec->watchdog_ms);
	enc_u64(enc, TAG_LIMIT_MEMORY, spec->limit_memory);
	enc_u64(enc, TAG_LIMIT_FILES, spec->limit_files);
	enc_u64(enc, TAG_LIMIT_PROCESSES, spec->limit_processes);
	put_string(enc, TAG_ENV_FILE, spec->env_file);
	put_string(enc, TAG_LOG, spec->log);
	enc_u64(enc, TAG_LOG_ROTATE, spec->log_rotate);
	enc_u64(enc, TAG_LOG_KEEP, spec->log_keep);
	enc_u64(enc, TAG_FINAL, spec->final);
}

int spec_encode(const struct spec *spec, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	enc_u64(&enc, TAG_TOKEN, spec->token);
	enc_u64(&enc, TAG_ATTEMPT, spec->attempt);
	put_string(&enc, TAG_UNIT, spec->unit);
	put_string(&enc, TAG_ID, spec->id);
	for (size_t i = 0; spec->argv[i] != NULL; i++)
		put_string(&enc, TAG_ARGV, spec->argv[i]);
	for (size_t i = 0; spec->env[i] != NULL; i++)
		put_string(&enc, TAG_ENV, spec->env[i]);
	put_string(&enc, TAG_DIR, spec->dir);
	put_string(&enc, TAG_USER, spec->user);
	put_string(&enc, TAG_GROUP, spec->group);
	enc_i64(&enc, TAG_UMASK, spec->umask);
	enc_i64(&enc, TAG_NICE, spec->nice);
	enc_i64(&enc, TAG_STOP_SIGNAL, spec->stop_signal);
	enc_i64(&enc, TAG_STOP_TIMEOUT, spec->stop_timeout_ms);
	enc_i64(&enc, TAG_TIMEOUT, spec->timeout_ms);
	put_string(&enc, TAG_WORK_DIR, spec->work_dir);
	enc_u64(&enc, TAG_WANTS_OUTPUT, spec->wants_output);
	enc_u64(&enc, TAG_MAX_OUTPUT, spec->max_output);
	for (size_t i = 0; i < spec->ok_exit_count; i++)
		enc_i64(&enc, TAG_OK_EXIT, spec->ok_exit[i]);
	put_unit(&enc, spec);
	return enc_end(&enc);
}

/* The string in FIELD, or NULL when it isn't one. */
static const char *string_of(const struct field *field)
{
	size_t len = field->body.len;

	if (len == 0 ||
	    memchr(field->body.at, '\0', len) != field->body.at + len - 1)
		return NULL;
	return field->body.at;
}

static int append(const char **strings, const char *string)
{
	for (size_t i = 0; i < SPEC_STRINGS_MAX; i++) {
		if (strings[i] == NULL) {
			strings[i] = string;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_string(struct spec *spec, const struct field *field)
{
	const char *string = string_of(field);

	if (string == NULL)
		return -EBADMSG;
	switch (field->tag) {
	case TAG_UNIT:
		spec->unit = string;
		break;
	case TAG_ID:
		spec->id = string;
		break;
	case TAG_ARGV:
		return append(spec->argv, string);
	case TAG_ENV:
		return append(spec->env, string);
	case TAG_DIR:
		spec->dir = string;
		break;
	case TAG_USER:
		spec->user = string;
		break;
	case TAG_GROUP:
		spec->group = string;
		break;
	case TAG_READY_TCP:
		spec->ready_tcp = string;
		break;
	case TAG_ENV_FILE:
		spec->env_file = string;
		break;
	case TAG_LOG:
		spec->log = string;
		break;
	default:
		spec->work_dir = string;
		break;
	}
	return 0;
}

/* What services and singletons have besides. */
static int take_unit(struct spec *spec, const struct field *field)
{
	switch (field->tag) {
	case TAG_KIND:
		spec->kind = (enum unit_kind)field_u64(field);
		break;
	case TAG_KEEP:
		spec->keep = field_u64(field) != 0;
		break;
	case TAG_RESTART:
		spec->restart = (enum unit_restart)field_u64(field);
		break;
	case TAG_MAX_RESTARTS:
		spec->max_restarts = (uint32_t)field_u64(field);
		break;
	case TAG_MAX_SECONDS:
		spec->max_seconds_ms = field_i64(field);
		break;
	case TAG_BACKOFF:
		spec->backoff_ms = field_i64(field);
		break;
	case TAG_BACKOFF_MAX:
		spec->backoff_max_ms = field_i64(field);
		break;
	case TAG_READY:
		spec->ready = (enum unit_ready)field_u64(field);
		break;
	case TAG_READY_VALUE:
		spec->ready_value = field_i64(field);
		break;
	case TAG_WATCHDOG:
		spec->watchdog_ms = field_i64(field);
		break;
	case TAG_LIMIT_MEMORY:
		spec->limit_memory = field_u64(field);
		break;
	case TAG_LIMIT_FILES:
		spec->limit_files = (uint32_t)field_u64(field);
		break;
	case TAG_LIMIT_PROCESSES:
		spec->limit_processes = (uint32_t)field_u64(field);
		break;
	case TAG_LOG_ROTATE:
		spec->log_rotate = field_u64(field);
		break;
	case TAG_FINAL:
		spec->final = field_u64(field) != 0;
		break;
	case TAG_LOG_KEEP:
		spec->log_keep = (uint32_t)field_u64(field);
		break;
	default:
		break;
	}
	return 0;
}

static int take_number(struct spec *spec, const struct field *field)
{
	switch (field->tag) {
	case TAG_TOKEN:
		spec->token = field_u64(field);
		break;
	case TAG_ATTEMPT:
		spec->attempt = (uint32_t)field_u64(field);
		break;
	case TAG_UMASK:
		spec->umask = (int32_t)field_i64(field);
		break;
	case TAG_NICE:
		spec->nice = (int32_t)field_i64(field);
		break;
	case TAG_STOP_SIGNAL:
		spec->stop_signal = (int32_t)field_i64(field);
		break;
	case TAG_STOP_TIMEOUT:
		spec->stop_timeout_ms = field_i64(field);
		break;
	case TAG_TIMEOUT:
		spec->timeout_ms = field_i64(field);
		break;
	case TAG_WANTS_OUTPUT:
		spec->wants_output = field_u64(field) != 0;
		break;
	case TAG_MAX_OUTPUT:
		spec->max_output = field_u64(field);
		break;
	case TAG_OK_EXIT:
		if (spec->ok_exit_count == SPEC_OK_EXIT_MAX)
			return -EBADMSG;
		spec->ok_exit[spec->ok_exit_count++] =
			(int32_t)field_i64(field);
		break;
	default:
		return take_unit(spec, field);
	}
	return 0;
}

static bool is_string(uint8_t tag)
{
	return (tag >= TAG_UNIT && tag <= TAG_GROUP) || tag == TAG_WORK_DIR ||
	       tag == TAG_READY_TCP || tag == TAG_ENV_FILE || tag == TAG_LOG;
}

int spec_decode(struct spec *spec, const void *buf, size_t len)
{
	struct dec dec = dec_init(buf, len);
	struct field field;
	int rc = 0;

	*spec = (struct spec){ .unit = "",
			       .id = "",
			       .dir = "",
			       .user = "",
			       .group = "",
			       .umask = -1,
			       .work_dir = "",
			       .kind = UNIT_JOB,
			       .ready_tcp = "",
			       .env_file = "",
			       .log = "stderr" };
	while (rc == 0 && dec_next(&dec, &field))
		rc = is_string(field.tag) ? take_string(spec, &field)
					  : take_number(spec, &field);
	if (rc == 0)
		rc = dec_end(&dec);
	if (rc == 0 && (spec->token == 0 || spec->argv[0] == NULL))
		rc = -EBADMSG;
	return rc;
}
