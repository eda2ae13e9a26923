/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A resource group: one row in the table below for each key that it may have. */
#include "rules/load_group.h"

#include "base/memory.h"

#include <string.h>

#define HIGHEST_VLAN 4094
#define HIGHEST_RATE 1000000 /* Mbit/s */

static void read_description(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	struct text *description = loader_text(loader, setting, "`description`");

	if (description)
		text_replace(&group->description, description);
}

/* A folder's name below /sys/bus/pci/drivers. */
static bool is_driver(const struct text *driver)
{
	return driver->length > 0 && driver->length <= 64 && !strpbrk(driver->bytes, "/ ") &&
	       driver->bytes[0] != '.';
}

/* Whether devices of the kind are bound to another driver; those of an unknown one may be. */
static bool is_bound(enum kind kind)
{
	return kind == KIND_COUNT || kind_describe(kind)->bound;
}

static void read_driver(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	struct text *driver = loader_text(loader, setting, "`driver`");

	if (!driver)
		return;
	if (!is_driver(driver))
		loader_error(loader, setting, "`vfio-pci`, `keep`, or the name of a PCI driver",
			"`%.64s` cannot be a driver", driver->bytes);
	else if (!is_bound(group->kind) && !text_is(driver, "keep"))
		loader_error(loader, setting, "leave the key out, or say `keep`",
			"%s are not bound to a driver", kind_describe(group->kind)->plural);
	text_replace(&group->driver, driver);
}

static void read_bind(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	static const char *const words[] = {"claim", "join"};

	group->bind_on_join = loader_choice(loader, setting, words, ARRAY_LENGTH(words)) == 1;
}

static void read_functions(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	static const char *const words[] = {"one", "all"};

	group->all_functions = loader_choice(loader, setting, words, ARRAY_LENGTH(words)) == 1;
	if (group->all_functions && !is_bound(group->kind))
		loader_error(loader, setting, "leave the key out",
			"%s have no functions to claim together",
			kind_describe(group->kind)->plural);
}

static void read_select(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	static const char *const words[] = {
		[SELECT_FIRST] = "first", [SELECT_SPREAD] = "spread", [SELECT_PACK] = "pack"};
	int choice = loader_choice(loader, setting, words, ARRAY_LENGTH(words));

	if (choice >= 0)
		group->select = (enum group_select)choice;
}

static void read_allowed(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	struct text *who = loader_text(loader, setting, "an entry of `allow`");

	if (!who)
		return;
	if (who->length == 0 || text_is(who, "@") || strpbrk(who->bytes, " :,/"))
		loader_error(loader, setting, "a user, or a unix group as \"@kvm\"",
			"`%.64s` is neither a user nor a @group", who->bytes);
	vector_add(&group->allow, who);
}

static void read_allow(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	if (!loader_is_list(loader, setting, "write allow = ( \"alice\", \"@kvm\" );"))
		return;
	for (int i = 0; i < config_setting_length(setting); i++)
		read_allowed(loader, config_setting_get_elem(setting, (unsigned)i), group);
}

static bool is_owner(const struct text *pattern)
{
	size_t prefix = strncmp(pattern->bytes, "vm:", 3) == 0	     ? 3
			: strncmp(pattern->bytes, "tenant:", 7) == 0 ? 7
								     : 0;

	return prefix > 0 && pattern->length > prefix;
}

/* ("tenant:blue", 4) */
static const config_setting_t *split_owner(
	struct loader *loader, const config_setting_t *entry, int64_t *ret_most)
{
	const config_setting_t *most = config_setting_get_elem(entry, 1);

	if (config_setting_length(entry) != 2 || config_setting_type(most) != CONFIG_TYPE_INT ||
		config_setting_get_int(most) < 1) {
		loader_error(loader, entry, "write (\"tenant:blue\", 4)",
			"an owner with a limit is two parts: the owner, and a number from 1");
		return NULL;
	}
	*ret_most = config_setting_get_int(most);
	return config_setting_get_elem(entry, 0);
}

