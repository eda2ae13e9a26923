/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/candidate.h"

#include <stdio.h>
#include <string.h>

bool candidate_prefix(const char *id, char ret_prefix[static CANDIDATE_ID_SIZE])
{
	const char *name;

	if (place_of_id(id, &name) != KIND_PCI)
		return false;
	snprintf(ret_prefix, CANDIDATE_ID_SIZE, "%s:%s/", kind_name(KIND_VGPU), name);
	return true;
}

bool candidate_carrier(const char *id, char ret_id[static PLACE_ID_SIZE])
{
	const char *colon = strchr(id, ':');
	const char *slash = strchr(id, '/');
	const char *name = kind_name(KIND_VGPU);

	if (!colon || !slash || (size_t)(colon - id) != strlen(name) ||
		strncmp(id, name, strlen(name)) != 0)
		return false;
	return place_nearest(colon + 1, (size_t)(slash - colon) - 1, KIND_MASK(KIND_PCI), ret_id);
}
