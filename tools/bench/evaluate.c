/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule evaluation, beside a linear scan with PCRE2 JIT of the same rules and devices in the same
 * run: CPU time of the thread, in rounds that alternate. A ratio is the median of those of
 * neighbours, since what else the machine does changes slowly. One JSON object per line.
 *
 * Devices: 10,000 PCI functions. Of `fleet`, each is one of 40 models, so that most values are
 * shared; slots and IOMMU groups are not. Of `diverse`, each has ids, names and a serial property
 * of its own; as on any machine, few drivers, classes and NUMA nodes are shared by all.
 *
 * Rules: all eleven operators, 60 % with an exact id or slot, 8 % with a regex, most of two
 * conditions; one in eight names an id or a slot that a device has. All devices fall through to the
 * last rule, which is the worst case for either. (That both give the same answers is checked first,
 * with rules that do hold.)
 *
 * State `hot`: every value has been seen. `edit`: the rules are new, and building the matcher is
 * part of the time. The scan has no such states, and is measured on fewer devices where it would
 * take too long. `target` is the ratio wanted.
 *
 * memory-rules: bytes a rule of a ruleset that has not decided yet, with everything that belongs to
 * it, and bytes a device that the matcher takes once it has seen all of them.
 */
#include "rules/evaluate.h"
#include "base/memory.h"
#include "lib/cases.h"
#include "lib/measure.h"
#include "lib/world.h"
#include "rules/matcher.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <malloc.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#define DEVICES 10000
#define MODELS	40
#define ROUNDS	9

/* Rules times devices of one round of the scan. */
#define SCAN_MOST 3000000u

enum workload {
	WORKLOAD_FLEET,
	WORKLOAD_DIVERSE,
	WORKLOAD_COUNT,
};

static const char *const workload_names[WORKLOAD_COUNT] = {"fleet", "diverse"};

/* ---- devices */

static void add_model(struct buffer *words, unsigned model)
{
	static const char *const vendors[] = {"NVIDIA", "Intel", "Mellanox", "Broadcom", "Samsung"};
	static const char *const families[] = {"Tesla", "Ethernet_Adapter", "ConnectX", "NVMe_SSD"};
	static const char *const classes[] = {"030200", "020000", "020000", "010802"};
	unsigned family = model % 4;

	buffer_format(words,
		" vendor_device=%04x:%04x subsystem_vendor_device=%04x:%04x class_hex=%s"
		" device_type=%.2s vendor=%s_Corporation_%u device=%s_%u_[Series_%x]"
		" name=%s_Corporation_%u_%s_%u_[Series_%x] revision=%02x",
		0x1000 + model % 61, model & 0x7fff, 0x1028 + model % 7, model & 0x7fff,
		classes[family], classes[family], vendors[model % 5], model % 61, families[family],
		model, model * 7, vendors[model % 5], model % 61, families[family], model,
		model * 7, model % 200);
}

static struct facts *make_device(struct world *world, enum workload workload, unsigned number)
{
	static const char *const drivers[] = {"nvme", "mlx5_core", "igb", "vfio-pci", ""};
	unsigned model = workload == WORKLOAD_FLEET ? number % MODELS : number;
	bool virtual = number % 8 != 0;
	struct buffer words = {0};
	struct facts *facts;

	buffer_format(&words,
		"pci:0000:%02x:%02x.%u slot=0000:%02x:%02x.%u driver=%s function=%s"
		" numa_node=%u iommu_group=%u",
		number >> 8, number >> 3 & 31, number & 7, number >> 8, number >> 3 & 31,
		number & 7, drivers[number % 5], virtual ? "virtual" : "physical", number >> 8 & 3,
		number);
	if (virtual)
		buffer_format(&words,
			" physical_function=0000:%02x:%02x.0 vf_index=%u pf_name=ens%uf%u",
			number >> 8, number >> 3 & 31, number & 7, number >> 8, number >> 3 & 31);
	add_model(&words, model);
	if (workload == WORKLOAD_DIVERSE)
		buffer_format(&words, " udev.ID_SERIAL=S%08x", number * 2654435761u);
	facts = world_facts(world, buffer_string(&words));
	buffer_done(&words);
	return facts;
}

/* ---- rules */

/* `pattern` with the number for each `#`, and its last byte in hex for each `@`. */
static void add_numbered(struct buffer *text, const char *pattern, unsigned number)
{
	for (; *pattern; pattern++) {
		if (*pattern == '#')
			buffer_format(text, "%u", number);
		else if (*pattern == '@')
			buffer_format(text, "%02x", number & 0xff);
		else
			buffer_add_byte(text, *pattern);
	}
}

