/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "people.h"

#include "base/log.h"
#include "base/memory.h"

#include <grp.h>
#include <pwd.h>

/* Whom a group allows. */
struct admission {
	char *group;
	char *file; /* where the group stands */
	unsigned line;
	struct vector names;   /* of char */
	struct vector unknown; /* those that are nobody's; once they were looked up, as `people` */
	struct people people;
};

int people_add_group(struct people *people, const char *name)
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
	return name[0] == '@' ? people_add_group(people, name + 1) : add_user(people, name);
}

static struct admission *admission_of(const struct resource_group *group)
{
	struct admission *admission = memory_allocate(sizeof(*admission));

	admission->group = memory_duplicate(group->name->bytes);
	admission->file = memory_duplicate(group->file->bytes);
	admission->line = group->line;
	for (size_t i = 0; i < group->allow.count; i++) {
		const struct text *name = group->allow.items[i];

		vector_add(&admission->names, memory_duplicate(name->bytes));
	}
	return admission;
}

struct vector *people_admissions(const struct ruleset *ruleset)
{
	struct vector *admissions = memory_allocate(sizeof(*admissions));

	for (size_t i = 0; i < ruleset->groups.count; i++) {
		const struct resource_group *group = ruleset->groups.items[i];

		if (group->allow.count > 0)
			vector_add(admissions, admission_of(group));
	}
	return admissions;
}

void people_look_up(struct vector *admissions)
{
	for (size_t i = 0; i < admissions->count; i++) {
		struct admission *admission = admissions->items[i];

		for (size_t j = 0; j < admission->names.count; j++) {
			char *name = admission->names.items[j];

			if (people_add(&admission->people, name) == PEOPLE_UNKNOWN)
				vector_add(&admission->unknown, name);
		}
	}
}

static void log_unknown(const struct admission *admission)
{
	for (size_t i = 0; i < admission->unknown.count; i++) {
		const char *name = admission->unknown.items[i];

		log_warning("%s:%u: group %s allows %s, which is no %s here: nobody is admitted by "
			    "that",
			admission->file, admission->line, admission->group, name,
			name[0] == '@' ? "group" : "user");
	}
}

void people_allow(struct vector *admissions, struct rights *rights)
{
	rights_allow_nobody(rights);
	for (size_t i = 0; i < admissions->count; i++) {
		struct admission *admission = admissions->items[i];

		log_unknown(admission);
		*rights_allow(rights, admission->group) = admission->people;
		admission->people = (struct people){0};
	}
	people_admissions_free(admissions);
}

static void admission_free(struct admission *admission)
{
	for (size_t i = 0; i < admission->names.count; i++)
		free(admission->names.items[i]);
	vector_done(&admission->names);
	vector_done(&admission->unknown);
	people_done(&admission->people);
	free(admission->group);
	free(admission->file);
	free(admission);
}

struct vector *people_admissions_free(struct vector *admissions)
{
	if (!admissions)
		return NULL;
	for (size_t i = 0; i < admissions->count; i++)
		admission_free(admissions->items[i]);
	vector_done(admissions);
	free(admissions);
	return NULL;
}