static void read_owner(
	struct loader *loader, const config_setting_t *entry, struct resource_group *group)
{
	struct group_owner *owner;
	struct text *pattern;
	int64_t most = -1;

	if (config_setting_is_list(entry))
		entry = split_owner(loader, entry, &most);
	pattern = entry ? loader_text(loader, entry, "an owner") : NULL;
	if (!pattern)
		return;
	if (!is_owner(pattern))
		loader_error(loader, entry, "\"vm:NAME\", \"tenant:NAME\" or (\"tenant:NAME\", 4)",
			"`%.64s` is no owner", pattern->bytes);
	owner = memory_allocate(sizeof(*owner));
	*owner = (struct group_owner){pattern, most};
	vector_add(&group->owners, owner);
}

static void read_owners(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	if (!loader_is_list(
		    loader, setting, "write owners = ( \"vm:web\", (\"tenant:blue\", 4) );"))
		return;
	if (config_setting_length(setting) == 0)
		loader_error(loader, setting, "name an owner; without the key, anyone may own",
			"`owners` names nobody");
	for (int i = 0; i < config_setting_length(setting); i++)
		read_owner(loader, config_setting_get_elem(setting, (unsigned)i), group);
}

static void read_unsafe(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	if (!loader_is_list(loader, setting, "write unsafe = ( \"host-console\" );"))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		int reason = loader_choice(loader, config_setting_get_elem(setting, (unsigned)i),
			reason_names, REASON_OVERRIDABLE);

		if (reason >= 0)
			group->unsafe |= 1u << reason;
	}
}

static void read_return_grace(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	int type = config_setting_type(setting);
	int64_t seconds = config_setting_get_int64(setting);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || seconds < -1)
		loader_error(loader, setting, "seconds, or -1 for as long as its owner wants it",
			"`return_grace` must be a whole number from -1");
	group->return_grace = seconds;
}

/* ---- what NIC VFs are set to when they are claimed, as `ip link set PF vf N` does */

/* Six bytes in hex, not all 0 and not a multicast address: what a kernel takes. */
static bool is_mac(const char *mac)
{
	unsigned digits = 0;
	bool zero = true;

	for (; mac[digits]; digits++) {
		bool colon = digits % 3 == 2;

		if (digits >= 17 || (mac[digits] == ':') != colon ||
			(!colon && !strchr("0123456789abcdefABCDEF", mac[digits])))
			return false;
		if (!colon && mac[digits] != '0')
			zero = false;
	}
	return digits == 17 && !zero && !strchr("13579bdfBDF", mac[1]);
}

static void read_mac(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	struct text *mac = loader_text(loader, setting, "`mac`");
	struct buffer lower = {0};

	if (!mac)
		return;
	if (!is_mac(mac->bytes))
		loader_error(loader, setting,
			"six bytes in hex, the first one even: 52:54:00:12:34:56",
			"`%.64s` cannot be the address of a network card", mac->bytes);
	for (size_t i = 0; i < mac->length; i++)
		buffer_add_byte(&lower, mac->bytes[i] >= 'A' && mac->bytes[i] <= 'F'
						? (char)(mac->bytes[i] | 0x20)
						: mac->bytes[i]);
	text_replace(
		&group->vf.mac, text_intern(loader->pool, buffer_string(&lower), lower.length));
	text_unref(mac);
	buffer_done(&lower);
}

/* A whole number from 0 to `most`; -1 after an error. */
static int64_t read_number(
	struct loader *loader, const config_setting_t *setting, int64_t most, const char *meaning)
{
	int type = config_setting_type(setting);
	int64_t number = config_setting_get_int64(setting);

	if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) && number >= 0 && number <= most)
		return number;
	loader_error(loader, setting, meaning, "`%s` must be a whole number from 0 to %lld",
		config_setting_name(setting), (long long)most);
	return -1;
}

static void read_vlan(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	group->vf.vlan = read_number(loader, setting, HIGHEST_VLAN, "the VLAN's id; 0 is none");
}

static void read_rate(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	group->vf.rate = read_number(loader, setting, HIGHEST_RATE,
		"the most that a VF may send, in Mbit/s; 0 is without limit");
}

