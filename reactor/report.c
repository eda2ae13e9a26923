/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "base/writer.h"
#include "config.h"
#include "devices/describe.h"
#include "model/field.h"
#include "rules/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_line(struct writer *json)
{
	struct text *text = writer_take(json);

	puts(text->bytes);
	text_unref(text);
}

static void print_check_json(const struct rule_errors *errors, const struct ruleset *ruleset)
{
	struct writer json = {0};

	writer_open(&json, '{');
	writer_key_boolean(&json, "valid", errors->errors.count == 0);
	writer_key(&json, "errors");
	describe_rule_errors(&json, errors);
	writer_key(&json, "findings");
	describe_findings(&json, ruleset);
	writer_key_number(&json, "groups", (int64_t)ruleset->groups.count);
	writer_key_number(&json, "rules", (int64_t)ruleset->rules.count);
	writer_close(&json, '}');
	print_line(&json);
}

static void print_check(const struct rule_errors *errors, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		struct buffer line = {0};

		rule_error_write(errors->errors.items[i], &line);
		puts(buffer_string(&line));
		buffer_done(&line);
	}
	for (size_t i = 0; i < ruleset->findings.count; i++) {
		const struct finding *finding = ruleset->findings.items[i];

		printf("%s:%u: %s: %s; %s\n", finding->file->bytes, finding->line, finding->level,
			finding->message->bytes, finding->fix->bytes);
	}
	if (errors->errors.count > 0)
		printf("invalid: %zu errors\n", errors->errors.count);
	else
		printf("valid: %zu groups, %zu rules\n", ruleset->groups.count,
			ruleset->rules.count);
}

/* Loads everything, adding all errors; the ruleset is empty if there are any. */
static struct ruleset *load_all(
	const struct options *options, struct text_pool *pool, struct rule_errors *errors)
{
	struct load_options load = {.pool = pool};
	struct config config = {0};
	struct vector texts = {0};
	struct ruleset *ruleset;

	if (config_load(options->config, errors, &config) == 0)
		load.regex_match_limit = config.regex_match_limit;
	rule_files_read(
		&options->rule_directories, options->rules_named, geteuid(), errors, &texts);
	if (load_rules(&texts, &load, errors, &ruleset) != 0)
		ruleset = ruleset_new();
	rule_texts_done(&texts);
	config_done(&config);
	return ruleset;
}

int report_check(const struct options *options)
{
	struct text_pool pool = {0};
	struct rule_errors errors = {0};
	struct ruleset *ruleset = load_all(options, &pool, &errors);
	int status = errors.errors.count > 0 ? EXIT_INVALID : EXIT_SUCCESS;

	if (options->json)
		print_check_json(&errors, ruleset);
	else
		print_check(&errors, ruleset);
	ruleset_free(ruleset);
	rule_errors_done(&errors);
	text_pool_done(&pool);
	return status;
}

static void write_field(
	struct writer *json, enum kind kind, const struct field_description *description)
{
	writer_open(json, '{');
	writer_key_string(json, "kind", kind_name(kind));
	writer_key_string(json, "name", description->name);
	writer_key_string(json, "type", value_type_name(description->type));
	writer_key_string(json, "source", description->source);
	writer_key_string(json, "description", description->meaning);
	writer_close(json, '}');
}

/* The last row of each kind stands for every udev property. */
static const struct field_description property_description = {
	.name = "udev.KEY",
	.type = VALUE_TEXT,
	.source = "udev",
	.meaning = "the udev property KEY; absent with kernel events",
};

static void print_fields_json(void)
{
	struct writer json = {0};

	writer_open(&json, '{');
	writer_key(&json, "fields");
	writer_open(&json, '[');
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		for (enum field field = 0; field < FIELD_COUNT; field++)
			if (field_describe(field)->kinds & KIND_MASK(kind))
				write_field(&json, kind, field_describe(field));
		write_field(&json, kind, &property_description);
	}
	writer_close(&json, ']');
	writer_close(&json, '}');
	print_line(&json);
}

static void print_field(enum kind kind, const struct field_description *description)
{
	printf("%-9s %-24s %-13s %s\n", kind_name(kind), description->name,
		value_type_name(description->type), description->meaning);
}

static void print_fields(void)
{
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		for (enum field field = 0; field < FIELD_COUNT; field++)
			if (field_describe(field)->kinds & KIND_MASK(kind))
				print_field(kind, field_describe(field));
		print_field(kind, &property_description);
	}
}

void report_fields(const struct options *options)
{
	if (options->json)
		print_fields_json();
	else
		print_fields();
}
