/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service over made-up devices, steered by lines on standard input, so that tests of
 * the socket need no hardware and no daemon. Each line is carried out in a turn of its own and
 * answered with `done SEQ TURNS`, the number of turns so far, when that turn is published:
 *
 *   add ID TAG      a device; its name (pci) or product (usb) is TAG, by which rules sort it
 *   change ID TAG   the same device, another TAG
 *   remove ID
 *   fill N          N PCI devices that are in no group
 *   burst N         N changes of the first device's driver, 20 in each of the next turns
 *   resync
 *   reload ok|bad   what rules the next Reload finds
 *   clock SECONDS   lets that much time pass; from the first one on no other passes
 *   turns           nothing but the answer
 *   subscriber N    limit on the bytes that may wait for one
 *
 * usage: server SOCKET RING RING_BYTES CONNECTIONS PER_UID DESCRIPTORS
 */
#include "base/clock.h"
#include "base/memory.h"
#include "claims/answer.h"
#include "claims/claims.h"
#include "claims/ending.h"
#include "claims/operation.h"
#include "io/socket/listen.h"
#include "io/socket/reply_reload.h"
#include "io/socket/reply_request.h"
#include "io/socket/service.h"
#include "lib/world.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CHANGES_PER_TURN 20

struct server {
	struct event_base *base;
	struct event *input;
	struct event *timer;
	struct buffer line;
	struct text_pool pool;
	struct devices devices;
	struct claims claims;
	struct status status;
	struct rights rights;
	struct service_limits limits;
	struct service *service;
	int64_t clock; /* set by hand; 0: the machine's counts */
	uint64_t seq;
	uint64_t turns;
	uint64_t lives;
	unsigned long burst;
	unsigned long changes;
	bool bad_rules;
	bool quit;
};

static const char rules[] =
	"groups = ( { name = \"t4\"; kind = \"pci\"; }, { name = \"a10\"; kind = \"pci\"; },\n"
	"  { name = \"keys\"; kind = \"usb\"; } );\n"
	"rules = ( { name = \"t4\"; group = \"t4\"; match = ((\"name\", \"equal\", \"t4\")); },\n"
	"  { name = \"a10\"; group = \"a10\"; match = ((\"any\", (\"name\", \"equal\", \"a10\"),\n"
	"    (\"not\", (\"name\", \"regex\", \".\")))); },\n"
	"  { name = \"keys\"; group = \"keys\"; match = ((\"product\", \"equal\", \"key\")); } "
	");\n";

/* All that was in t4 moves to a10. */
static const char new_rules[] =
	"groups = ( { name = \"t4\"; kind = \"pci\"; }, { name = \"a10\"; kind = \"pci\"; } );\n"
	"rules = ( { name = \"both\"; group = \"a10\";\n"
	"  match = ((\"name\", \"regex\", \"^(t4|a10)$\")); } );\n";

static const char bad_rules[] = "groups = ( { name = \"t4\"; kind = \"pcie\"; } );\n";

static int64_t now_of(const struct server *server)
{
	return server->clock ? server->clock : clock_monotonic();
}

static int load(struct server *server, const char *bytes, struct rule_errors *errors,
	struct ruleset **ret_ruleset)
{
	struct load_options options = {.pool = &server->pool};
	struct rule_text text = {
		.file = (char *)"/rules/test.conf",
		.bytes = (char *)bytes,
		.length = strlen(bytes),
	};
	struct vector texts = {0};
	int outcome;

	vector_add(&texts, &text);
	outcome = load_rules(&texts, &options, errors, ret_ruleset);
	vector_done(&texts);
	return outcome;
}

static struct facts *make_facts(struct server *server, const char *id, const char *tag)
{
	bool usb = strncmp(id, "usb:", 4) == 0;
	const struct device *known = devices_find(&server->devices, id);
	struct facts *facts = facts_new(text_intern_string(&server->pool, id),
		usb ? KIND_MASK(KIND_USB) : KIND_MASK(KIND_PCI));

	facts->life = known ? known->now.facts->life : ++server->lives;
	facts->name = text_intern_string(&server->pool, tag);
	facts_set(facts, &server->pool, usb ? FIELD_PRODUCT : FIELD_NAME, tag);
	if (usb) {
		facts_set(facts, &server->pool, FIELD_PATH, id + 4);
		facts_set(facts, &server->pool, FIELD_BUS, "1");
		facts_set(facts, &server->pool, FIELD_DEVICE_NUMBER, "7");
		facts_set(facts, &server->pool, FIELD_VENDOR_ID, "046d");
		facts_set(facts, &server->pool, FIELD_MODEL_ID, "c52b");
		facts_set(facts, &server->pool, FIELD_SERIAL, id + 4); /* no hub, so no port */
	} else {
		facts_set(facts, &server->pool, FIELD_SLOT, id + 4);
		facts_set(facts, &server->pool, FIELD_CLASS, "VGA compatible controller");
		facts_set(facts, &server->pool, FIELD_VENDOR, "Some Manufacturer Corporation");
		facts_set(facts, &server->pool, FIELD_DEVICE, "A device with a rather long name");
		facts_set(facts, &server->pool, FIELD_VENDOR_DEVICE, "10de:1eb8");
		facts_set(facts, &server->pool, FIELD_IOMMU_GROUP, "17");
	}
	return facts;
}

