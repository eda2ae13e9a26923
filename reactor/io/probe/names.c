/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libpci as a dictionary. It is never initialised for access to devices (pci_init): that may call
 * its error handler where there is no PCI at all, and its default handler exits the process. The
 * handler must not return, so ours jumps out; libpci gives it no argument, hence the one static
 * pointer below, which says whose call is running.
 *
 * Names are kept by id, so that a burst of a hundred VFs of one model asks once. The bound holds
 * off a device that comes back with ever new ids: at the bound all are forgotten.
 */
#include "io/probe/names.h"

#include "base/map.h"
#include "base/memory.h"
#include "model/facts.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define MOST_KNOWN 4096
#define NAME_SIZE  128 /* lspci's own: longer names end in dots there, and so here */

struct known_name {
	struct text *name;
	char key[sizeof("device 0123:4567")];
};

struct names {
	struct text_pool *pool;
	struct pci_access *access;
	struct map known; /* of struct known_name */
	jmp_buf escape;	  /* while `running` is this */
};

static _Thread_local struct names *running;

__attribute__((noreturn, format(printf, 1, 2))) static void take_error(char *message, ...)
{
	(void)message;
	longjmp(running->escape, 1);
}

__attribute__((format(printf, 1, 2))) static void ignore_message(char *message, ...)
{
	(void)message;
}

/* `list` NULL: the pci.ids that libpci was built for. */
static void open_access(struct names *names, char *list)
{
	names->access = pci_alloc();
	names->access->error = take_error;
	names->access->warning = ignore_message;
	names->access->debug = ignore_message;
	names->access->id_lookup_mode = 0; /* neither DNS nor a cache of its answers */
	if (list)
		pci_set_name_list_path(names->access, list, 0);
}

/* After an error nothing in the access can be relied on: a new one, without a list. */
static void reopen_access(struct names *names)
{
	static char no_list[] = "/dev/null";

	pci_cleanup(names->access);
	open_access(names, no_list);
}

struct names *names_new(struct text_pool *pool)
{
	struct names *names = memory_allocate(sizeof(*names));

	names->pool = pool;
	open_access(names, NULL);
	running = names;
	if (setjmp(names->escape) == 0)
		pci_load_name_list(names->access);
	else
		reopen_access(names);
	running = NULL;
	return names;
}

static void forget_all(struct names *names)
{
	struct known_name *known;
	size_t cursor = 0;

	while ((known = map_next(&names->known, &cursor))) {
		text_unref(known->name);
		free(known);
	}
	map_done(&names->known);
}

struct names *names_free(struct names *names)
{
	if (!names)
		return NULL;
	forget_all(names);
	pci_cleanup(names->access);
	free(names);
	return NULL;
}

/* What libpci says; NULL: it had an error. */
static char *ask(struct names *names, char buffer[NAME_SIZE], int what, unsigned ids[2])
{
	char *volatile name = NULL;

	running = names;
	if (setjmp(names->escape) == 0)
		name = pci_lookup_name(names->access, buffer, NAME_SIZE, what, ids[0], ids[1]);
	else
		reopen_access(names);
	running = NULL;
	return name;
}

static struct text *look_up(struct names *names, const char *key, int what, unsigned ids[2])
{
	struct known_name *known = map_find(&names->known, key, strlen(key));
	char buffer[NAME_SIZE];
	char *name;

	if (known)
		return known->name;
	if (names->known.count >= MOST_KNOWN)
		forget_all(names);
	name = ask(names, buffer, what, ids);
	known = memory_allocate(sizeof(*known));
	known->name = facts_clean_text(names->pool, name ? name : "");
	strcpy(known->key, key);
	map_add(&names->known, known->key, strlen(known->key), known);
	return known->name;
}

struct text *names_vendor(struct names *names, unsigned vendor)
{
	unsigned ids[2] = {vendor & 0xffff, 0};
	char key[sizeof(((struct known_name *)NULL)->key)];

	snprintf(key, sizeof(key), "vendor %04x", ids[0]);
	return look_up(names, key, PCI_LOOKUP_VENDOR, ids);
}

struct text *names_device(struct names *names, unsigned vendor, unsigned device)
{
	unsigned ids[2] = {vendor & 0xffff, device & 0xffff};
	char key[sizeof(((struct known_name *)NULL)->key)];

	snprintf(key, sizeof(key), "device %04x:%04x", ids[0], ids[1]);
	return look_up(names, key, PCI_LOOKUP_DEVICE, ids);
}

struct text *names_class(struct names *names, unsigned class)
{
	unsigned ids[2] = {class & 0xffff, 0};
	char key[sizeof(((struct known_name *)NULL)->key)];

	snprintf(key, sizeof(key), "class %04x", ids[0]);
	return look_up(names, key, PCI_LOOKUP_CLASS, ids);
}
