/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/probe/probe.h"

#include "base/memory.h"
#include "io/probe/probe_pci.h"
#include "io/probe/probe_usb.h"
#include "io/probe/vgpu.h"
#include "model/place.h"

#include <string.h>

struct probe {
	struct text_pool *pool;
	struct names *names;
	struct usb_names usb_names;
};

/* One more outcome of a look at an open folder: another device has its place, look again. */
enum {
	LOOK_REPLACED = LOOK_UNSETTLED + 1,
};

struct probe *probe_new(struct text_pool *pool)
{
	struct probe *probe = memory_allocate(sizeof(*probe));

	probe->pool = pool;
	probe->names = names_new(pool);
	return probe;
}

struct probe *probe_free(struct probe *probe)
{
	if (!probe)
		return NULL;
	names_free(probe->names);
	usb_names_done(&probe->usb_names);
	free(probe);
	return NULL;
}

/* The nearest device above in the real path; a VF has its PF already. */
static void set_parent(struct facts *facts, struct text_pool *pool, struct folder *folder,
	const struct facts *known)
{
	char target[PATH_MAX];
	const char *slash = NULL;
	char parent[PLACE_ID_SIZE];

	if (facts->parent)
		return;
	if (known && !facts_value(known, FIELD_PHYSICAL_FUNCTION)) {
		facts->parent = text_ref(known->parent);
		return;
	}
	if (folder_read_target(folder, target))
		slash = strrchr(target, '/');
	if (slash && place_nearest(target, (size_t)(slash - target), KIND_ALL, parent))
		facts->parent = text_intern_string(pool, parent);
}

static bool set_pci(
	struct probe *probe, struct folder *folder, const struct facts *known, struct facts *facts)
{
	return probe_pci(probe->names, probe->pool, folder, known, facts);
}

static bool set_usb(
	struct probe *probe, struct folder *folder, const struct facts *known, struct facts *facts)
{
	return probe_usb(&probe->usb_names, probe->pool, folder, known, facts);
}

/* Kinds without folders are seen with the one that carries them. */
static const struct {
	/* false: it lacks what every device has */
	bool (*set_fields)(struct probe *probe, struct folder *folder, const struct facts *known,
		struct facts *facts);
	/* NULL: it carries no others */
	void (*add_carried)(struct vector *found, struct text_pool *pool, struct folder *folder);
} readers[KIND_COUNT] = {
	[KIND_PCI] = {set_pci, vgpu_add_candidates},
	[KIND_USB] = {set_usb, NULL},
};

/*
 * What came of reading the folder, judged by what is there afterwards. Of a device that goes the
 * kernel removes `uevent` first, then one attribute after the other, then the folder: while
 * `uevent` is there, none of the others has been missing for that.
 */
static int judge(struct folder *folder, bool complete)
{
	switch (folder_check(folder)) {
	case FOLDER_VANISHED:
		return LOOK_GONE;
	case FOLDER_REPLACED:
		return LOOK_REPLACED;
	case FOLDER_SAME:
		break;
	}
	if (folder->error)
		return folder->error;
	if (!complete || !folder_has(folder, "uevent"))
		return LOOK_INCOMPLETE;
	return folder->unsettled ? LOOK_UNSETTLED : 0;
}

/* Adds all that is found to the vector whose first facts are those of the place itself. */
static int look_once(struct probe *probe, enum kind kind, const char *name,
	const struct facts *known, struct vector *found)
{
	struct facts *facts = found->items[0];
	struct folder folder;
	bool complete;
	int result = folder_open(kind, name, &folder);

	if (result == FOLDER_GONE)
		return LOOK_GONE;
	if (result != 0)
		return result < 0 ? result : LOOK_INCOMPLETE;
	facts->life = folder.life;
	if (known && known->life != folder.life)
		known = NULL;
	complete = readers[kind].set_fields(probe, &folder, known, facts);
	set_parent(facts, probe->pool, &folder, known);
	if (readers[kind].add_carried && complete)
		readers[kind].add_carried(found, probe->pool, &folder);
	result = judge(&folder, complete);
	folder_close(&folder);
	return result;
}

int probe_look(struct probe *probe, const struct text *id, const struct facts *known,
	struct vector *ret_found)
{
	const char *name;
	enum kind kind = place_of_id(id->bytes, &name);
	int result = LOOK_REPLACED;

	if (kind == KIND_COUNT)
		return LOOK_GONE;
	for (unsigned attempt = 0; attempt < 2 && result == LOOK_REPLACED; attempt++) {
		struct text *own = text_intern(probe->pool, id->bytes, id->length);

		vector_add(ret_found, facts_new(own, KIND_MASK(kind)));
		result = look_once(probe, kind, name, known, ret_found);
		if (result != 0 && result != LOOK_UNSETTLED)
			facts_list_done(ret_found);
	}
	return result == LOOK_REPLACED ? LOOK_INCOMPLETE : result;
}
