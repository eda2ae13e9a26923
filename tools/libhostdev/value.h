/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostdev_value is a jansson value behind another name, so that programs see no JSON library. A
 * struct of our own around each was rejected: it costs an allocation for every look-up.
 */
#pragma once

#include "hostdev.h"

#include <jansson.h>

static inline json_t *value_to_json(const struct hostdev_value *value)
{
	return (json_t *)value;
}

static inline struct hostdev_value *value_from_json(json_t *json)
{
	return (struct hostdev_value *)json;
}
