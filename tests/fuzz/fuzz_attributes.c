/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what sysfs says of a device: contents of its attributes and names of its drivers,
 * separated by the byte 1e. They are written to a folder and read from there, become facts and
 * JSON; the JSON must be what a strict reader takes, each value a text form of its type. Two of the
 * pieces are compared as spellings of each type, too.
 */
#include "base/memory.h"
#include "base/utf8.h"
#include "devices/describe.h"
#include "io/probe/probe_pci.h"
#include "io/probe/probe_usb.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATOR 0x1e

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct piece {
	const char *bytes;
	size_t length;
};

static const char *const attributes[] = {"vendor", "device", "class", "subsystem_vendor",
	"subsystem_device", "revision", "numa_node", "sriov_totalvfs", "busnum", "devnum",
	"idVendor", "idProduct", "serial", "manufacturer", "product", "version", "speed"};

static const char *const links[] = {"driver", "iommu_group", "1-2:1.0/driver", "1-2:1.3/driver"};

#define ATTRIBUTES ARRAY_LENGTH(attributes)
#define LINKS	   ARRAY_LENGTH(links)
#define PIECES	   (ATTRIBUTES + LINKS)

static int place;
static int files[ATTRIBUTES];
static struct names *names;
static struct usb_names usb_names = {.read = true}; /* an empty list */
static struct text_pool pool;

static char folder[] = "/dev/shm/hostdevd-fuzz-XXXXXX";

static void remove_place(void)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		unlinkat(place, attributes[i], 0);
	for (size_t i = 0; i < LINKS; i++)
		unlinkat(place, links[i], 0);
	unlinkat(place, "1-2:1.0", AT_REMOVEDIR);
	unlinkat(place, "1-2:1.3", AT_REMOVEDIR);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	if (!mkdtemp(folder))
		abort();
	place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(place, "1-2:1.0", 0700);
	mkdirat(place, "1-2:1.3", 0700);
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		files[i] = openat(place, attributes[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (files[i] < 0)
			abort();
	}
	names = names_new(&pool);
	atexit(remove_place);
	return 0;
}

static struct piece take_piece(struct piece *rest)
{
	const char *end = rest->length ? memchr(rest->bytes, SEPARATOR, rest->length) : NULL;
	struct piece piece = {rest->bytes, end ? (size_t)(end - rest->bytes) : rest->length};
	size_t used = end ? piece.length + 1 : piece.length;

	rest->bytes += used;
	rest->length -= used;
	return piece;
}

/* A link holds no NUL, is not empty, and is at most PATH_MAX long: else there is none. */
static void make_link(const char *name, struct piece piece)
{
	char *target = strndup(piece.bytes, piece.length);

	unlinkat(place, name, 0);
	(void)!symlinkat(target, place, name);
	free(target);
}

static void write_folder(const struct piece pieces[PIECES])
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (ftruncate(files[i], 0) < 0 ||
			pwrite(files[i], pieces[i].bytes, pieces[i].length, 0) < 0)
			abort();
	for (size_t i = 0; i < LINKS; i++)
		make_link(links[i], pieces[ATTRIBUTES + i]);
}

static void check_form(enum field field, const struct text *value)
{
	const struct field_description *description = field_describe(field);
	struct buffer again = {0};
	struct buffer clean = {0};

	if (value_normalise(description->type, description->digits, value->bytes, &again) != 0 ||
		strcmp(buffer_string(&again), value->bytes) != 0)
		abort();
	utf8_clean(&clean, value->bytes, value->length);
	if (strcmp(buffer_string(&clean), value->bytes) != 0)
		abort();
	if (value_compare(description->type, value, value) != 0)
		abort();
	buffer_done(&clean);
	buffer_done(&again);
}

static void check_json(const struct facts *facts)
{
	struct device_view view = {.facts = (struct facts *)facts, .state = STATE_UNMATCHED};
	struct text *json = describe_device(&view);
	json_t *device = json_loadb(json->bytes, json->length, JSON_REJECT_DUPLICATES, NULL);

	if (!device || json_object_size(json_object_get(device, "fields")) != 1)
		abort();
	if (strcmp(json_string_value(json_object_get(device, "name")), facts->name->bytes) != 0)
		abort();
	json_decref(device);
	text_unref(json);
}

static void check_device(enum kind kind)
{
	struct facts *facts = facts_new(text_intern_string(&pool, "x:1"), KIND_MASK(kind));
	struct folder folder = {.descriptor = place};
	bool complete;

	snprintf(folder.path, sizeof(folder.path), "/sys/bus/x/devices/%s",
		kind == KIND_USB ? "1-2" : "0000:01:00.0");
	complete = kind == KIND_USB ? probe_usb(&usb_names, &pool, &folder, NULL, facts)
				    : probe_pci(names, &pool, &folder, NULL, facts);
	if (folder.error)
		abort();
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (facts_value(facts, field))
			check_form(field, facts_value(facts, field));
	if (complete)
		check_json(facts);
	facts_unref(facts);
}

static struct text *normalise(enum value_type type, struct piece piece)
{
	char *spelling = strndup(piece.bytes, piece.length);
	struct buffer form = {0};
	struct text *text = NULL;

	if (value_normalise(type, 6, spelling, &form) == 0)
		text = text_intern(&pool, buffer_string(&form), form.length);
	buffer_done(&form);
	free(spelling);
	return text;
}

/* Equal exactly if the text forms are, and less one way if greater the other. */
static void check_order(enum value_type type, struct piece first, struct piece second)
{
	struct text *left = normalise(type, first);
	struct text *right = normalise(type, second);

	if (left && right) {
		int order = value_compare(type, left, right);
		int turned = value_compare(type, right, left);

		if ((order == 0) != (left == right) || (order < 0) != (turned > 0))
			abort();
	}
	text_unref(left);
	text_unref(right);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct piece rest = {(const char *)bytes, length};
	struct piece pieces[PIECES];

	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = take_piece(&rest);
	write_folder(pieces);
	check_device(KIND_PCI);
	check_device(KIND_USB);
	for (enum value_type type = VALUE_TEXT; type <= VALUE_VERSION; type++)
		check_order(type, pieces[0], pieces[1]);
	return 0;
}
