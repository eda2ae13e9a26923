/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/golden/NN-name.conf loads to what NN-name.ok says: the printed rules and findings, or the
 * errors. What was printed loads again to the same print. The example files of rules.d load
 * without a finding. SOURCE names the tree (default: here); GOLDEN_UPDATE=1 writes the .ok files.
 */
#include "base/file.h"
#include "base/memory.h"
#include "lib/rules.h"
#include "rules/files.h"
#include "rules/load.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *source_path(const char *below, char path[4096])
{
	const char *source = getenv("SOURCE");

	snprintf(path, 4096, "%s/%s", source ? source : ".", below);
	return path;
}

static void print_errors(struct buffer *out, const struct rule_errors *errors)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		const struct rule_error *error = errors->errors.items[i];

		buffer_format(out, "%s:%u: %s\n\t%s\n", error->file, error->line, error->message,
			error->hint);
	}
}

static void print_findings(struct buffer *out, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->findings.count; i++) {
		const struct finding *finding = ruleset->findings.items[i];

		buffer_format(out, "# %s:%u: %s %s: %s\n# \t%s\n", finding->file->bytes,
			finding->line, finding->level, finding->code, finding->message->bytes,
			finding->fix->bytes);
	}
}

/* What a file of these bytes says; for rules, only the printed ones without findings. */
static int load_and_print(
	const char *name, const struct buffer *bytes, bool findings, struct buffer *out)
{
	struct text_pool pool = {0};
	struct load_options options = {.pool = &pool};
	struct rule_text text = {(char *)name, bytes->bytes, bytes->length};
	struct vector texts = {0};
	struct rule_errors errors = {0};
	struct ruleset *ruleset = NULL;
	int result;

	vector_add(&texts, &text);
	result = load_rules(&texts, &options, &errors, &ruleset);
	if (result == 0) {
		assert_int_equal(errors.errors.count, 0);
		rules_print(out, ruleset);
		if (findings)
			print_findings(out, ruleset);
	} else {
		assert_int_equal(result, LOAD_INVALID);
		assert_true(errors.errors.count > 0);
		assert_null(ruleset);
		print_errors(out, &errors);
	}
	ruleset_free(ruleset);
	rule_errors_done(&errors);
	vector_done(&texts);
	text_pool_done(&pool); /* asserts that no text was lost */
	return result;
}

static void read_file(const char *path, struct buffer *bytes)
{
	int result = file_read_at(AT_FDCWD, path, 4 << 20, bytes);

	if (result < 0)
		fail_msg("%s: %s", path, strerror(-result));
	buffer_string(bytes);
}

static void write_file(const char *path, const struct buffer *bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fwrite(bytes->bytes, 1, bytes->length, file);
	fclose(file);
}

static void check_file(const char *path)
{
	char expected_path[4096];
	struct buffer bytes = {0};
	struct buffer expected = {0};
	struct buffer printed = {0};
	struct buffer again = {0};
	struct buffer full = {0};
	const char *name = strrchr(path, '/') + 1;
	int result;

	snprintf(expected_path, sizeof(expected_path), "%.*s.ok", (int)strlen(path) - 5, path);
	read_file(path, &bytes);
	result = load_and_print(name, &bytes, true, &full);
	if (getenv("GOLDEN_UPDATE"))
		write_file(expected_path, &full);
	read_file(expected_path, &expected);
	if (strcmp(buffer_string(&full), expected.bytes) != 0)
		fail_msg("%s:\n--- expected\n%s--- is\n%s", path, expected.bytes,
			buffer_string(&full));
	if (result == 0) {
		load_and_print(name, &bytes, false, &printed);
		buffer_string(&printed);
		assert_int_equal(load_and_print("printed", &printed, false, &again), 0);
		assert_string_equal(buffer_string(&again), buffer_string(&printed));
	}
	buffer_done(&bytes);
	buffer_done(&expected);
	buffer_done(&printed);
	buffer_done(&again);
	buffer_done(&full);
}

static void test_golden(void **state)
{
	char pattern[4096];
	glob_t found;

	(void)state;
	source_path("tests/golden/*.conf", pattern);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i]);
	globfree(&found);
}

static void test_examples(void **state)
{
	char path[4096];
	struct text_pool pool = {0};
	struct load_options options = {.pool = &pool};
	struct vector directories = {0};
	struct vector texts = {0};
	struct rule_errors errors = {0};
	struct buffer words = {0};
	struct ruleset *ruleset = NULL;

	(void)state;
	vector_add(&directories, (void *)source_path("rules.d", path));
	if (rule_files_read(&directories, true, geteuid(), &errors, &texts) != 0 ||
		load_rules(&texts, &options, &errors, &ruleset) != 0) {
		print_errors(&words, &errors);
		fail_msg("%s", buffer_string(&words));
	}
	assert_int_equal(texts.count, 5);
	assert_int_equal(ruleset->findings.count, 0);
	assert_non_null(ruleset_find_group(ruleset, "security-keys"));
	assert_non_null(ruleset_find_group(ruleset, "vgpu-compute"));
	ruleset_free(ruleset);
	rule_texts_done(&texts);
	rule_errors_done(&errors);
	vector_done(&directories);
	text_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
