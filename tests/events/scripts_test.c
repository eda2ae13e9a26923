/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs tests/events/ *.script straight on devices and claims: what comes in, line by line, and
 * after each `turn` the events that must come out, as `> ` lines. A bug report becomes a script.
 *
 *   rules            the lines up to `.` are a rule file, put in force in this turn
 *   stage            likewise, but only staged
 *   later            likewise, but only found by the next start
 *   decide ID WORD.. the staged rules decide it; they must have to, and next. With words: by these
 *                    facts, which have the udev properties that they name
 *   decide           they decide all that they have to
 *   swap             what is staged, and has decided all, is put in force
 *   see ID WORD...   facts of a device (tests/lib/world.h); after ` | ` each those of a candidate
 *   lose ID          the device is gone
 *   resync           a scan is complete
 *   turn             what is due is done, decisions go to the disk if it is idle, settle
 *   > TYPE ID ...    an event: joined and left with group and rule, added with its state,
 *                    changed with the names of what changed; of an instance with its device,
 *                    state, owner and, if it is new, generation
 *   ? ID WORD...     the device is now in this state, group (-: none), and for these reasons
 *   # comment
 *
 * Claims (tests/lib/edge.h). Requests are numbered through the script: claim#1, release#2.
 *
 *   claim | assign | unassign | bind | release | accept-loss KEY=VALUE...
 *                    vm tenant group device token instance generation count numa wait bind (both
 *                    milliseconds) life pid force; uid (0), conn (1) and client (pid) of the caller
 *   = NAME ANSWER... the answer of a request, after the turn in which it comes: done with ids of
 *                    instances, Busy with the device and reasons; `abandoned` before it if its
 *                    caller is gone
 *   commit           the disk has what the last turn gave it; `commit failed`, `commit essential`
 *   idle             nothing is on its way to the disk
 *   close CONN       end PID       time MS (passes before the next turn)
 *   clock MS         real time is set forward, or back
 *   allow GROUP UID  the user may claim from the group; groups in the order of their names
 *   refuse RULES     as `rules`, but they must be objected to, and are not put in force
 *   crash            the rows and the devices that are present is all that is left; the lines
 *                    behind it are those of the first turn. `crash written`: so was the batch
 */
#include "base/clock.h"
#include "base/memory.h"
#include "lib/edge.h"

/* clang-format off */
#include "lib/unit.h"
/* clang-format on */

#include <glob.h>
#include <stdio.h>
#include <string.h>

static const char *const answer_names[] = {"done", "InvalidParameter", "NoSuchDevice",
	"NoSuchGroup", "NoSuchInstance", "NoDeviceAvailable", "Busy", "StaleGeneration",
	"NotPermitted", "Timeout", "StorageFailed"};

struct script {
	struct edge edge;
	struct delta delta;
	size_t next;	       /* change of the delta that the next `> ` line is held against */
	struct vector answers; /* of struct request; the first is the next `= ` line's */
	const char *file;
	unsigned line;
};

/* The value of a string key of flat JSON, for one-line summaries. */
static void add_member(struct buffer *line, const struct text *json, const char *key)
{
	const char *start;
	char needle[32];

	snprintf(needle, sizeof(needle), "\"%s\":\"", key);
	start = json ? strstr(json->bytes, needle) : NULL;
	if (!start)
		return;
	start += strlen(needle);
	buffer_add_byte(line, ' ');
	buffer_add(line, start, strcspn(start, "\""));
}

static void add_owner(struct buffer *line, const struct text *json, const char *key)
{
	struct buffer owner = {0};

	add_member(&owner, json, key);
	if (owner.length > 0)
		buffer_format(line, " %s:%s", key, buffer_string(&owner) + 1);
	buffer_done(&owner);
}

static void add_instance(struct buffer *line, const struct change *change)
{
	const char *generation = strstr(change->instance->bytes, "\"generation\":") + 13;

	add_member(line, change->instance, "id");
	add_member(line, change->instance, "device");
	add_member(line, change->instance, "state");
	add_owner(line, change->instance, "tenant");
	add_owner(line, change->instance, "vm");
	if (change->type == EVENT_INSTANCE_CREATED)
		buffer_format(line, " generation %lld", strtoll(generation, NULL, 10));
}

