/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices are decided aside, while all goes on, since thousands of rules, or udev's database, take
 * seconds for ten thousand devices. Rejected: a thread, which would share the counted texts; and a
 * child process, whose verdicts would be about devices as they were.
 */
#include "daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "claims/kept_group.h"
#include "io/socket/reply_reload.h"
#include "model/candidate.h"
#include "people.h"
#include "rules/files.h"

#include <string.h>
#include <unistd.h>

#define FINDINGS_LOGGED 100

/* A turn's share of deciding; one device at least. */
#define STAGE_SLICE (5 * CLOCK_MILLISECOND)

/* How often keeping a copy of the rules is tried while the disk does not let us. */
#define KEEP_RETRY CLOCK_SECOND

void reload_log_errors(const struct rule_errors *errors)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		struct buffer line = {0};

		rule_error_write(errors->errors.items[i], &line);
		log_error("%s", buffer_string(&line));
		buffer_done(&line);
	}
}

static int load_texts(const struct daemon *daemon, const struct vector *texts,
	struct rule_errors *errors, struct ruleset **ret_ruleset)
{
	struct load_options options = {
		.pool = daemon->devices.pool,
		.regex_match_limit = daemon->config.regex_match_limit,
	};

	return load_rules(texts, &options, errors, ret_ruleset);
}

/* Reads the rule files; every error of every one is collected before any is given up. */
static int load_files(const struct daemon *daemon, struct rule_errors *errors,
	struct vector *ret_texts, struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = NULL;
	const struct options *options = daemon->options;
	int read = rule_files_read(
		&options->rule_directories, options->rules_named, geteuid(), errors, ret_texts);
	int loaded = load_texts(daemon, ret_texts, errors, &ruleset);

	if (loaded == 0 && read == 0)
		*ret_ruleset = ruleset;
	else
		ruleset_free(ruleset);
	return loaded ? loaded : read;
}

void reload_note_kept(struct daemon *daemon, int64_t now)
{
	int result = store_rules_error(daemon->store);
	bool unkept = result != 0;

	if (!unkept)
		daemon->rules_retry = CLOCK_NEVER;
	else if (daemon->rules_retry == CLOCK_NEVER)
		daemon->rules_retry = now + KEEP_RETRY;
	if (unkept == daemon->status.rules_unkept)
		return;
	daemon->status.rules_unkept = unkept;
	if (unkept)
		log_error("cannot keep a copy of the rules in %s, will try again: %s",
			daemon->options->state,
			result < 0 ? strerror(-result) : "the database is in use or damaged");
	else
		log_notice("%s has a copy of the rules again", daemon->options->state);
}

/*
 * What the device is with the udev properties that the staged rules name; NULL: what it is. They
 * are in the database before their event is sent, and that event marks the device again.
 */
static struct facts *staged_facts(const struct daemon *daemon, const struct device *device)
{
	const struct vector *keys = &daemon->devices.stage.ruleset->properties;
	const char *id = device->id->bytes;
	char carrier[PLACE_ID_SIZE];
	struct facts *facts;

	if (!daemon->devices.stage.other_keys)
		return NULL;
	facts = facts_copy_without_properties(device->now.facts);
	if (keys->count > 0)
		source_read_properties(daemon->source,
			candidate_carrier(id, carrier) ? carrier : id, keys, daemon->devices.pool,
			&facts->properties);
	return facts;
}

/* Whether every device is decided. */
static bool stage_slice(struct daemon *daemon)
{
	int64_t end = clock_monotonic() + STAGE_SLICE;
	struct device *device;

	while ((device = devices_stage_next(&daemon->devices))) {
		devices_stage_device(&daemon->devices, device, staged_facts(daemon, device));
		if (clock_monotonic() >= end)
			break;
	}
	return !devices_stage_next(&daemon->devices);
}

/* A file of 4 MiB has room for 147,000 empty groups: the log gets the first ones and a sum. */
static void log_findings(const struct vector *findings)
{
	size_t shown = findings->count < FINDINGS_LOGGED ? findings->count : FINDINGS_LOGGED;

	for (size_t i = 0; i < shown; i++) {
		const struct finding *finding = findings->items[i];

		log_warning("%s:%u: %s; %s", finding->file->bytes, finding->line,
			finding->message->bytes, finding->fix->bytes);
	}
	if (findings->count > shown)
		log_warning("and %zu more findings; `hostdevctl check` lists all of them",
			findings->count - shown);
}

/* Every device must be decided. */
static void put_in_force(struct daemon *daemon, struct vector *moves)
{
	log_findings(&daemon->devices.stage.ruleset->findings);
	if (daemon->devices.stage.other_keys)
		looking_forget_properties(&daemon->looks);
	devices_swap_rules(&daemon->devices, moves);
	claims_follow_rules(&daemon->claims);
}

