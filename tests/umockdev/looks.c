/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe on a mocked machine that changes under its hands: between two looks, and between two
 * reads of one look.
 */
#include "io/probe/probe.h"
#include "scene.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What happens right before the attribute `product` is opened, to the folders in mishap_paths. */
enum mishap {
	MISHAP_EXCHANGE,
	MISHAP_REMOVE,
};

static enum mishap mishap_next;
static unsigned mishap_times;
static char mishap_paths[2][PATH_MAX];

/* What cannot be opened for want of descriptors; NULL: nothing. */
static const char *refused_name;

struct looker {
	struct scene scene;
	struct probe *probe;
};

static void let_it_happen(void)
{
	char elsewhere[PATH_MAX];

	mishap_times--;
	switch (mishap_next) {
	case MISHAP_EXCHANGE:
		renameat2(AT_FDCWD, mishap_paths[0], AT_FDCWD, mishap_paths[1], RENAME_EXCHANGE);
		break;
	case MISHAP_REMOVE:
		snprintf(elsewhere, sizeof(elsewhere), "%.4000s-removed", mishap_paths[0]);
		rename(mishap_paths[0], elsewhere);
		break;
	}
}

static bool is_refused(const char *name)
{
	if (!refused_name || strcmp(name, refused_name) != 0)
		return false;
	errno = EMFILE;
	return true;
}

