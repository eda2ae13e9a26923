/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state is the first of these that applies; the numbers stand in the tests, too:
 *   1 claimed    an instance has it, and that is committed: its group, whatever the rules say now
 *   2 unmatched  no rule holds
 *   3 blocked    there is a reason that its group does not override
 *   4 available
 * A device that is reserved (its instance is not committed yet) is shown as before, and one that
 * arrived meanwhile as if it were free.
 */
#include "devices/show.h"

#include "base/writer.h"
#include "model/reason.h"
#include "rules/ruleset.h"

/* What is about to be shown; the texts are borrowed. */
struct shown {
	struct text *group;
	struct text *rule;
	unsigned rule_number;
	enum device_state state;
};

/* The reasons of a device: a bit each, and the id that one of them is about. */
struct reasons {
	unsigned set; /* 1 << enum reason */
	const struct text *about[REASON_COUNT];
};

static struct reasons reasons_of(const struct device *device)
{
	struct reasons reasons = {0};

	if (device->twin_of) {
		reasons.set |= 1u << REASON_IDENTITY_CONFLICT;
		reasons.about[REASON_IDENTITY_CONFLICT] = device->twin_of;
	}
	return reasons;
}

static void write_reason(
	struct writer *json, const struct reasons *reasons, enum reason reason, unsigned overridden)
{
	const struct text *about = reasons->about[reason];
	struct buffer word = {0};

	buffer_format(&word, "%s%s%s%s", overridden & 1u << reason ? "!" : "", reason_names[reason],
		about ? ":" : "", about ? about->bytes : "");
	writer_bytes(json, word.bytes, word.length);
	buffer_done(&word);
}

/* As a JSON array, interned; NULL: there are none. */
static struct text *describe_reasons(
	const struct reasons *reasons, unsigned overridden, struct text_pool *pool)
{
	struct writer json = {0};
	struct text *text;
	struct text *interned;

	if (reasons->set == 0)
		return NULL;
	writer_open(&json, '[');
	for (enum reason reason = 0; reason < REASON_COUNT; reason++)
		if (reasons->set & 1u << reason)
			write_reason(&json, reasons, reason, overridden);
	writer_close(&json, ']');
	text = writer_take(&json);
	interned = text_intern(pool, text->bytes, text->length);
	text_unref(text);
	return interned;
}

/* What the rules say, and what is in the way. */
static struct shown by_verdict(const struct rule *verdict, bool blocked)
{
	if (!verdict)
		return (struct shown){.state = STATE_UNMATCHED};
	return (struct shown){verdict->group->name, verdict->name, verdict->number,
		blocked ? STATE_BLOCKED : STATE_AVAILABLE};
}

static struct shown as_before(const struct device_view *before, struct shown shown)
{
	if (!before->group || before->group == shown.group)
		return shown;
	return (struct shown){.group = before->group, .state = before->state};
}

static struct shown as_claimed(const struct instance *instance, struct shown shown)
{
	if (shown.group != instance->group)
		shown = (struct shown){.group = instance->group};
	shown.state = STATE_CLAIMED;
	return shown;
}

static struct text *instance_id(const struct instance *instance, struct text_pool *pool)
{
	char id[INSTANCE_ID_SIZE];

	instance_format_id(instance->number, id);
	return text_intern_string(pool, id);
}

/* Takes over the references to `reasons` and `instance`. */
static bool take(
	struct device *device, struct shown shown, struct text *reasons, struct text *instance)
{
	struct device_view *view = &device->now;
	bool differs = view->group != shown.group || view->rule != shown.rule ||
		       view->state != shown.state || view->reasons != reasons ||
		       view->instance != instance;

	if (differs)
		device_change(device);
	text_replace(&view->group, text_ref(shown.group));
	text_replace(&view->rule, text_ref(shown.rule));
	text_replace(&view->reasons, reasons);
	text_replace(&view->instance, instance);
	view->rule_number = shown.rule_number;
	view->state = shown.state;
	return differs;
}

bool show_device(struct device *device, struct text_pool *pool)
{
	const struct instance *instance = instance_of(device);
	bool claimed = instance && instance_stands(instance);
	struct reasons reasons = reasons_of(device);
	unsigned overridden = device->verdict ? device->verdict->group->unsafe : 0;
	struct shown shown = by_verdict(device->verdict, reasons.set & ~overridden);

	if (claimed)
		shown = as_claimed(instance, shown);
	else if (instance)
		shown = as_before(&device->now, shown);
	return take(device, shown, describe_reasons(&reasons, overridden, pool),
		claimed ? instance_id(instance, pool) : NULL);
}
