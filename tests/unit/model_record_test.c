/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "lib/unit.h"
#include "model/record.h"

static void lives_have_their_names(void **state)
{
	static const struct {
		enum life life;
		const char *name;
	} cases[] = {
		{LIFE_EXPLICIT, "explicit"},
		{LIFE_PROCESS, "process"},
		{LIFE_CONNECTION, "connection"},
		{LIFE_COUNT, "Process"},
		{LIFE_COUNT, "proces"},
		{LIFE_COUNT, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(life_find(cases[i].name), cases[i].life);
		if (cases[i].life < LIFE_COUNT)
			assert_string_equal(life_name(cases[i].life), cases[i].name);
	}
}

/* In the order of the decisions, owning the records; leaks are what the sanitizer looks for. */
static void a_batch_keeps_the_order(void **state)
{
	struct batch *batch = batch_new();

	(void)state;
	batch_add(batch, WRITE_DELETE)->number = 1;
	batch_add(batch, WRITE_PUT)->record = memory_allocate(sizeof(struct instance_record));
	batch_add(batch, WRITE_ACCEPT_LOSS)->essential = true;
	assert_int_equal(batch->writes.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct write *write = batch->writes.items[i];

		assert_int_equal(write->type, i == 0   ? WRITE_DELETE
					      : i == 1 ? WRITE_PUT
						       : WRITE_ACCEPT_LOSS);
	}
	assert_null(batch_free(batch));
	assert_null(batch_free(NULL));
	assert_null(instance_record_free(NULL));
	assert_null(identity_record_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_have_their_names),
		cmocka_unit_test(a_batch_keeps_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
