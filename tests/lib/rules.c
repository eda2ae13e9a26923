/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values are printed in their normalised form and always quoted, so one rule has one spelling;
 * keys that have their default are left out.
 */
#include "lib/rules.h"

#include "rules/evaluate.h"
#include "rules/print.h"

#include <inttypes.h>

const struct rule *rules_evaluate(const struct vector *rules, const struct facts *facts)
{
	bool limit_hit = false; /* counted where rules decide in earnest */

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = rules->items[i];

		if (rule->enabled && (facts->kinds & KIND_MASK(rule->group->kind)) &&
			evaluate_condition(rule->match, facts, &limit_hit))
			return rule;
	}
	return NULL;
}

static void print_key_string(struct buffer *buffer, const char *key, const struct text *text)
{
	buffer_format(buffer, " %s = ", key);
	print_string(buffer, text);
	buffer_add_byte(buffer, ';');
}

static void print_allow(struct buffer *buffer, const struct vector *allow)
{
	if (allow->count == 0)
		return;
	buffer_add_string(buffer, " allow = (");
	for (size_t i = 0; i < allow->count; i++) {
		if (i > 0)
			buffer_add_string(buffer, ", ");
		print_string(buffer, allow->items[i]);
	}
	buffer_add_string(buffer, ");");
}

static void print_owners(struct buffer *buffer, const struct vector *owners)
{
	if (owners->count == 0)
		return;
	buffer_add_string(buffer, " owners = (");
	for (size_t i = 0; i < owners->count; i++) {
		const struct group_owner *owner = owners->items[i];

		buffer_add_string(buffer, i > 0 ? ", " : "");
		buffer_add_string(buffer, owner->most < 0 ? "" : "(");
		print_string(buffer, owner->pattern);
		if (owner->most >= 0)
			buffer_format(buffer, ", %" PRId64 ")", owner->most);
	}
	buffer_add_string(buffer, ");");
}

static void print_unsafe(struct buffer *buffer, unsigned unsafe)
{
	const char *separator = "";

	if (unsafe == 0)
		return;
	buffer_add_string(buffer, " unsafe = (");
	for (enum reason reason = 0; reason < REASON_OVERRIDABLE; reason++) {
		if (!(unsafe & 1u << reason))
			continue;
		buffer_format(buffer, "%s\"%s\"", separator, reason_names[reason]);
		separator = ", ";
	}
	buffer_add_string(buffer, ");");
}

static void print_select(struct buffer *buffer, enum group_select select)
{
	switch (select) {
	case SELECT_FIRST:
		break;
	case SELECT_SPREAD:
		buffer_add_string(buffer, " select = \"spread\";");
		break;
	case SELECT_PACK:
		buffer_add_string(buffer, " select = \"pack\";");
		break;
	}
}

static void print_switch(struct buffer *buffer, const char *key, enum group_switch setting)
{
	if (setting != SWITCH_UNSET)
		buffer_format(buffer, " %s = %s;", key, setting == SWITCH_ON ? "true" : "false");
}

static void print_vf(struct buffer *buffer, const struct group_vf *vf)
{
	if (!vf->mac && vf->vlan < 0 && vf->rate < 0 && vf->trust == SWITCH_UNSET &&
		vf->spoofchk == SWITCH_UNSET)
		return;
	buffer_add_string(buffer, " vf = {");
	if (vf->mac)
		print_key_string(buffer, "mac", vf->mac);
	if (vf->vlan >= 0)
		buffer_format(buffer, " vlan = %" PRId64 ";", vf->vlan);
	print_switch(buffer, "trust", vf->trust);
	print_switch(buffer, "spoofchk", vf->spoofchk);
	if (vf->rate >= 0)
		buffer_format(buffer, " rate = %" PRId64 ";", vf->rate);
	buffer_add_string(buffer, " };");
}

static void print_group(struct buffer *buffer, const struct resource_group *group)
{
	buffer_add_string(buffer, "\t{");
	print_key_string(buffer, "name", group->name);
	buffer_format(buffer, " kind = \"%s\";", kind_name(group->kind));
	if (group->description->length > 0)
		print_key_string(buffer, "description", group->description);
	print_key_string(buffer, "driver", group->driver);
	if (group->bind_on_join)
		buffer_add_string(buffer, " bind = \"join\";");
	if (group->all_functions)
		buffer_add_string(buffer, " functions = \"all\";");
	print_select(buffer, group->select);
	print_allow(buffer, &group->allow);
	print_owners(buffer, &group->owners);
	print_unsafe(buffer, group->unsafe);
	if (group->return_grace >= 0)
		buffer_format(buffer, " return_grace = %" PRId64 ";", group->return_grace);
	print_vf(buffer, &group->vf);
	if (group->cdi)
		buffer_add_string(buffer, " cdi = true;");
	buffer_add_string(buffer, " }");
}

static void print_rule(struct buffer *buffer, const struct rule *rule)
{
	buffer_add_string(buffer, "\t{");
	print_key_string(buffer, "name", rule->name);
	print_key_string(buffer, "group", rule->group->name);
	if (!rule->enabled)
		buffer_add_string(buffer, " enabled = false;");
	buffer_add_string(buffer, "\n\t\tmatch = ( ");
	print_match(buffer, rule);
	buffer_add_string(buffer, " ); }");
}

void rules_print(struct buffer *buffer, const struct ruleset *ruleset)
{
	buffer_add_string(buffer, "groups = (\n");
	for (size_t i = 0; i < ruleset->groups.count; i++) {
		buffer_add_string(buffer, i > 0 ? ",\n" : "");
		print_group(buffer, ruleset->groups.items[i]);
	}
	buffer_add_string(buffer, "\n);\nrules = (\n");
	for (size_t i = 0; i < ruleset->rules.count; i++) {
		buffer_add_string(buffer, i > 0 ? ",\n" : "");
		print_rule(buffer, ruleset->rules.items[i]);
	}
	buffer_add_string(buffer, "\n);\n");
}
