/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of groups, rules, findings and status. */
#include "claims/describe_group.h"
#include "lib/unit.h"
#include "lib/world.h"

#include "claims/status.h"
#include "devices/describe.h"

#include <string.h>

static void start(struct world *world)
{
	struct vector moves = {0};
	struct delta delta = {0};

	world_init(world);
	world_put_in_force(&world->claims,
		world_load(world,
			"groups = ( { name = \"nics\"; kind = \"pci\"; description = \"cards\";\n"
			"             owners = ( \"vm:*\", (\"tenant:blue\", 4) ); },\n"
			"           { name = \"empty\"; kind = \"usb\"; } );\n"
			"rules = ( { name = \"igb\"; group = \"nics\";\n"
			"            match = ( (\"driver\", \"==\", \"igb\") ); },\n"
			"          { name = \"off\"; group = \"nics\"; enabled = false;\n"
			"            match = ( (\"driver\", \"ne\", \"\") ); } );\n"),
		&moves);
	devices_see(&world->devices, world_facts(world, "pci:0000:01:00.0 driver=igb"));
	devices_see(&world->devices, world_facts(world, "pci:0000:01:00.1 driver=igb"));
	devices_see(&world->devices, world_facts(world, "pci:0000:02:00.0 driver=nvme"));
	claims_settle(&world->claims, &delta);
	delta_done(&delta);
	move_list_done(&moves);
}

static void assert_texts(struct vector *texts, const char *const *wanted, size_t count)
{
	assert_int_equal(texts->count, count);
	for (size_t i = 0; i < count; i++) {
		struct text *text = texts->items[i];

		assert_string_equal(text->bytes, wanted[i]);
		text_unref(text);
	}
	vector_done(texts);
}

static void test_groups(void **state)
{
	static const char *const wanted[] = {
		"{\"name\":\"empty\",\"kind\":\"usb\",\"description\":\"\",\"driver\":\"keep\","
		"\"owners\":[],\"devices\":0,\"available\":0,\"claimed\":0,\"preparing\":0,"
		"\"blocked\":0,\"failed\":0,\"missing\":0,\"rules\":0}",
		"{\"name\":\"nics\",\"kind\":\"pci\",\"description\":\"cards\","
		"\"driver\":\"vfio-pci\",\"owners\":[{\"owner\":\"vm:*\"},"
		"{\"owner\":\"tenant:blue\",\"most\":4}],\"devices\":2,\"available\":2,\"claimed\":"
		"0,"
		"\"preparing\":0,\"blocked\":0,\"failed\":0,\"missing\":0,\"rules\":2}",
	};
	struct world world;
	struct vector texts = {0};

	(void)state;
	start(&world);
	describe_groups(&world.claims, &texts);
	assert_texts(&texts, wanted, 2);
	world_done(&world);
}

static void test_rules(void **state)
{
	static const char *const wanted[] = {
		"{\"number\":1,\"name\":\"igb\",\"group\":\"nics\",\"kind\":\"pci\",\"enabled\":"
		"true,"
		"\"file\":\"world.conf\",\"line\":4,"
		"\"match\":\"(\\\"driver\\\", \\\"equal\\\", \\\"igb\\\")\",\"matches\":2}",
		"{\"number\":2,\"name\":\"off\",\"group\":\"nics\",\"kind\":\"pci\",\"enabled\":"
		"false,"
		"\"file\":\"world.conf\",\"line\":6,"
		"\"match\":\"(\\\"driver\\\", \\\"not-equal\\\", \\\"\\\")\",\"matches\":0}",
	};
	struct world world;
	struct vector texts = {0};

	(void)state;
	start(&world);
	describe_rules(&world.devices, &texts);
	assert_texts(&texts, wanted, 2);
	world_done(&world);
}

static void test_device(void **state)
{
	struct world world;
	const struct device *device;

	(void)state;
	start(&world);
	device = devices_find(&world.devices, "pci:0000:01:00.0");
	assert_string_equal(device->now.json->bytes,
		"{\"id\":\"pci:0000:01:00.0\",\"kinds\":[\"pci\"],\"name\":\"pci:0000:01:00.0\","
		"\"state\":\"available\",\"reasons\":[],\"group\":\"nics\",\"rule\":\"igb\","
		"\"fields\":{\"pci\":{\"driver\":\"igb\"}}}");
	assert_null(devices_find(&world.devices, "pci:0000:01:00.2"));
	world_done(&world);
}

static void test_status(void **state)
{
	struct world world;
	struct status status = {.version = "1", .monitor = "udev", .rules_stale = true};
	struct writer json = {0};
	struct text *text;

	(void)state;
	start(&world);
	counter_add(&status.counters, COUNTER_OVERRUNS);
	histogram_add(&status.latency, 1000);
	status_write(&status, &world.claims, 7, "epoch", &json);
	text = writer_take(&json);
	assert_non_null(strstr(text->bytes, "\"seq\":7,\"epoch\":\"epoch\""));
	assert_non_null(strstr(text->bytes, "\"rules\":\"stale\""));
	assert_non_null(strstr(text->bytes, "\"overruns\":1,"));
	assert_non_null(strstr(text->bytes,
		"\"counts\":{\"devices\":3,\"groups\":2,\"rules\":2,\"instances\":0}"));
	assert_non_null(strstr(text->bytes, "\"largest\":1000"));
	text_unref(text);
	world_done(&world);
}

static void test_histogram(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	assert_int_equal(histogram_quantile(&histogram, 99), 0);
	for (unsigned i = 0; i < 99; i++)
		histogram_add(&histogram, 100);
	histogram_add(&histogram, 5000);
	histogram_add(&histogram, -3); /* a clock that ran backwards is no reason to fall over */
	assert_int_equal(histogram_quantile(&histogram, 50), 128);
	assert_int_equal(histogram_quantile(&histogram, 100), 5000);
	assert_int_equal(histogram.count, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_histogram),
	};

	return cmocka_run_group_tests_name("claims_describe", tests, NULL, NULL);
}
