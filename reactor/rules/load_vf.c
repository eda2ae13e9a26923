/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the NIC VFs of a group are set to when they are claimed, as `ip link set PF vf N` does. */
#include "rules/load_vf.h"

#include "base/memory.h"

#include <string.h>

#define HIGHEST_VLAN 4094
#define HIGHEST_RATE 1000000 /* Mbit/s */

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

static const struct group_key keys[] = {
	{"mac", read_mac},
	{"vlan", read_vlan},
	{"trust", read_trust},
	{"spoofchk", read_spoofchk},
	{"rate", read_rate},
	{NULL, NULL},
};

void load_vf(struct loader *loader, const config_setting_t *setting, struct resource_group *group)
{
	if (config_setting_is_group(setting))
		loader_group_keys(loader, setting, group, keys, "`vf`");
	else
		loader_error(loader, setting, "write vf = { vlan = 100; spoofchk = true; };",
			"`vf` must be in curly brackets");
}
