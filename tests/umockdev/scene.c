/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include <stdio.h>
#include <string.h>

void scene_check(struct scene *scene, bool good, const char *what)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++scene->count, what);
	scene->failed += !good;
}

void scene_check_text(struct scene *scene, const char *got, const char *want, const char *what)
{
	scene_check(scene, strcmp(got, want) == 0, what);
	if (strcmp(got, want) != 0)
		printf("# got '%s', want '%s'\n", got, want);
}

void scene_add(struct scene *scene, const char *recording)
{
	GError *error = NULL;

	if (!umockdev_testbed_add_from_string(scene->testbed, recording, &error)) {
		printf("Bail out! %s\n", error->message);
		exit(1);
	}
}

static void add_devices(struct scene *scene)
{
	scene_add(scene, "P: /devices/pci0000:00/0000:00:03.0\nE: SUBSYSTEM=pci\n"
			 "A: vendor=0x1b36\\n\nA: device=0x000c\\n\nA: class=0x060400\\n\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:03.0/0000:01:00.0\nE: SUBSYSTEM=pci\n"
			 "E: ID_MODEL=a card\nA: vendor=0x8086\\n\nA: device=0x10c9\\n\n"
			 "A: class=0x020000\\n\nA: sriov_totalvfs=7\\n\nA: sriov_offset=128\\n\n"
			 "A: sriov_stride=2\\n\nL: virtfn1=../0000:01:10.2\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:03.0/0000:01:10.2\nE: SUBSYSTEM=pci\n"
			 "A: vendor=0x8086\\n\nA: device=0x10ca\\n\nA: class=0x020000\\n\n"
			 "L: physfn=../0000:01:00.0\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:03.0/0000:01:00.0/net/eth0\n"
			 "E: SUBSYSTEM=net\nE: INTERFACE=eth0\nA: address=00\\n\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:05.0\nE: SUBSYSTEM=pci\n"
			 "A: vendor=0x1b36\\n\nA: device=0x000d\\n\nA: class=0x0c0330\\n\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:05.0/usb1\nE: SUBSYSTEM=usb\n"
			 "E: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=1\\n\n"
			 "A: idVendor=1d6b\\n\nA: idProduct=0002\\n\n");
	scene_add(scene, "P: /devices/pci0000:00/0000:00:05.0/usb1/1-2\nE: SUBSYSTEM=usb\n"
			 "E: DEVTYPE=usb_device\nE: ID_MODEL=stick\nE: ID_SERIAL=S\x01-1\n"
			 "A: busnum=1\\n\nA: devnum=7\\n\nA: idVendor=46f4\\n\n"
			 "A: idProduct=0001\\n\nA: bConfigurationValue=1\\n\n"
			 "A: serial=S-1\\n\n");
	scene_add(scene,
		"P: /devices/pci0000:00/0000:00:05.0/usb1/1-2/1-2:1.0\nE: SUBSYSTEM=usb\n"
		"E: DEVTYPE=usb_interface\nL: driver=../../../../../bus/usb/drivers/usb-storage\n");
	scene_add(scene, "P: /devices/virtual/net/veth0\nE: SUBSYSTEM=net\nE: INTERFACE=veth0\n"
			 "A: address=00\\n\n");
}

void scene_open(struct scene *scene)
{
	setlinebuf(stdout);
	*scene = (struct scene){.testbed = umockdev_testbed_new()};
	looking_init(&scene->looks, &scene->pool);
	add_devices(scene);
}

void scene_take_looks(struct scene *scene, char line[static 512])
{
	struct look *look;
	size_t at = 0;

	line[0] = '\0';
	while ((look = looking_take(&scene->looks))) {
		at += (size_t)snprintf(
			line + at, 512 - at, "%s%s", at ? " " : "", look->id->bytes + 4);
		if (look->properties_state == LOOK_PROPERTIES_BROUGHT)
			at += (size_t)snprintf(line + at, 512 - at, "[");
		for (size_t i = 0; i < look->properties.count; i++)
			at += (size_t)snprintf(line + at, 512 - at, "%s%s=%s", i ? "," : "",
				look->properties.items[i].key->bytes,
				look->properties.items[i].value->bytes);
		if (look->properties_state == LOOK_PROPERTIES_BROUGHT)
			at += (size_t)snprintf(line + at, 512 - at, "]");
		look_free(look);
	}
}

int scene_close(struct scene *scene)
{
	looking_done(&scene->looks);
	scene_check(scene, scene->pool.texts.count == 0, "every text was given back");
	text_pool_done(&scene->pool);
	g_object_unref(scene->testbed);
	printf("1..%u\n", scene->count);
	return scene->failed ? 1 : 0;
}