static char *summary(const struct change *change)
{
	struct buffer line = {0};

	buffer_add_string(&line, change_type_name(change->type));
	if (change->instance)
		add_instance(&line, change);
	add_member(&line, change->device, "id");
	if (change->type == EVENT_DEVICE_ADDED)
		add_member(&line, change->device, "state");
	if (change->group)
		buffer_format(&line, " %s %s", change->group->bytes,
			change->rule ? change->rule->bytes : "-");
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

static char *describe_answer(const struct request *request)
{
	const struct edge_request *caller = request->caller;
	struct buffer line = {0};

	buffer_format(&line, "%s%s %s", caller->name, request->abandoned ? " abandoned" : "",
		answer_names[request->answer]);
	for (size_t i = 0; i < request->instances.count; i++)
		add_member(&line, request->instances.items[i], "id");
	for (size_t i = 0; i < request->released.count; i++)
		buffer_format(&line, " %s", ((struct text *)request->released.items[i])->bytes);
	if (request->busy_device)
		buffer_format(
			&line, " %s %s", request->busy_device->bytes, request->busy_reasons->bytes);
	buffer_string(&line);
	return line.bytes;
}

static void expect_answer(struct script *script, const char *wanted)
{
	struct request *request =
		script->answers.count > 0 ? vector_remove(&script->answers, 0) : NULL;
	char *got = request ? describe_answer(request) : memory_duplicate("nothing");

	if (strcmp(got, wanted) != 0)
		fail_msg("%s:%u: wanted `%s`, got `%s` %s", script->file, script->line, wanted, got,
			request ? buffer_string(&request->message) : "");
	request_free(request);
	free(got);
}

static void expect_device(struct script *script, const char *wanted)
{
	struct buffer id = {0};
	struct buffer got = {0};
	const struct device *device;

	buffer_add(&id, wanted, strcspn(wanted, " "));
	device = devices_find(&script->edge.world.devices, buffer_string(&id));
	buffer_format(&got, "%s %s", buffer_string(&id),
		device ? device_state_name(device->now.state) : "absent");
	if (device)
		buffer_format(&got, " %s", device->now.group ? device->now.group->bytes : "-");
	if (device && device->now.reasons)
		buffer_format(&got, " %s", device->now.reasons->bytes);
	if (strcmp(buffer_string(&got), wanted) != 0)
		fail_msg("%s:%u: wanted `%s`, is `%s`", script->file, script->line, wanted,
			buffer_string(&got));
	buffer_done(&id);
	buffer_done(&got);
}

/* Every event and every answer must have been named by a line. */
static void end_expectations(struct script *script)
{
	if (script->answers.count > 0)
		fail_msg("%s:%u: not expected: %s", script->file, script->line,
			describe_answer(script->answers.items[0]));
	if (script->next < script->delta.changes.count)
		fail_msg("%s:%u: not expected: %s", script->file, script->line,
			summary(script->delta.changes.items[script->next]));
	delta_done(&script->delta);
	script->next = 0;
}

static void settle(struct script *script)
{
	struct request *request;

	end_expectations(script);
	edge_turn(&script->edge, &script->delta);
	while ((request = answer_take(&script->edge.world.claims)))
		vector_add(&script->answers, request);
}

/* The lines up to `.`; the caller frees them. */
static char *read_rules(struct script *script, FILE *stream)
{
	struct buffer rules = {0};
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stream) > 0 && strcmp(line, ".\n") != 0) {
		script->line++;
		buffer_add_string(&rules, line);
	}
	script->line++;
	free(line);
	buffer_string(&rules);
	return rules.bytes;
}

static void refuse_rules(struct script *script, const char *rules)
{
	struct ruleset *ruleset = world_load(&script->edge.world, rules);
	struct rule_errors errors = {0};

	kept_group_check(&script->edge.world.claims, ruleset, &errors);
	if (errors.errors.count == 0)
		fail_msg("%s:%u: not refused", script->file, script->line);
	rule_errors_done(&errors);
	ruleset_free(ruleset);
}

/* The lines up to `.`, for what the word says. */
static void take_rules(struct script *script, const char *word, FILE *stream)
{
	char *rules = read_rules(script, stream);

	if (strcmp(word, "rules") == 0) {
		edge_load_rules(&script->edge, rules);
	} else if (strcmp(word, "later") == 0) {
		edge_change_files(&script->edge, rules);
	} else if (strcmp(word, "refuse") == 0) {
		refuse_rules(script, rules);
	} else {
		struct ruleset *ruleset = world_load(&script->edge.world, rules);

		assert_non_null(ruleset);
		devices_stage_rules(&script->edge.world.devices, ruleset);
	}
	free(rules);
}