/* Before there is any device. */
static void put_in_force_at_start(struct daemon *daemon, struct ruleset *ruleset)
{
	struct vector moves = {0};

	devices_stage_rules(&daemon->devices, ruleset);
	put_in_force(daemon, &moves);
}

static void load_last_good(struct daemon *daemon)
{
	struct rule_errors errors = {0};
	struct vector texts = {0};
	struct ruleset *ruleset;
	int result = store_load_rules(daemon->store, &texts);

	if (result == 0)
		result = load_texts(daemon, &texts, &errors, &ruleset);
	if (result == 0) {
		put_in_force_at_start(daemon, ruleset);
		if (texts.count > 0)
			log_warning("the last good copy of the rules is in force, %zu files",
				texts.count);
		else
			log_warning("there is no good copy of the rules: no rules are in force");
	} else {
		log_error("no good copy of the rules can be read: no rules are in force");
		reload_log_errors(&errors);
	}
	daemon->status.rules_stale = true;
	rule_texts_done(&texts);
	rule_errors_done(&errors);
}

/* Not all that the files say is in force as long as one of their groups makes way. */
static void report_kept_groups(struct daemon *daemon)
{
	const struct vector *groups = &daemon->devices.ruleset->groups;

	for (size_t i = 0; i < groups->count; i++) {
		const struct resource_group *group = groups->items[i];

		if (group->kept && group->line > 0) {
			daemon->status.rules_stale = true;
			log_error("%s:%u: group %s has instances of kind %s, so it cannot become "
				  "one of another kind: it stays as it was, without rules, until "
				  "the last of them goes; reload then",
				group->file->bytes, group->line, group->name->bytes,
				kind_name(group->kind));
		} else if (group->kept) {
			log_warning("group %s has instances, but no rule file defines it: it "
				    "stays, without rules, until the last of them goes",
				group->name->bytes);
		}
	}
}

static void look_up(void *context)
{
	people_look_up(context);
}

static void free_admissions(void *context)
{
	people_admissions_free(context);
}

/* Has the names of rules looked up, which are in force or staged. */
static void begin_admissions(struct daemon *daemon, const struct ruleset *ruleset)
{
	helper_begin(daemon->helper, look_up, free_admissions, people_admissions(ruleset));
}

void reload_at_start(struct daemon *daemon)
{
	struct rule_errors errors = {0};
	struct vector texts = {0};
	struct ruleset *ruleset;

	if (load_files(daemon, &errors, &texts, &ruleset) == 0) {
		put_in_force_at_start(daemon, ruleset);
		store_save_rules(daemon->store, &texts);
		reload_note_kept(daemon, clock_monotonic());
	} else {
		reload_log_errors(&errors);
		load_last_good(daemon);
	}
	kept_group_keep(&daemon->claims);
	report_kept_groups(daemon);
	begin_admissions(daemon, daemon->devices.ruleset);
	daemon->reload.step = RELOAD_ADMITTING;
	daemon->devices.rules_reloaded = false; /* nobody was told of other rules before */
	rule_texts_done(&texts);
	rule_errors_done(&errors);
}

static bool refuse(struct daemon *daemon, const struct reload *reload)
{
	counter_add(&daemon->status.counters, COUNTER_RELOADS_REFUSED);
	log_error(
		"reload refused, the rules in force stay: %zu errors", reload->errors.errors.count);
	return false;
}

/* Loads and stages the files. Whether they have no errors. */
static bool stage_files(struct daemon *daemon, struct reload *reload)
{
	struct ruleset *ruleset;

	if (load_files(daemon, &reload->errors, &reload->texts, &ruleset) != 0)
		return refuse(daemon, reload);
	kept_group_check(&daemon->claims, ruleset, &reload->errors);
	if (reload->errors.errors.count > 0) {
		ruleset_free(ruleset);
		return refuse(daemon, reload);
	}
	devices_stage_rules(&daemon->devices, ruleset);
	return true;
}

/* What the helper does of a SIGHUP. */
struct config_reading {
	char *file;
	struct config config;
	struct rule_errors errors;
	int result;
};

static void read_config(void *context)
{
	struct config_reading *reading = context;

	reading->result = config_load(reading->file, &reading->errors, &reading->config);
}

static void free_reading(void *context)
{
	struct config_reading *reading = context;

	rule_errors_done(&reading->errors);
	config_done(&reading->config);
	free(reading->file);
	free(reading);
}

static void begin_config(struct daemon *daemon)
{
	struct config_reading *reading = memory_allocate(sizeof(*reading));

	reading->file = memory_duplicate(daemon->options->config);
	helper_begin(daemon->helper, read_config, free_reading, reading);
	daemon->reload.step = RELOAD_CONFIGURING;
}