/* A condition that holds for some devices, so that another one has to tell. */
static void add_common(struct buffer *text)
{
	static const char *const conditions[] = {"(\"numa_node\",\"<\",2)",
		"(\"numa_node\",\"ge\",1)", "(\"driver\",\"ne\",\"vfio-pci\")",
		"(\"driver\",\"eq\",\"nvme\")", "(\"class_hex\",\"eq\",\"02\")",
		"(\"class_hex\",\"ge\",\"0300\")", "(\"function\",\"eq\",\"virtual\")",
		"(\"revision\",\"<=\",\"60\")", "(\"vf_index\",\">\",3)",
		"(\"not\",(\"class_hex\",\"eq\",\"0108\"))"};

	buffer_format(text, ",%s", conditions[random_below(ARRAY_LENGTH(conditions))]);
}

static void add_exact(struct buffer *text, unsigned number, bool matching)
{
	bool present = random_below(8) == 0;
	unsigned device = random_below(DEVICES);

	if (random_below(5) < 3)
		buffer_format(text, "(\"vendor_device\",\"eq\",\"%04x:%04x\")",
			present ? 0x1000 + device % MODELS : 0x9000 + number % 16,
			present ? device % MODELS : number & 0xffff);
	else
		buffer_format(text, "(\"slot\",\"eq\",\"%04x:%02x:%02x.%u\")", !present,
			device >> 8, device >> 3 & 31, device & 7);
	if (present)
		buffer_format(text, ",(\"subsystem_vendor_device\",\"%s\",\"%04x:%04x\")",
			matching	  ? "ne"
			: random_below(2) ? "eq"
					  : "gt",
			0xa000 + number % 16, number & 0xffff);
	else if (random_below(2))
		add_common(text);
}

static void add_regex(struct buffer *text, unsigned number)
{
	static const char *const formats[] = {"(\"name\",\"rx\",\"Series_? (8[0-9]+|Z#)X\")",
		"(\"device\",\"rx\",\"^(GeForce|Quadro) #[0-9]* Ti$\")",
		"(\"name\",\"rx\",\"RTX[- ]?#\")", "(\"device\",\"rx\",\"[Tt]esla.*/ *#$\")",
		"(\"vendor\",\"rx\",\"^Advanced.*Devices #\")"};

	add_numbered(text, formats[random_below(ARRAY_LENGTH(formats))], number);
	if (random_below(2))
		add_common(text);
}

static void add_other(struct buffer *text, unsigned number)
{
	static const char *const formats[] = {"(\"slot\",\"bw\",\"0001:@\")",
		"(\"device\",\"bw\",\"Quadro #\")", "(\"device\",\"ew\",\"/#]\")",
		"(\"name\",\"ew\",\"Series #Z]\")", "(\"name\",\"cs\",\"GeForce #\")",
		"(\"vendor\",\"cs\",\"Devices #\")", "(\"device\",\"ct\",\"geforce #\")",
		"(\"iommu_group\",\"gt\",\"9000#\")", "(\"slot\",\"ge\",\"0001:@:00.0\")",
		"(\"vendor_device\",\"lt\",\"00@:0000\")", "(\"pf_name\",\"ew\",\"np#\")",
		"(\"any\",(\"slot\",\"bw\",\"0002:@\"),(\"vendor_device\",\"bw\",\"f000\"))",
		"(\"not\",(\"any\",(\"slot\",\"cs\",\":\"),(\"revision\",\"ne\",\"@\")))",
		"(\"udev.ID_SERIAL\",\"bw\",\"WD-#\")"};

	add_numbered(text, formats[random_below(ARRAY_LENGTH(formats))], number);
	if (random_below(4))
		add_common(text);
}

static void add_rules(struct buffer *text, unsigned count, bool matching)
{
	buffer_add_string(text, "groups=({name=\"g\";kind=\"pci\";});\nrules=(\n");
	for (unsigned i = 1; i < count; i++) {
		unsigned choice = random_below(100);

		buffer_format(text, "{name=\"r%u\";group=\"g\";match=(", i);
		if (choice < 60)
			add_exact(text, i, matching);
		else if (choice < 68)
			add_regex(text, i);
		else
			add_other(text, i);
		buffer_add_string(text, ");},\n");
	}
	buffer_add_string(text, "{name=\"last\";group=\"g\";match=((\"slot\",\"cs\",\":\"));});\n");
}

/* `matching`: the rules that name a value of a device hold for it. */
static struct ruleset *make_rules(struct world *world, unsigned count, bool matching)
{
	struct buffer text = {0};
	struct ruleset *ruleset;

	random_begin(count);
	add_rules(&text, count, matching);
	ruleset = world_load(world, buffer_string(&text));
	buffer_done(&text);
	if (!ruleset)
		abort();
	return ruleset;
}