static void fill(struct server *server, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		char id[32];

		snprintf(id, sizeof(id), "pci:%04lx:%02lx:%02lx.%lx", 0x1000 + (i >> 16),
			i >> 8 & 0xff, i >> 3 & 0x1f, i & 7);
		devices_see(&server->devices, make_facts(server, id, "other"));
	}
}

static void run_burst(struct server *server)
{
	const struct vector *devices = &server->devices.inventory.devices;

	for (unsigned i = 0; i < CHANGES_PER_TURN && server->burst > 0; i++) {
		const struct device *device = devices->items[server->burst-- % devices->count];
		struct facts *facts = make_facts(server, device->id->bytes, "burst");
		char driver[32];

		text_replace(&facts->name, text_ref(device->now.facts->name));
		snprintf(driver, sizeof(driver), "driver%lu", server->changes++);
		facts_set(facts, &server->pool, FIELD_DRIVER, driver);
		devices_see(&server->devices, facts);
	}
}

static void set_clock_and_limits(struct server *server, const char *verb, long number)
{
	if (strcmp(verb, "clock") == 0)
		server->clock = now_of(server) + number * CLOCK_SECOND;
	if (strcmp(verb, "subscriber") == 0)
		server->limits.subscriber = (size_t)number;
	service_set_limits(server->service, &server->limits);
}

static void carry_out(struct server *server, const char *line)
{
	char verb[16] = "";
	char id[32] = "";
	char tag[32] = "";

	sscanf(line, "%15s %31s %31s", verb, id, tag);
	if (strcmp(verb, "add") == 0 || strcmp(verb, "change") == 0)
		devices_see(&server->devices, make_facts(server, id, tag));
	else if (strcmp(verb, "remove") == 0)
		devices_lose(&server->devices, id);
	else if (strcmp(verb, "fill") == 0)
		fill(server, strtoul(id, NULL, 10));
	else if (strcmp(verb, "burst") == 0)
		server->burst += strtoul(id, NULL, 10);
	else if (strcmp(verb, "resync") == 0)
		devices_note_resync(&server->devices);
	else if (strcmp(verb, "reload") == 0)
		server->bad_rules = strcmp(id, "bad") == 0;
	else if (strcmp(verb, "turns") != 0)
		set_clock_and_limits(server, verb, strtol(id, NULL, 10));
}

/* Carries out the first line that is there; whether there was one. */
static bool take_line(struct server *server)
{
	char *end = server->line.length > 0 ? memchr(server->line.bytes, '\n', server->line.length)
					    : NULL;

	if (!end)
		return false;
	*end = '\0';
	carry_out(server, server->line.bytes);
	buffer_drop(&server->line, (size_t)(end - server->line.bytes) + 1);
	return true;
}

static void on_input(int descriptor, short what, void *data)
{
	struct server *server = data;
	ssize_t length = read(descriptor, buffer_reserve(&server->line, 4096), 4096);

	(void)what;
	if (length > 0)
		server->line.length += (size_t)length;
	else if (length == 0)
		server->quit = true;
}

static void on_timer(int descriptor, short what, void *data)
{
	(void)descriptor;
	(void)what;
	(void)data;
}

static void publish(struct server *server)
{
	struct delta delta = {0};

	claims_settle(&server->claims, &delta);
	server->seq += delta.changes.count;
	service_publish(server->service, &delta);
	delta_done(&delta);
}

static void reload(struct server *server, struct call *call)
{
	struct rule_errors errors = {0};
	struct vector moves = {0};
	struct ruleset *ruleset;

	if (load(server, server->bad_rules ? bad_rules : new_rules, &errors, &ruleset) != 0) {
		reply_invalid_rules(call, &errors);
		rule_errors_done(&errors);
		return;
	}
	world_put_in_force(&server->claims, ruleset, &moves);
	publish(server);
	reply_reload(call, &moves);
	move_list_done(&moves);
}