/* Of a signal, names of the rules in force are looked up again though the files are refused. */
static void begin_rules(struct daemon *daemon, struct reload *reload)
{
	reload->refused = !stage_files(daemon, reload);
	if (!reload->call)
		reload_log_errors(&reload->errors);
	if (!reload->refused) {
		begin_admissions(daemon, daemon->devices.stage.ruleset);
		reload->step = RELOAD_STAGING;
	} else if (!reload->call) {
		begin_admissions(daemon, daemon->devices.ruleset);
		reload->step = RELOAD_ADMITTING;
	} else {
		reload->step = RELOAD_OVER;
	}
}

static void end_config(struct daemon *daemon, struct config_reading *reading)
{
	reload_log_errors(&reading->errors);
	if (reading->result == 0)
		daemon_change_config(daemon, &reading->config);
	else
		log_error("the configuration in force stays");
	free_reading(reading);
}

static void begin_if_wanted(struct daemon *daemon, struct reload *reload)
{
	/* a signal first: calls may come without end */
	if (daemon->reload_wanted) {
		daemon->reload_wanted = false;
		begin_config(daemon);
		return;
	}
	reload->call = service_take_change(daemon->service, CHANGE_RELOAD);
	if (reload->call)
		begin_rules(daemon, reload);
}

static void admit(struct daemon *daemon, struct reload *reload)
{
	people_allow(reload->admissions, &daemon->config.rights);
	reload->admissions = NULL;
	daemon->admits = true;
}

static void finish(struct daemon *daemon, struct reload *reload)
{
	reload->step = RELOAD_OVER;
	/* devices were claimed while it was decided: perhaps of a group that would go */
	kept_group_check(&daemon->claims, daemon->devices.stage.ruleset, &reload->errors);
	if (reload->errors.errors.count > 0) {
		reload->refused = true;
		devices_unstage_rules(&daemon->devices);
		refuse(daemon, reload);
		if (!reload->call)
			reload_log_errors(&reload->errors);
		return;
	}
	put_in_force(daemon, &reload->moves);
	admit(daemon, reload);
	store_save_rules(daemon->store, &reload->texts);
	daemon->status.rules_stale = false;
	counter_add(&daemon->status.counters, COUNTER_RELOADS);
	log_info("rules reloaded: %zu rules, %zu devices moved",
		daemon->devices.ruleset->rules.count, reload->moves.count);
}

/* What the helper has done is the next step's. */
static void take_help(struct daemon *daemon, struct reload *reload)
{
	void *done = helper_take(daemon->helper);

	daemon->helper_readable = false;
	if (done && reload->step == RELOAD_CONFIGURING) {
		end_config(daemon, done);
		begin_rules(daemon, reload);
	} else if (done) {
		reload->admissions = done;
	}
}

void reload_follow(struct daemon *daemon)
{
	struct reload *reload = &daemon->reload;

	if (daemon->helper_readable)
		take_help(daemon, reload);
	if (reload->step == RELOAD_NONE)
		begin_if_wanted(daemon, reload);
	if (reload->step == RELOAD_STAGING && stage_slice(daemon) && reload->admissions)
		finish(daemon, reload);
	if (reload->step == RELOAD_ADMITTING && reload->admissions) {
		admit(daemon, reload);
		reload->step = RELOAD_OVER;
	}
}

void reload_reply(struct daemon *daemon)
{
	struct reload *reload = &daemon->reload;

	if (reload->step != RELOAD_OVER)
		return;
	if (reload->call && reload->refused)
		reply_invalid_rules(reload->call, &reload->errors);
	else if (reload->call)
		reply_reload(reload->call, &reload->moves);
	reload_done(reload);
}

bool reload_is_busy(const struct daemon *daemon)
{
	switch (daemon->reload.step) {
	case RELOAD_NONE:
		return daemon->reload_wanted || service_has_change(daemon->service, CHANGE_RELOAD);
	case RELOAD_STAGING:
		return devices_stage_next(&daemon->devices) != NULL;
	case RELOAD_CONFIGURING:
	case RELOAD_ADMITTING:
	case RELOAD_OVER:
		break;
	}
	return false;
}

bool reload_holds_looks(const struct daemon *daemon)
{
	/* as long as names are waited for it would not end any sooner */
	return daemon->reload.step == RELOAD_STAGING && daemon->reload.admissions &&
	       devices_stage_is_overdue(&daemon->devices);
}

void reload_done(struct reload *reload)
{
	move_list_done(&reload->moves);
	rule_texts_done(&reload->texts);
	rule_errors_done(&reload->errors);
	people_admissions_free(reload->admissions);
	*reload = (struct reload){0};
}