/* ---- the linear scan */

struct node {
	enum condition_type type;
	const struct condition *test;
	pcre2_code *code; /* of a regex or a text without case */
	struct node *children;
	size_t count;
};

struct scan {
	const struct ruleset *ruleset;
	struct node *rules;
	pcre2_match_data *match_data;
};

static void compile_test(struct node *node)
{
	const struct condition *test = node->test;
	uint32_t nocase = test->op == OP_REGEX ? 0 : PCRE2_LITERAL | PCRE2_CASELESS;
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | nocase;
	PCRE2_SIZE offset;
	int error;

	if (!test->pattern)
		return;
	node->code = pcre2_compile((PCRE2_SPTR)test->value->bytes, test->value->length, options,
		&error, &offset, NULL);
	if (!node->code || pcre2_jit_compile(node->code, PCRE2_JIT_COMPLETE) != 0)
		abort();
}

static void compile(const struct condition *condition, struct node *node)
{
	node->type = condition->type;
	node->count = condition->children.count;
	if (node->type == CONDITION_TEST) {
		node->test = condition;
		compile_test(node);
		return;
	}
	node->children = memory_allocate(node->count * sizeof(*node->children));
	for (size_t i = 0; i < node->count; i++)
		compile(condition->children.items[i], &node->children[i]);
}

static void node_done(struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		node_done(&node->children[i]);
	free(node->children);
	pcre2_code_free(node->code);
}

static void scan_init(struct scan *scan, const struct ruleset *ruleset)
{
	scan->ruleset = ruleset;
	scan->rules = memory_allocate(ruleset->rules.count * sizeof(*scan->rules));
	scan->match_data = pcre2_match_data_create(1, NULL);
	for (size_t i = 0; i < ruleset->rules.count; i++) {
		const struct rule *rule = ruleset->rules.items[i];

		compile(rule->match, &scan->rules[i]);
	}
}

static void scan_done(struct scan *scan)
{
	for (size_t i = 0; i < scan->ruleset->rules.count; i++)
		node_done(&scan->rules[i]);
	free(scan->rules);
	pcre2_match_data_free(scan->match_data);
}

static bool test_holds(const struct scan *scan, const struct node *node, const struct facts *facts)
{
	const struct condition *test = node->test;
	const struct text *actual = test->property ? facts_property(facts, test->property)
						   : facts_value(facts, test->field);
	bool limit_hit = false;

	if (!node->code || !actual)
		return op_holds(test, actual, &limit_hit);
	return pcre2_match(node->code, (PCRE2_SPTR)actual->bytes, actual->length, 0, 0,
		       scan->match_data, NULL) >= 0;
}

static bool node_holds(const struct scan *scan, const struct node *node, const struct facts *facts)
{
	bool any = node->type == CONDITION_ANY;

	if (node->type == CONDITION_TEST)
		return test_holds(scan, node, facts);
	if (node->type == CONDITION_NOT)
		return !node_holds(scan, &node->children[0], facts);
	for (size_t i = 0; i < node->count; i++)
		if (node_holds(scan, &node->children[i], facts) == any)
			return any;
	return !any;
}

static const struct rule *scan_decide(const struct scan *scan, const struct facts *facts)
{
	for (size_t i = 0; i < scan->ruleset->rules.count; i++)
		if (node_holds(scan, &scan->rules[i], facts))
			return scan->ruleset->rules.items[i];
	return NULL;
}

/* ---- measuring */

struct run {
	struct world world;
	enum workload workload;
	struct facts *devices[DEVICES];
	struct ruleset *ruleset;
	struct scan scan;
	size_t step; /* the scan is measured on every so many-th device */
};

static void make_devices(struct run *run)
{
	for (unsigned i = 0; i < DEVICES; i++)
		run->devices[i] = make_device(&run->world, run->workload, i);
}

static void run_done(struct run *run)
{
	ruleset_free(run->ruleset);
	for (unsigned i = 0; i < DEVICES; i++)
		facts_unref(run->devices[i]);
	world_done(&run->world);
}

/* The time that `work` takes, in ns a device. */
static double measure(struct run *run, size_t (*work)(struct run *run))
{
	double start = measure_cpu();
	size_t devices = work(run);

	return (measure_cpu() - start) * 1e3 / (double)devices;
}

static const struct rule *last_rule(const struct run *run)
{
	return run->ruleset->rules.items[run->ruleset->rules.count - 1];
}

static size_t work_hot(struct run *run)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (ruleset_decide(run->ruleset, run->devices[i]) != last_rule(run))
			abort();
	return DEVICES;
}

