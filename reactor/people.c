/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "people.h"

#include "base/log.h"
#include "base/memory.h"

#include <grp.h>
#include <pwd.h>

static int add_group(struct people *people, const char *name)
{
	const struct group *group = getgrnam(name);

	if (!group)
		return PEOPLE_UNKNOWN;
	people->groups = memory_resize(people->groups, people->group_count + 1, sizeof(gid_t));
	people->groups[people->group_count++] = group->gr_gid;
	return 0;
}

static int add_user(struct people *people, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		return PEOPLE_UNKNOWN;
	people->users = memory_resize(people->users, people->user_count + 1, sizeof(uid_t));
	people->users[people->user_count++] = user->pw_uid;
	return 0;
}

int people_add(struct people *people, const char *name)
{
	return name[0] == '@' ? add_group(people, name + 1) : add_user(people, name);
}

static void allow(const struct resource_group *group, struct people *people)
{
	for (size_t i = 0; i < group->allow.count; i++) {
		const struct text *name = group->allow.items[i];

		if (people_add(people, name->bytes) == PEOPLE_UNKNOWN)
			log_warning("%s:%u: group %s allows %s, which is no %s here: nobody is "
				    "admitted by that",
				group->file->bytes, group->line, group->name->bytes, name->bytes,
				name->bytes[0] == '@' ? "group" : "user");
	}
}

void people_allow(const struct ruleset *ruleset, struct rights *rights)
{
	rights_allow_nobody(rights);
	for (size_t i = 0; i < ruleset->groups.count; i++) {
		const struct resource_group *group = ruleset->groups.items[i];

		if (group->allow.count > 0)
			allow(group, rights_allow(rights, group->name));
	}
}
