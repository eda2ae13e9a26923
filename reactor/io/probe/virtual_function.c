/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual function has of its physical one. The index is read from the PF's virtfnN links
 * and never computed: igb's VFs are two apart, others start on another bus. The PF's own offset and
 * stride only say which link to read first, so that the hundredth VF costs no hundred links.
 */
#include "io/probe/virtual_function.h"

#include "base/error.h"
#include "base/number.h"
#include "model/address.h"
#include "model/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MOST_FUNCTIONS UINT16_MAX

static bool is_virtual(struct folder *pf, uint64_t index, const char *name)
{
	char link[sizeof("virtfn18446744073709551615")];
	char base[ENTRY_SIZE];

	snprintf(link, sizeof(link), "virtfn%llu", (unsigned long long)index);
	return folder_read_link(pf, link, base) && strcmp(base, name) == 0;
}

/* Bus, device and function as one number, in which VFs are a stride apart. */
static uint64_t routing_id(struct address address)
{
	return address_order(address) & 0xffff;
}

static bool guess_index(
	struct folder *pf, struct address physical, struct address own, uint64_t *ret_index)
{
	uint64_t offset;
	uint64_t stride;
	uint64_t first;

	if (!folder_read_number(pf, "sriov_offset", 10, UINT16_MAX, &offset) ||
		!folder_read_number(pf, "sriov_stride", 10, UINT16_MAX, &stride) || stride == 0)
		return false;
	first = routing_id(physical) + offset;
	if (routing_id(own) < first)
		return false;
	*ret_index = (routing_id(own) - first) / stride;
	return true;
}

/* The search for a VF among its PF's links, of which the lowest that leads to it counts. */
struct search {
	struct folder *pf;
	const char *name;
	bool found;
	uint64_t index;
};

static void try_link(const char *entry, void *context)
{
	struct search *search = context;
	size_t prefix = strlen("virtfn");
	uint64_t index;

	if (strncmp(entry, "virtfn", prefix) != 0 ||
		!number_parse(
			entry + prefix, strlen(entry + prefix), 10, MOST_FUNCTIONS - 1, &index) ||
		(search->found && index >= search->index) ||
		!is_virtual(search->pf, index, search->name))
		return;
	search->found = true;
	search->index = index;
}

/*
 * Where the guess is wrong, the links that there are decide; trying each number that
 * sriov_totalvfs allows took 65 ms for a card that says 65535.
 */
static bool find_index(
	struct folder *pf, const char *physical, const char *name, uint64_t *ret_index)
{
	struct search search = {.pf = pf, .name = name};
	struct address addresses[2];
	uint64_t index;

	if (address_parse(physical, &addresses[0]) && address_parse(name, &addresses[1]) &&
		guess_index(pf, addresses[0], addresses[1], &index) &&
		is_virtual(pf, index, name)) {
		*ret_index = index;
		return true;
	}
	folder_walk(pf, ".", try_link, &search);
	if (search.found)
		*ret_index = search.index;
	return search.found;
}

/* The first of all by name, so that the choice does not depend on the order of the folder. */
static void keep_first(const char *entry, void *context)
{
	char *first = context;

	if (first[0] == '\0' || strcmp(entry, first) < 0)
		snprintf(first, ENTRY_SIZE, "%s", entry);
}

struct naming {
	struct folder *pf;
	char *first;
};

/* The interface of a card that is a virtio device hangs on that device. */
static void keep_first_of_virtio(const char *entry, void *context)
{
	struct naming *naming = context;
	char path[ENTRY_SIZE + sizeof("/net")];
	size_t prefix = strlen("virtio");
	uint64_t number;

	if (strncmp(entry, "virtio", prefix) != 0 ||
		!number_parse(entry + prefix, strlen(entry + prefix), 10, UINT32_MAX, &number))
		return;
	snprintf(path, sizeof(path), "%s/net", entry);
	folder_walk(naming->pf, path, keep_first, naming->first);
}

static void set_name(struct facts *facts, struct text_pool *pool, struct folder *pf)
{
	char interface[ENTRY_SIZE] = "";
	struct naming naming = {pf, interface};

	folder_walk(pf, "net", keep_first, interface);
	if (interface[0] == '\0')
		folder_walk(pf, ".", keep_first_of_virtio, &naming);
	if (interface[0] != '\0')
		facts_set(facts, pool, FIELD_PF_NAME, interface);
}

void virtual_function_set(
	struct facts *facts, struct text_pool *pool, struct folder *folder, const char *physical)
{
	char parent[PLACE_ID_SIZE];
	char number[sizeof("18446744073709551615")];
	uint64_t index;
	struct folder pf = {.descriptor = openat(folder->descriptor, "physfn",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	facts_set(facts, pool, FIELD_PHYSICAL_FUNCTION, physical);
	if (place_nearest(physical, strlen(physical), KIND_MASK(KIND_PCI), parent))
		text_replace(&facts->parent, text_intern_string(pool, parent));
	if (pf.descriptor < 0) {
		folder_note(folder, error_from_errno());
		return;
	}
	if (find_index(&pf, physical, strrchr(folder->path, '/') + 1, &index)) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)index);
		facts_set(facts, pool, FIELD_VF_INDEX, number);
	}
	set_name(facts, pool, &pf);
	if (pf.error)
		folder->error = pf.error;
	folder_close(&pf);
}