/* These two stand before umockdev's, which stand before the C library's: libreactor calls them. */
int open(const char *path, int flags, ...)
{
	void *symbol = dlsym(RTLD_NEXT, "open");
	int (*next)(const char *, int, ...);
	va_list arguments;
	mode_t mode = 0;

	memcpy(&next, &symbol, sizeof(next));
	if (is_refused(path))
		return -1;
	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return next(path, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
	void *symbol = dlsym(RTLD_NEXT, "openat");
	int (*next)(int, const char *, int, ...);
	va_list arguments;
	mode_t mode = 0;

	memcpy(&next, &symbol, sizeof(next));
	if (is_refused(name))
		return -1;
	if (mishap_times > 0 && strcmp(name, "product") == 0)
		let_it_happen();
	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return next(folder, name, flags, mode);
}

static int look(struct looker *looker, const char *id, struct facts **ret_facts)
{
	struct text *text = text_new(id, strlen(id));
	struct vector found = {0};
	int result = probe_look(looker->probe, text, NULL, &found);

	if (result == 0)
		*ret_facts = facts_ref(found.items[0]);
	facts_list_done(&found);
	text_unref(text);
	return result;
}

/* One field of a device, looked at now: the text, "absent", or the result of a look that failed. */
static void check_field(
	struct looker *looker, const char *id, enum field field, const char *want, const char *what)
{
	struct facts *facts = NULL;
	int result = look(looker, id, &facts);
	char got[512];

	if (result != 0)
		snprintf(got, sizeof(got), "%d", result);
	else
		snprintf(got, sizeof(got), "%s",
			facts_value(facts, field) ? facts_value(facts, field)->bytes : "absent");
	scene_check_text(&looker->scene, got, want, what);
	facts_unref(facts);
}

static void check_walk(struct looker *looker)
{
	char line[512];

	scene_check(&looker->scene,
		probe_walk(&looker->scene.looks) == 0 && looker->scene.looks.by_id.count == 6,
		"a walk finds every device and no interface");
	scene_take_looks(&looker->scene, line);
	scene_check(&looker->scene,
		strstr(line, "0000:01:10.2") && strstr(line, "usb1") && strstr(line, "1-2"),
		"functions, VFs, root hubs, USB devices");
}

static void check_looks(struct looker *looker)
{
	struct facts *facts[2] = {NULL, NULL};

	check_field(looker, "pci:0000:01:10.2", FIELD_VF_INDEX, "1", "index of a VF");
	check_field(looker, "pci:0000:01:10.2", FIELD_PF_NAME, "eth0", "interface of its PF");
	check_field(looker, "usb:1-2", FIELD_INTERFACE_DRIVERS, "usb-storage", "interface drivers");
	scene_check(&looker->scene,
		look(looker, "usb:1-2", &facts[0]) == 0 &&
			look(looker, "usb:1-2", &facts[1]) == 0 && facts_equal(facts[0], facts[1]),
		"two looks at the same are equal");
	facts_unref(facts[0]);
	facts_unref(facts[1]);
}

static void check_hostile_attributes(struct looker *looker)
{
	char page[4096 + 1];

	memset(page, 'y', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	umockdev_testbed_set_attribute(looker->scene.testbed, STICK, "product", page);
	umockdev_testbed_set_attribute_binary(
		looker->scene.testbed, STICK, "serial", (guint8 *)"a\0b\xff\n", 5);
	umockdev_testbed_set_attribute_link(
		looker->scene.testbed, STICK, "manufacturer", "manufacturer");
	check_field(looker, "usb:1-2", FIELD_SERIAL,
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd",
		"NUL and bytes that are not UTF-8");
	check_field(looker, "usb:1-2", FIELD_MANUFACTURER, "absent", "an endless link");
	page[511] = '\0';
	check_field(looker, "usb:1-2", FIELD_PRODUCT, page, "a page of text");
	umockdev_testbed_set_attribute(looker->scene.testbed, STICK, "busnum", "one\n");
	check_field(looker, "usb:1-2", FIELD_BUS, "2", "a bus that is no number: incomplete");
	umockdev_testbed_set_attribute(looker->scene.testbed, STICK, "busnum", "1\n");
	check_field(looker, "usb:1-2", FIELD_BUS, "1", "complete again");
}

/* umockdev cannot delete an attribute, so it is done behind its back. */
static bool delete_attribute(struct looker *looker, const char *path)
{
	char *root = umockdev_testbed_get_root_dir(looker->scene.testbed);
	char *real = g_strconcat(root, path, NULL);
	bool deleted = unlink(real) == 0;

	g_free(real);
	g_free(root);
	return deleted;
}

static void check_vanishing(struct looker *looker)
{
	struct facts *before = NULL;
	struct facts *after = NULL;

	scene_check(&looker->scene, delete_attribute(looker, VF "/vendor"), "vendor is deleted");
	check_field(
		looker, "pci:0000:01:10.2", FIELD_SLOT, "2", "a function without it: incomplete");
	check_field(
		looker, "pci:0000:01:00.0", FIELD_SLOT, "0000:01:00.0", "others are not touched");
	umockdev_testbed_remove_device(looker->scene.testbed, VF);
	check_field(
		looker, "pci:0000:01:10.2", FIELD_SLOT, "1", "a function that was removed: gone");
	check_field(looker, "pci:../0000:01:10.2", FIELD_SLOT, "1", "an id that is no place: gone");
	scene_check(&looker->scene, look(looker, "usb:1-2", &before) == 0,
		"a USB device before its replug");
	umockdev_testbed_remove_device(looker->scene.testbed, STICK);
	check_field(looker, "usb:1-2", FIELD_PATH, "1", "while it is unplugged: gone");
	scene_add(&looker->scene,
		"P: /devices/pci0000:00/0000:00:05.0/usb1/1-2\nE: SUBSYSTEM=usb\n"
		"E: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=8\\n\nA: idVendor=46f4\\n\n"
		"A: idProduct=0001\\n\n");
	scene_check(&looker->scene,
		look(looker, "usb:1-2", &after) == 0 && before->life != after->life,
		"after it: another life");
	facts_unref(before);
	facts_unref(after);
}

static void add_exchanged(struct looker *looker)
{
	scene_add(&looker->scene, "P: /devices/pci0000:00/0000:00:05.0/usb1/1-4\nE: SUBSYSTEM=usb\n"
				  "E: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=41\\n\n"
				  "A: idVendor=0041\\n\nA: idProduct=0041\\n\nA: serial=41\\n\n"
				  "A: product=41\\n\n");
	scene_add(&looker->scene, "P: /devices/pci0000:00/0000:00:05.0/usb1/1-5\nE: SUBSYSTEM=usb\n"
				  "E: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=51\\n\n"
				  "A: idVendor=0051\\n\nA: idProduct=0051\\n\nA: serial=51\\n\n"
				  "A: product=51\\n\n");
}

/* All of its fields say which device it is: the two differ in each. */
static bool is_all(const struct facts *facts, const char *number)
{
	return text_is(facts_value(facts, FIELD_DEVICE_NUMBER), number) &&
	       text_is(facts_value(facts, FIELD_SERIAL), number) &&
	       text_is(facts_value(facts, FIELD_PRODUCT), number) &&
	       strncmp(facts_value(facts, FIELD_VENDOR_ID)->bytes + 2, number, 2) == 0;
}

/* A look at usb:1-4 in which other events come between its reads. */
static int look_while(
	struct looker *looker, enum mishap mishap, unsigned times, struct facts **ret_facts)
{
	int result;

	mishap_next = mishap;
	mishap_times = times;
	result = look(looker, "usb:1-4", ret_facts);
	mishap_times = 0;
	return result;
}

static void check_mishaps(struct looker *looker)
{
	char *root = umockdev_testbed_get_root_dir(looker->scene.testbed);
	struct facts *facts = NULL;
	uint64_t life;

	snprintf(mishap_paths[0], PATH_MAX, "%s%s", root, HUB "/1-4");
	snprintf(mishap_paths[1], PATH_MAX, "%s%s", root, HUB "/1-5");
	scene_check(&looker->scene, look(looker, "usb:1-4", &facts) == 0 && is_all(facts, "41"),
		"a device");
	life = facts->life;
	facts = facts_unref(facts);
	scene_check(&looker->scene,
		look_while(looker, MISHAP_EXCHANGE, 1, &facts) == 0 && is_all(facts, "51") &&
			facts->life != life,
		"another takes its place while it is read: all is of the other");
	facts = facts_unref(facts);
	scene_check(&looker->scene,
		look_while(looker, MISHAP_EXCHANGE, 2, &facts) == LOOK_INCOMPLETE && !facts,
		"and again: incomplete");
	scene_check(&looker->scene,
		look_while(looker, MISHAP_REMOVE, 1, &facts) == LOOK_GONE && !facts,
		"it vanishes while it is read: gone");
	g_free(root);
}

/* What a damaged folder or somebody's experiment may leave where a device should be. */
static void check_no_folder(struct looker *looker)
{
	char *root = umockdev_testbed_get_root_dir(looker->scene.testbed);
	char *loop = g_strconcat(root, "/sys/bus/usb/devices/1-7", NULL);
	char *file = g_strconcat(root, "/sys/bus/usb/devices/1-8", NULL);

	scene_check(&looker->scene,
		symlink("1-7", loop) == 0 && mknod(file, S_IFREG | 0644, 0) == 0,
		"an endless link and a file for devices");
	check_field(looker, "usb:1-7", FIELD_PATH, "2", "the link: incomplete");
	check_field(looker, "usb:1-8", FIELD_PATH, "2", "the file: incomplete");
	g_free(file);
	g_free(loop);
	g_free(root);
}

/*
 * Want of descriptors, at the folder or at its attributes, must not look like a change. It is
 * played, since umockdev has a thread that ends the process when it is real.
 */
static void check_no_descriptors(struct looker *looker)
{
	static const char *const names[] = {"/sys/bus/usb/devices/1-2", "busnum"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct facts *facts = NULL;

		refused_name = names[i];
		scene_check(&looker->scene, look(looker, "usb:1-2", &facts) == -EMFILE && !facts,
			"no descriptor, for the folder or an attribute: an error");
		refused_name = NULL;
	}
	check_field(looker, "usb:1-2", FIELD_BUS, "1", "descriptors again: a device again");
}

/* The slot of a VF's card is read in other folders: want of descriptors for those is one too. */
static void check_no_descriptors_for_the_slot(struct looker *looker)
{
	static const char *const names[] = {"/sys/bus/pci/slots", ".", "3/address"};
	char *root = umockdev_testbed_get_root_dir(looker->scene.testbed);
	char *slot = g_strconcat(root, "/sys/bus/pci/slots/3", NULL);
	char *address = g_strconcat(slot, "/address", NULL);

	scene_check(&looker->scene,
		g_mkdir_with_parents(slot, 0755) == 0 &&
			g_file_set_contents(address, "0000:01:00\n", -1, NULL),
		"a chassis slot");
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct facts *facts = NULL;

		refused_name = names[i];
		scene_check(&looker->scene,
			look(looker, "pci:0000:01:10.2", &facts) == -EMFILE && !facts,
			"no descriptor for it: an error");
		refused_name = NULL;
	}
	check_field(looker, "pci:0000:01:10.2", FIELD_PHYSICAL_SLOT, "3", "the slot of a VF");
	g_free(address);
	g_free(slot);
	g_free(root);
}

int main(void)
{
	struct looker looker = {0};

	scene_open(&looker.scene);
	looker.probe = probe_new(&looker.scene.pool);
	check_walk(&looker);
	check_looks(&looker);
	check_no_descriptors(&looker);
	check_no_descriptors_for_the_slot(&looker);
	check_hostile_attributes(&looker);
	check_vanishing(&looker);
	check_no_folder(&looker);
	add_exchanged(&looker);
	check_mishaps(&looker);
	probe_free(looker.probe);
	return scene_close(&looker.scene);
}
