#define _GNU_SOURCE
#include "roles/server_call.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "io/channel.h"
#include "io/loop.h"

#define SLOT(number) ((number) & (CALLS_MAX - 1))

void calls_init(struct calls *calls, int link)
{
	calls->link = link;
	/* An answer to a predecessor of ours must not meet a call of ours. */
	calls->next = (uint64_t)randombytes_random() << 32;
	calls->oldest = calls->next;
}

static void skip_settled(struct calls *calls)
{
	while (calls->oldest != calls->next) {
		const struct call *call = calls->at[SLOT(calls->oldest)];

		if (call != NULL && !call->over)
			break;
		calls->oldest++;
	}
}

int calls_ask(struct calls *calls, struct http_request *request,
	      struct message *message, int64_t now_ms, struct call **call)
{
	static uint8_t buf[MESSAGE_MAX];
	struct call *new;
	int rc;

	skip_settled(calls);
	if (calls->next - calls->oldest >= CALLS_MAX ||
	    calls->at[SLOT(calls->next)] != NULL)
		return -EAGAIN;
	message->request = calls->next;
	rc = message_encode(message, buf, sizeof(buf));
	if (rc < 0)
		return rc;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	rc = channel_send(calls->link, buf, (size_t)rc);
	if (rc != 0) {
		free(new);
		return rc;
	}
	new->held = HELD_CALL;
	new->request = request;
	new->number = calls->next++;
	new->deadline_ms = now_ms + CALL_PATIENCE_MS;
	calls->at[SLOT(new->number)] = new;
	request->state = new;
	*call = new;
	http_hold(request);
	return 0;
}

static void settle(struct call *call, int32_t status)
{
	call->over = true;
	call->status = status;
	http_wake(call->request);
}

static void take(struct calls *calls, const struct message *reply)
{
	struct call *call = calls->at[SLOT(reply->request)];

	if (reply->kind != MESSAGE_REPLY || call == NULL || call->over ||
	    call->number != reply->request)
		return;
	memcpy(call->id, reply->id, sizeof(call->id));
	call->joined = reply->joined;
	settle(call, reply->status);
}

void calls_receive(struct calls *calls)
{
	static uint8_t buf[MESSAGE_MAX];
	struct message reply;
	int len;

	for (;;) {
		len = channel_receive(calls->link, buf, sizeof(buf));
		if (len == -EMSGSIZE)
			continue;
		if (len <= 0)
			break;
		if (message_decode(&reply, buf, (size_t)len) == 0)
			take(calls, &reply);
	}
}

void calls_expire(struct calls *calls, int64_t now_ms, bool all)
{
	for (;;) {
		struct call *call;

		skip_settled(calls);
		if (calls->oldest == calls->next)
			break;
		call = calls->at[SLOT(calls->oldest)];
		if (!all && call->deadline_ms > now_ms)
			break;
		settle(call, EIO);
	}
}

int64_t calls_deadline(const struct calls *calls)
{
	for (uint64_t n = calls->oldest; n != calls->next; n++) {
		const struct call *call = calls->at[SLOT(n)];

		if (call != NULL && !call->over)
			return call->deadline_ms;
	}
	return LOOP_NO_DEADLINE;
}

void calls_free(struct calls *calls, struct call *call)
{
	if (calls->at[SLOT(call->number)] == call)
		calls->at[SLOT(call->number)] = NULL;
	free(call);
}
