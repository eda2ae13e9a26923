/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reload.h"

#include "base/log.h"
#include "model/candidate.h"
#include "people.h"
#include "rules/files.h"

#include <string.h>
#include <unistd.h>

#define FINDINGS_LOGGED 100

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
		.pool = daemon->core.pool,
		.regex_match_limit = daemon->config.regex_match_limit,
	};

	return load_rules(texts, &options, errors, ret_ruleset);
}

/* Reads the rule files; every error of every one is collected before any is given up. */
static int load_files(const struct daemon *daemon, struct rule_errors *errors,
	struct vector *ret_texts, struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = NULL;
	int read =
		rule_files_read(&daemon->options->rule_directories, geteuid(), errors, ret_texts);
	int loaded = load_texts(daemon, ret_texts, errors, &ruleset);

	if (loaded == 0 && read == 0)
		*ret_ruleset = ruleset;
	else
		ruleset_free(ruleset);
	return loaded ? loaded : read;
}

/* A set that cannot be kept is in force all the same: it is only lost to a start with errors. */
static void keep_last_good(struct daemon *daemon, const struct vector *texts)
{
	int result = store_save_rules(daemon->store, texts);

	daemon->status.storage_failed = result != 0;
	if (result)
		log_error("cannot keep a copy of the rules in %s: %s", daemon->options->state,
			result < 0 ? strerror(-result) : "the database is in use or damaged");
}

/* Device facts carry the properties that the rules in force name: these are about to be others. */
static void read_properties(struct daemon *daemon, const struct vector *keys)
{
	const struct vector *devices = &daemon->core.inventory.devices;

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];
		char carrier[PLACE_ID_SIZE];
		struct facts *facts;

		if (!device->now.facts)
			continue;
		facts = facts_copy_without_properties(device->now.facts);
		source_read_properties(daemon->source,
			candidate_carrier(device->id->bytes, carrier) ? carrier : device->id->bytes,
			keys, &daemon->pool, &facts->properties);
		core_renew(&daemon->core, facts);
	}
}

static bool same_keys(const struct vector *left, const struct vector *right)
{
	return left->count == right->count &&
	       (left->count == 0 ||
		       memcmp(left->items, right->items, left->count * sizeof(void *)) == 0);
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

static void put_in_force(struct daemon *daemon, struct ruleset *ruleset, struct vector *moves)
{
	log_findings(&ruleset->findings);
	if (!same_keys(&ruleset->properties, &daemon->core.ruleset->properties)) {
		looks_forget_properties(&daemon->looks);
		read_properties(daemon, &ruleset->properties);
	}
	core_replace_rules(&daemon->core, ruleset, moves);
}

static void load_last_good(struct daemon *daemon)
{
	struct rule_errors errors = {0};
	struct vector texts = {0};
	struct vector moves = {0};
	struct ruleset *ruleset;
	int result = store_load_rules(daemon->store, &texts);

	if (result == 0)
		result = load_texts(daemon, &texts, &errors, &ruleset);
	if (result == 0) {
		put_in_force(daemon, ruleset, &moves);
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
	move_list_done(&moves);
	rule_texts_done(&texts);
	rule_errors_done(&errors);
}

void reload_at_start(struct daemon *daemon)
{
	struct rule_errors errors = {0};
	struct vector texts = {0};
	struct vector moves = {0};
	struct ruleset *ruleset;

	if (load_files(daemon, &errors, &texts, &ruleset) == 0) {
		put_in_force(daemon, ruleset, &moves);
		keep_last_good(daemon, &texts);
	} else {
		reload_log_errors(&errors);
		load_last_good(daemon);
	}
	people_allow(daemon->core.ruleset, &daemon->config.rights);
	daemon->core.rules_reloaded = false; /* nobody was told of other rules before */
	move_list_done(&moves);
	rule_texts_done(&texts);
	rule_errors_done(&errors);
}

static void reload_rules(struct daemon *daemon, struct reload *reload)
{
	struct vector texts = {0};
	struct ruleset *ruleset;

	reload->refused = load_files(daemon, &reload->errors, &texts, &ruleset) != 0;
	if (reload->refused) {
		counter_add(&daemon->status.counters, COUNTER_RELOADS_REFUSED);
		log_error("reload refused, the rules in force stay: %zu errors",
			reload->errors.errors.count);
	} else {
		put_in_force(daemon, ruleset, &reload->moves);
		keep_last_good(daemon, &texts);
		daemon->status.rules_stale = false;
		counter_add(&daemon->status.counters, COUNTER_RELOADS);
		log_info("rules reloaded: %zu rules, %zu devices moved",
			daemon->core.ruleset->rules.count, reload->moves.count);
	}
	people_allow(
		daemon->core.ruleset, &daemon->config.rights); /* a SIGHUP without new rules too */
	rule_texts_done(&texts);
}

void reload_if_wanted(struct daemon *daemon, struct reload *ret_reload)
{
	bool signalled = daemon->reload_wanted;

	/* a signal first: calls may come without end */
	if (signalled)
		daemon_reread_config(daemon);
	else
		ret_reload->call = service_take_change(daemon->service);
	if (!signalled && !ret_reload->call)
		return;
	daemon->reload_wanted = false;
	reload_rules(daemon, ret_reload);
	if (signalled)
		reload_log_errors(&ret_reload->errors);
}

void reload_reply(struct reload *reload)
{
	if (reload->call && reload->refused)
		call_reply_invalid_rules(reload->call, &reload->errors);
	else if (reload->call)
		call_reply_reload(reload->call, &reload->moves);
	move_list_done(&reload->moves);
	rule_errors_done(&reload->errors);
	*reload = (struct reload){0};
}
