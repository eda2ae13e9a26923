/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `attach` is what QEMU and libvirt want to be told. USB by port for QEMU, since the number on the
 * bus is another one after each replug. A vGPU has none before it was made.
 */
#include "claims/describe_instance.h"

#include "base/writer.h"
#include "model/address.h"

#include <string.h>

static void write_pci(struct writer *json, const struct facts *facts, const char *managed)
{
	const struct text *slot = facts_value(facts, FIELD_SLOT);
	struct address address;
	struct buffer text = {0};

	if (!slot || !address_parse(slot->bytes, &address))
		return;
	buffer_format(&text, "vfio-pci,host=%s", slot->bytes);
	writer_key_string(json, "qemu", buffer_string(&text));
	text.length = 0;
	buffer_format(&text,
		"<hostdev mode='subsystem' type='pci' managed='%s'><source>"
		"<address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>"
		"</source></hostdev>",
		managed, address.domain, address.bus, address.device, address.function);
	writer_key_string(json, "libvirt", buffer_string(&text));
	buffer_done(&text);
}

static void write_usb(struct writer *json, const struct facts *facts, const char *managed)
{
	const struct text *path = facts_value(facts, FIELD_PATH);
	const struct text *bus = facts_value(facts, FIELD_BUS);
	const struct text *number = facts_value(facts, FIELD_DEVICE_NUMBER);
	const char *port = path ? strchr(path->bytes, '-') : NULL;
	struct buffer text = {0};

	if (!port || !bus || !number)
		return;
	buffer_format(&text, "usb-host,hostbus=%s,hostport=%s", bus->bytes, port + 1);
	writer_key_string(json, "qemu", buffer_string(&text));
	text.length = 0;
	buffer_format(&text,
		"<hostdev mode='subsystem' type='usb' managed='%s'><source>"
		"<address bus='%s' device='%s'/></source></hostdev>",
		managed, bus->bytes, number->bytes);
	writer_key_string(json, "libvirt", buffer_string(&text));
	buffer_done(&text);
}

/* libvirt is to bind the driver itself where the group leaves drivers as they are. */
static void write_attach(struct writer *json, const struct claims *claims,
	const struct instance *instance, const struct facts *facts)
{
	static void (*const write_kind[KIND_COUNT])(
		struct writer *, const struct facts *, const char *managed) = {
		[KIND_PCI] = write_pci,
		[KIND_USB] = write_usb,
	};
	enum kind kind = kind_first(facts->kinds);
	const struct resource_group *group =
		ruleset_find_group(claims->devices->ruleset, instance->group->bytes);
	const char *managed = group && text_is(group->driver, "keep") ? "yes" : "no";

	if (!write_kind[kind])
		return;
	writer_key(json, "attach");
	writer_open(json, '{');
	write_kind[kind](json, facts, managed);
	writer_close(json, '}');
}

static void write_hold(
	struct writer *json, const char *life, const char *pid, const struct hold *hold)
{
	writer_key_string(json, life, life_name(hold->life));
	if (hold->life == LIFE_PROCESS)
		writer_key_number(json, pid, hold->process.pid);
}

struct text *describe_instance(
	const struct claims *claims, const struct instance *instance, const struct device *device)
{
	const struct instance_terms *terms = &instance->terms;
	struct writer json = {0};
	char id[INSTANCE_ID_SIZE];

	instance_format_id(instance->number, id);
	writer_open(&json, '{');
	writer_key_string(&json, "id", id);
	writer_key_text(&json, "device", instance->device_id);
	writer_key_text(&json, "group", instance->group);
	writer_key_text(&json, "vm", terms->vm);
	writer_key_text(&json, "tenant", instance->tenant);
	writer_key_number(&json, "uid", instance->uid);
	write_hold(&json, "life", "pid", &terms->grant);
	if (instance->tenant && terms->vm)
		write_hold(&json, "vm_life", "vm_pid", &terms->use);
	writer_key_text(&json, "token", terms->grant.token);
	writer_key_number(&json, "generation", instance->generation);
	writer_key_number(&json, "since", instance->since);
	writer_key_string(
		&json, "state", instance_state_name(device ? INSTANCE_READY : INSTANCE_MISSING));
	if (device)
		write_attach(&json, claims, instance, device->now.facts);
	writer_close(&json, '}');
	return writer_take(&json);
}