/* A disk that is as quick as memory, and on which every process is the one that it was. */
static void carry_out_requests(struct server *server)
{
	int64_t now = now_of(server);
	struct request *request;
	struct batch *batch;
	struct call *call;
	uint64_t connection;

	claims_follow(&server->claims);
	while ((call = service_take_change(server->service, CHANGE_REQUEST))) {
		request = service_read_request(call);
		if (!request)
			continue;
		request->process.pid = request->pid;
		request->client_process.pid = 1;
		claims_request(&server->claims, request, now);
	}
	while (service_take_closed(server->service, &connection))
		ending_connection(&server->claims, connection);
	claims_turn(&server->claims, now);
	while ((batch = operation_take_batch(&server->claims))) {
		batch->outcome = BATCH_COMMITTED;
		operation_finish(&server->claims, batch, now);
		claims_follow(&server->claims);
		claims_turn(&server->claims, now);
	}
}

static void answer_requests(struct server *server)
{
	struct request *request;

	while ((request = answer_take(&server->claims))) {
		reply_request(request);
		request_free(request);
	}
}

static void turn(struct server *server)
{
	struct call *call;
	bool told = take_line(server);

	server->turns++;
	publish(server);
	run_burst(server);
	while ((call = service_take_change(server->service, CHANGE_RELOAD)))
		reload(server, call);
	carry_out_requests(server);
	publish(server);
	answer_requests(server);
	service_serve(server->service, now_of(server));
	if (told) {
		printf("done %lu %lu\n", (unsigned long)server->seq, (unsigned long)server->turns);
		fflush(stdout);
	}
}

static bool is_busy(const struct server *server)
{
	return server->burst > 0 || service_is_busy(server->service) ||
	       service_has_change(server->service, CHANGE_RELOAD) ||
	       (server->line.length > 0 && memchr(server->line.bytes, '\n', server->line.length));
}

static void wait_for_events(struct server *server)
{
	int64_t deadline = service_deadline(server->service);
	int64_t now = now_of(server);
	int64_t due = claims_deadline(&server->claims);
	int64_t wait;
	struct timeval interval;

	if (due < deadline)
		deadline = due;
	wait = deadline > now ? deadline - now : 0;
	interval = (struct timeval){wait / CLOCK_SECOND, wait % CLOCK_SECOND};
	event_del(server->timer);
	if (deadline != CLOCK_NEVER)
		event_add(server->timer, &interval);
	/* EVLOOP_NONBLOCK alone does not return while events keep coming */
	event_base_loop(server->base, EVLOOP_ONCE | (is_busy(server) ? EVLOOP_NONBLOCK : 0));
}

static int start(struct server *server, char **argument)
{
	struct service_options options = {
		.base = server->base,
		.claims = &server->claims,
		.status = &server->status,
		.rights = &server->rights,
		.ring_bytes = strtoul(argument[3], NULL, 10),
		.epoch = "test-epoch",
	};
	struct rlimit files = {strtoul(argument[6], NULL, 10), strtoul(argument[6], NULL, 10)};
	struct listen_place place;
	int descriptor;
	int outcome = listen_open(argument[1], &(gid_t){65534}, &place, &descriptor);

	if (outcome < 0) {
		fprintf(stderr, "listen: %s\n", strerror(-outcome));
		return outcome;
	}
	server->limits = (struct service_limits){256 * 1024, 16 * 1024 * 1024,
		(unsigned)strtoul(argument[4], NULL, 10), (unsigned)strtoul(argument[5], NULL, 10),
		4096 * 1024, strtoul(argument[2], NULL, 10)};
	options.limits = server->limits;
	server->service = service_new(&options);
	setrlimit(RLIMIT_NOFILE, &files);
	return service_listen(server->service, descriptor);
}

static void set_up(struct server *server)
{
	struct rule_errors errors = {0};
	struct ruleset *ruleset;
	struct vector moves = {0};

	server->base = event_base_new();
	server->status = (struct status){
		.version = HOSTDEVD_VERSION, .monitor = "kernel", .started = clock_real()};
	devices_init(&server->devices, &server->pool, &server->status.counters);
	claims_init(&server->claims, &server->devices);
	server->claims.rights = &server->rights;
	if (load(server, rules, &errors, &ruleset) != 0)
		abort();
	world_put_in_force(&server->claims, ruleset, &moves);
	server->devices.rules_reloaded = false; /* seq begins with the first device */
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	server->input =
		event_new(server->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, server);
	server->timer = evtimer_new(server->base, on_timer, server);
	event_add(server->input, NULL);
}

static void tear_down(struct server *server)
{
	service_free(server->service);
	event_free(server->input);
	event_free(server->timer);
	event_base_free(server->base);
	claims_done(&server->claims);
	devices_done(&server->devices);
	text_pool_done(&server->pool);
	buffer_done(&server->line);
}

int main(int argument_count, char **argument)
{
	struct server server = {0};

	if (argument_count != 7)
		return 2;
	set_up(&server);
	if (start(&server, argument) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	while (!server.quit) {
		wait_for_events(&server);
		turn(&server);
	}
	tear_down(&server);
	return 0;
}
