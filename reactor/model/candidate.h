/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ids of vGPU candidates: vgpu:0000:41:00.4/558, and where one function makes several of a type
 * vgpu:0000:3b:00.0/230.1, .2, ... A candidate has no folder of its own in sysfs: it is found by a
 * look at the function that carries it.
 */
#pragma once

#include "model/place.h"

/* Longest id with its NUL. */
#define CANDIDATE_ID_SIZE (PLACE_NAME_SIZE + sizeof("vgpu:/4294967295.4294967295"))

/*
 * What the ids of all candidates that the function `id` carries begin with. They stand together in
 * the order of ids. False: no PCI function has this id.
 */
bool candidate_prefix(const char *id, char ret_prefix[static CANDIDATE_ID_SIZE]);

/* The id of the function that carries the candidate `id`; false: it is no candidate's. */
bool candidate_carrier(const char *id, char ret_id[static PLACE_ID_SIZE]);
