/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs tests/events/ *.script straight on core: what comes in, line by line, and after each `turn`
 * the events that must come out, as `> ` lines. A bug report becomes a script.
 *
 *   rules            the lines up to `.` are a rule file, put in force in this turn
 *   stage            likewise, but only staged
 *   decide ID WORD.. the staged rules decide it; they must have to, and next. With words: by these
 *                    facts, which have the udev properties that they name
 *   decide           they decide all that they have to
 *   swap             what is staged, and has decided all, is put in force
 *   see ID WORD...   facts of a device (tests/lib/world.h); after ` | ` each those of a candidate
 *   lose ID          the device is gone
 *   resync           a scan is complete
 *   turn             settle
 *   > TYPE ID ...    an event: joined and left with group and rule, added with its state,
 *                    changed with the names of what changed
 *   # comment
 */
#include "base/memory.h"
#include "base/writer.h"
#include "lib/world.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct script {
	struct world world;
	struct delta delta;
	size_t next; /* change of the delta that the next `> ` line is held against */
	const char *file;
	unsigned line;
};

/* The value of a string key of flat JSON, for one-line summaries. */
static void add_member(struct buffer *line, const struct text *json, const char *key)
{
	char *start;
	char needle[32];

	snprintf(needle, sizeof(needle), "\"%s\":\"", key);
	start = json ? strstr(json->bytes, needle) : NULL;
	if (!start)
		return;
	start += strlen(needle);
	buffer_add_byte(line, ' ');
	buffer_add(line, start, strcspn(start, "\""));
}

static char *summary(const struct change *change)
{
	struct buffer line = {0};

	buffer_add_string(&line, change_type_name(change->type));
	add_member(&line, change->device, "id");
	if (change->type == EVENT_DEVICE_ADDED)
		add_member(&line, change->device, "state");
	if (change->group)
		buffer_format(&line, " %s %s", change->group->bytes, change->rule->bytes);
	if (change->changed)
		buffer_format(&line, " %s", change->changed->bytes);
	buffer_string(&line);
	return line.bytes;
}

static void expect_event(struct script *script, const char *wanted)
{
	const struct vector *changes = &script->delta.changes;
	char *got = script->next < changes->count ? summary(changes->items[script->next])
						  : memory_duplicate("nothing");

	script->next++;
	if (strcmp(got, wanted) != 0)
		fail_msg("%s:%u: wanted `%s`, got `%s`", script->file, script->line, wanted, got);
	free(got);
}

/* Every event must have been named by a line. */
static void end_expectations(struct script *script)
{
	if (script->next < script->delta.changes.count)
		fail_msg("%s:%u: not expected: %s", script->file, script->line,
			summary(script->delta.changes.items[script->next]));
	delta_done(&script->delta);
	script->next = 0;
}

static void stage_rules(struct script *script, FILE *stream)
{
	struct buffer rules = {0};
	struct ruleset *ruleset;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stream) > 0 && strcmp(line, ".\n") != 0) {
		script->line++;
		buffer_add_string(&rules, line);
	}
	script->line++;
	free(line);
	ruleset = world_load(&script->world, buffer_string(&rules));
	assert_non_null(ruleset);
	core_stage_rules(&script->world.core, ruleset);
	buffer_done(&rules);
}

/* `words` are the facts, NULL: those that it has. */
static void decide_next(struct script *script, const char *words)
{
	struct device *device = core_stage_next(&script->world.core);
	size_t length = words ? strcspn(words, " ") : 0;

	if (!device || (words && (device->id->length != length ||
					 strncmp(words, device->id->bytes, length) != 0)))
		fail_msg("%s:%u: %s is to be decided next", script->file, script->line,
			device ? device->id->bytes : "nothing");
	core_stage_device(&script->world.core, device,
		words && words[length] ? world_facts(&script->world, words) : NULL);
}

static void decide_all(struct script *script)
{
	while (core_stage_next(&script->world.core))
		decide_next(script, NULL);
}

static void swap_rules(struct script *script)
{
	struct device *device = core_stage_next(&script->world.core);
	struct vector moves = {0};

	if (device)
		fail_msg("%s:%u: %s is not decided", script->file, script->line, device->id->bytes);
	core_swap_rules(&script->world.core, &moves);
	move_list_done(&moves);
}

/* Whether it is a line about rules. */
static bool run_rules_line(struct script *script, const char *line, FILE *stream)
{
	bool whole = strcmp(line, "rules") == 0;
	bool stage = whole || strcmp(line, "stage") == 0;
	bool decide = whole || strcmp(line, "decide") == 0;
	bool decide_one = strncmp(line, "decide ", 7) == 0;
	bool swap = whole || strcmp(line, "swap") == 0;

	if (stage)
		stage_rules(script, stream);
	if (decide_one)
		decide_next(script, line + 7);
	if (decide)
		decide_all(script);
	if (swap)
		swap_rules(script);
	return stage || decide || decide_one || swap;
}

static void run_line(struct script *script, const char *line, FILE *stream)
{
	struct core *core = &script->world.core;

	if (strncmp(line, "> ", 2) == 0) {
		expect_event(script, line + 2);
		return;
	}
	if (run_rules_line(script, line, stream))
		return;
	if (strncmp(line, "see ", 4) == 0) {
		world_see_all(&script->world, line + 4);
	} else if (strncmp(line, "lose ", 5) == 0) {
		core_lose(core, line + 5);
	} else if (strcmp(line, "resync") == 0) {
		core_note_resync(core);
	} else if (strcmp(line, "turn") == 0) {
		end_expectations(script);
		core_settle(core, &script->delta);
	} else if (line[0] != '#' && line[0] != '\0') {
		fail_msg("%s:%u: no such line: %s", script->file, script->line, line);
	}
}

static void run_script(void **state)
{
	struct script script = {.file = *state};
	FILE *stream = fopen(script.file, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	assert_non_null(stream);
	world_init(&script.world);
	while ((length = getline(&line, &size, stream)) > 0) {
		script.line++;
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		run_line(&script, line, stream);
	}
	end_expectations(&script);
	world_done(&script.world);
	free(line);
	fclose(stream);
}

int main(void)
{
	glob_t found = {0};
	struct CMUnitTest *tests;
	int failed;

	if (glob("tests/events/*.script", 0, NULL, &found) != 0) {
		fputs("run this at the top of the source tree\n", stderr);
		return 1;
	}
	tests = memory_allocate(found.gl_pathc * sizeof(*tests));
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){
			.name = found.gl_pathv[i],
			.test_func = run_script,
			.initial_state = found.gl_pathv[i],
		};
	failed = _cmocka_run_group_tests("events", tests, found.gl_pathc, NULL, NULL);
	free(tests);
	globfree(&found);
	return failed;
}
