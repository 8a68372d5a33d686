#include "core/list.h"

#include <errno.h>

int list_of(struct text *list, const struct strings *strings, char *buf,
	    size_t cap)
{
	size_t len = 0;

	for (size_t i = 0; i < strings->count; i++) {
		size_t bytes = strlen(strings->at[i]) + 1;

		if (bytes > cap - len)
			return -ENOSPC;
		memcpy(buf + len, strings->at[i], bytes);
		len += bytes;
	}
	*list = (struct text){ buf, len };
	return 0;
}

bool list_is(struct text text)
{
	return text.len == 0 || text.at[text.len - 1] == '\0';
}

bool list_next(struct text *list, struct text *item)
{
	const char *end;

	if (list->len == 0)
		return false;
	end = memchr(list->at, '\0', list->len);
	if (end == NULL) {
		*item = *list;
		*list = text_of("");
		return true;
	}
	*item = (struct text){ list->at, (size_t)(end - list->at) };
	list->at += item->len + 1;
	list->len -= item->len + 1;
	return true;
}

int list_find(struct text list, struct text item)
{
	struct text each;

	for (int i = 0; list_next(&list, &each); i++)
		if (text_equal(each, item))
			return i;
	return -1;
}
