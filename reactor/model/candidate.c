/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/candidate.h"

#include <stdio.h>
#include <string.h>

bool candidate_prefix(const char *id, char ret_prefix[static CANDIDATE_ID_SIZE])
{
	const char *name;

	if (place_of_id(id, &name) != kind_describe(KIND_VGPU)->carrier)
		return false;
	snprintf(ret_prefix, CANDIDATE_ID_SIZE, "%s%s/", kind_describe(KIND_VGPU)->prefix, name);
	return true;
}

bool candidate_carrier(const char *id, char ret_id[static PLACE_ID_SIZE])
{
	const char *name = kind_skip_prefix(KIND_VGPU, id);
	const char *slash = name ? strchr(name, '/') : NULL;
	enum kind carrier = kind_describe(KIND_VGPU)->carrier;

	return slash && place_nearest(name, (size_t)(slash - name), KIND_MASK(carrier), ret_id);
}