static size_t work_edit(struct run *run)
{
	struct matcher **matcher = &run->ruleset->matchers[KIND_PCI];

	matcher_free(*matcher);
	*matcher = matcher_new(
		&run->ruleset->rules, KIND_PCI, &run->world.pool, &run->ruleset->limit_hits);
	return work_hot(run);
}

static size_t work_scan(struct run *run)
{
	size_t devices = 0;

	for (size_t i = 0; i < DEVICES; i += run->step, devices++)
		if (scan_decide(&run->scan, run->devices[i]) != last_rule(run))
			abort();
	return devices;
}

/* Both give the same answers, where rules of all places decide. */
static void check_answers(struct run *run)
{
	size_t early = 0; /* that there was something to compare */

	run->ruleset = make_rules(&run->world, 1000, true);
	scan_init(&run->scan, run->ruleset);
	for (size_t i = 0; i < DEVICES; i++) {
		const struct rule *rule = ruleset_decide(run->ruleset, run->devices[i]);

		if (rule != scan_decide(&run->scan, run->devices[i]))
			abort();
		early += rule->number < 1000;
	}
	if (early < MODELS)
		abort();
	scan_done(&run->scan);
	run->ruleset = ruleset_free(run->ruleset);
}

/* Sorts nothing that the other state is compared with. */
static double median(const double *values)
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	return measure_median(sorted, ROUNDS);
}

static void print(const struct run *run, const char *state, const double *took, const double *scan,
	double wanted)
{
	double ratios[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		ratios[i] = scan[i] / took[i];
	printf("{\"bench\":\"evaluate\",\"workload\":\"%s\",\"rules\":%zu,\"devices\":%d,"
	       "\"state\":\"%s\",\"ns_per_device\":%.1f,\"baseline\":\"linear-pcre2-jit\","
	       "\"baseline_ns_per_device\":%.1f,\"ratio\":%.1f",
		workload_names[run->workload], run->ruleset->rules.count, DEVICES, state,
		median(took), median(scan), median(ratios));
	if (wanted > 0)
		printf(",\"target\":%.0f", wanted);
	printf("}\n");
	fflush(stdout);
}

/* The ratio wanted; 0: none is. */
static double target(const struct run *run, bool edit)
{
	size_t rules = run->ruleset->rules.count;

	if (edit)
		return rules != 1000 ? 0 : run->workload == WORKLOAD_FLEET ? 8 : 2;
	return rules == 10 ? 1 : rules >= 1000 ? 100 : 0;
}

/* In a world of its own, since tables that rules and devices share grow by doubling. */
static void measure_ruleset(enum workload workload, unsigned count)
{
	struct run run = {.workload = workload};
	size_t before;
	size_t rules;

	world_init(&run.world);
	before = measure_memory();
	run.ruleset = make_rules(&run.world, count, false);
	rules = measure_memory() - before;
	make_devices(&run);
	before = measure_memory();
	work_hot(&run);
	printf("{\"bench\":\"memory-rules\",\"workload\":\"%s\",\"rules\":%u,\"devices\":%d,"
	       "\"bytes_per_rule\":%zu,\"target\":1024,\"matcher_bytes_per_device\":%zu}\n",
		workload_names[workload], count, DEVICES, rules / count,
		(measure_memory() - before) / DEVICES);
	fflush(stdout);
	run_done(&run);
}

static void measure_rules(struct run *run, unsigned count)
{
	double scan[ROUNDS], edit[ROUNDS], hot[ROUNDS];

	run->ruleset = make_rules(&run->world, count, false);
	scan_init(&run->scan, run->ruleset);
	run->step = 1 + count / (SCAN_MOST / DEVICES);
	for (unsigned i = 0; i < ROUNDS; i++) {
		edit[i] = measure(run, work_edit);
		scan[i] = measure(run, work_scan);
		hot[i] = measure(run, work_hot);
	}
	print(run, "hot", hot, scan, target(run, false));
	print(run, "edit", edit, scan, target(run, true));
	scan_done(&run->scan);
	run->ruleset = ruleset_free(run->ruleset);
}

/* Else an edit's figure depends on which tables were freed before, and is mostly page faults. */
static void keep_pages(void)
{
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int main(void)
{
	keep_pages();
	for (enum workload workload = 0; workload < WORKLOAD_COUNT; workload++) {
		struct run run = {.workload = workload};

		world_init(&run.world);
		make_devices(&run);
		check_answers(&run);
		for (unsigned count = 10; count <= 10000; count *= 10)
			measure_rules(&run, count);
		run_done(&run);
		measure_ruleset(workload, 1000);
		measure_ruleset(workload, 10000);
	}
	return 0;
}