/* `words` are the facts, NULL: those that it has. */
static void decide_next(struct script *script, const char *words)
{
	struct device *device = devices_stage_next(&script->edge.world.devices);
	size_t length = words ? strcspn(words, " ") : 0;

	if (!device || (words && (device->id->length != length ||
					 strncmp(words, device->id->bytes, length) != 0)))
		fail_msg("%s:%u: %s is to be decided next", script->file, script->line,
			device ? device->id->bytes : "nothing");
	devices_stage_device(&script->edge.world.devices, device,
		words && words[length] ? world_facts(&script->edge.world, words) : NULL);
}

static void decide_all(struct script *script)
{
	while (devices_stage_next(&script->edge.world.devices))
		decide_next(script, NULL);
}

static void swap_rules(struct script *script)
{
	struct device *device = devices_stage_next(&script->edge.world.devices);
	struct vector moves = {0};

	if (device)
		fail_msg("%s:%u: %s is not decided", script->file, script->line, device->id->bytes);
	devices_swap_rules(&script->edge.world.devices, &moves);
	move_list_done(&moves);
}

static void allow(struct edge *edge, const char *words)
{
	struct buffer group = {0};
	size_t length = strcspn(words, " ");

	buffer_add(&group, words, length);
	edge_allow(edge, buffer_string(&group), (uid_t)strtoul(words + length, NULL, 10));
	buffer_done(&group);
}

/* Words with one argument. */
static bool run_word(struct script *script, const char *word, const char *argument)
{
	struct edge *edge = &script->edge;

	if (strcmp(word, "see") == 0)
		edge_see(edge, argument);
	else if (strcmp(word, "lose") == 0)
		edge_lose(edge, argument);
	else if (strcmp(word, "decide") == 0 && argument[0])
		decide_next(script, argument);
	else if (strcmp(word, "decide") == 0)
		decide_all(script);
	else if (strcmp(word, "swap") == 0)
		swap_rules(script);
	else if (strcmp(word, "commit") == 0)
		edge_commit(edge, strcmp(argument, "failed") == 0      ? BATCH_FAILED
				  : strcmp(argument, "essential") == 0 ? BATCH_ESSENTIAL
								       : BATCH_COMMITTED);
	else if (strcmp(word, "close") == 0)
		ending_connection(&edge->world.claims, strtoull(argument, NULL, 10));
	else if (strcmp(word, "end") == 0)
		edge_end(edge, strtoll(argument, NULL, 10));
	else if (strcmp(word, "time") == 0)
		edge->now += strtoll(argument, NULL, 10) * CLOCK_MILLISECOND;
	else if (strcmp(word, "clock") == 0)
		edge->real += strtoll(argument, NULL, 10) * CLOCK_MILLISECOND;
	else if (strcmp(word, "allow") == 0)
		allow(edge, argument);
	else
		return false;
	return true;
}

static void crash(struct script *script, bool written)
{
	end_expectations(script);
	edge_crash(&script->edge, written);
	settle(script);
}

static void run_command(struct script *script, char *line, FILE *stream)
{
	char *argument = strchr(line, ' ');

	if (strcmp(line, "rules") == 0 || strcmp(line, "refuse") == 0 ||
		strcmp(line, "stage") == 0 || strcmp(line, "later") == 0) {
		take_rules(script, line, stream);
	} else if (strcmp(line, "resync") == 0) {
		devices_note_resync(&script->edge.world.devices);
	} else if (strcmp(line, "idle") == 0) {
		if (script->edge.batch)
			fail_msg("%s:%u: the disk is not idle", script->file, script->line);
	} else if (strcmp(line, "turn") == 0) {
		settle(script);
	} else if (strncmp(line, "crash", 5) == 0) {
		crash(script, argument);
	} else if (!edge_request(&script->edge, line)) {
		if (argument)
			*argument++ = '\0';
		if (!run_word(script, line, argument ? argument : ""))
			fail_msg("%s:%u: no such line: %s", script->file, script->line, line);
	}
}

static void run_line(struct script *script, char *line, FILE *stream)
{
	if (strncmp(line, "> ", 2) == 0)
		expect_event(script, line + 2);
	else if (strncmp(line, "= ", 2) == 0)
		expect_answer(script, line + 2);
	else if (strncmp(line, "? ", 2) == 0)
		expect_device(script, line + 2);
	else if (line[0] != '#' && line[0] != '\0')
		run_command(script, line, stream);
}

static void run_script(void **state)
{
	struct script script = {.file = *state};
	FILE *stream = fopen(script.file, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	assert_non_null(stream);
	edge_init(&script.edge);
	while ((length = getline(&line, &size, stream)) > 0) {
		script.line++;
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		run_line(&script, line, stream);
	}
	end_expectations(&script);
	edge_done(&script.edge);
	vector_done(&script.answers);
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