static void read_trust(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	group->vf.trust = loader_boolean(loader, setting) ? SWITCH_ON : SWITCH_OFF;
}

static void read_spoofchk(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	group->vf.spoofchk = loader_boolean(loader, setting) ? SWITCH_ON : SWITCH_OFF;
}

static const struct group_key vf_keys[] = {
	{"mac", read_mac},
	{"vlan", read_vlan},
	{"trust", read_trust},
	{"spoofchk", read_spoofchk},
	{"rate", read_rate},
	{NULL, NULL},
};

static void read_vf(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	if (group->kind == KIND_COUNT)
		return;
	if (group->kind != KIND_SRIOV_NIC)
		loader_error(loader, setting, "remove it",
			"`vf` is for groups of kind sriov-nic, this one's is %s",
			kind_name(group->kind));
	else if (config_setting_is_group(setting))
		loader_group_keys(loader, setting, group, vf_keys, "`vf`");
	else
		loader_error(loader, setting, "write vf = { vlan = 100; spoofchk = true; };",
			"`vf` must be in curly brackets");
}

/* ---- the keys of a group */

static void read_cdi(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	group->cdi = loader_boolean(loader, setting);
}

static const struct group_key keys[] = {
	/* these two are read before all others, whose meaning depends on the kind */
	{"name", NULL},
	{"kind", NULL},
	{"description", read_description},
	{"driver", read_driver},
	{"bind", read_bind},
	{"functions", read_functions},
	{"select", read_select},
	{"allow", read_allow},
	{"owners", read_owners},
	{"unsafe", read_unsafe},
	{"return_grace", read_return_grace},
	{"vf", read_vf},
	{"cdi", read_cdi},
	{NULL, NULL},
};

static void read_name(
	struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	const config_setting_t *name = config_setting_get_member(setting, "name");
	const struct resource_group *other;

	if (!name) {
		loader_error(loader, setting, "add name = \"...\";", "a group without a name");
		return;
	}
	group->name = loader_name(loader, name, "the name of a group");
	if (!group->name)
		return;
	other = map_find(&loader->groups, group->name->bytes, group->name->length);
	if (other)
		loader_error(loader, setting, "rename or remove one of them",
			"group `%s` is defined at %s:%u already", group->name->bytes,
			other->file->bytes, other->line);
	else
		map_add(&loader->groups, group->name->bytes, group->name->length, group);
}

/* KIND_COUNT after an error. */
static enum kind read_kind(struct loader *loader, const config_setting_t *setting)
{
	const config_setting_t *kind = config_setting_get_member(setting, "kind");
	const char *names[KIND_COUNT];
	int choice;

	for (enum kind known = 0; known < KIND_COUNT; known++)
		names[known] = kind_name(known);
	if (!kind) {
		struct buffer hint = {0};

		buffer_format(&hint, "add kind = \"%s\";", names[0]);
		for (enum kind other = 1; other < KIND_COUNT; other++)
			buffer_format(&hint, "%s \"%s\"", other == 1 ? " or" : ",", names[other]);
		loader_error(loader, setting, buffer_string(&hint), "a group without a kind");
		buffer_done(&hint);
		return KIND_COUNT;
	}
	choice = loader_choice(loader, kind, names, KIND_COUNT);
	return choice < 0 ? KIND_COUNT : (enum kind)choice;
}

void load_group(struct loader *loader, const config_setting_t *setting)
{
	struct text_pool *pool = loader->pool;
	struct resource_group *group = memory_allocate(sizeof(*group));

	group->file = text_ref(loader->file->name);
	group->line = config_setting_source_line(setting);
	group->kind = read_kind(loader, setting);
	group->description = text_intern_string(pool, "");
	group->driver = text_intern_string(pool, is_bound(group->kind) ? "vfio-pci" : "keep");
	group->return_grace = -1;
	group->vf.vlan = -1;
	group->vf.rate = -1;
	read_name(loader, setting, group);
	loader_group_keys(loader, setting, group, keys, "a group");
	vector_add(&loader->ruleset->groups, group);
}
