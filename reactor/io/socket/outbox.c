/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/outbox.h"

void outbox_add(struct outbox *outbox, struct text *text)
{
	vector_add(&outbox->texts, text);
}

static bool is_empty(const struct outbox *outbox)
{
	return outbox->sent == outbox->texts.count;
}

void outbox_gather(const struct outbox *outbox, struct parcel *parcel)
{
	size_t skip = outbox->offset;

	for (size_t i = outbox->sent; i < outbox->texts.count && parcel_has_room(parcel); i++)
		parcel_add_text(parcel, outbox->texts.items[i], &skip);
}

void outbox_advance(struct outbox *outbox, size_t length)
{
	length += outbox->offset;
	while (!is_empty(outbox)) {
		struct text *text = outbox->texts.items[outbox->sent];

		if (length < text->length)
			break;
		length -= text->length;
		text_unref(text);
		outbox->sent++;
	}
	outbox->offset = length;
	if (is_empty(outbox))
		outbox_done(outbox);
}

void outbox_done(struct outbox *outbox)
{
	for (; outbox->sent < outbox->texts.count; outbox->sent++)
		text_unref(outbox->texts.items[outbox->sent]);
	vector_done(&outbox->texts);
	*outbox = (struct outbox){0};
}
