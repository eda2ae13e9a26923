/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Instance of include/org.hostdevd.varlink as JSON. */
#pragma once

#include "claims/state.h"

/* With `device` as what it holds; NULL: it is missing. The caller owns the text. */
struct text *describe_instance(
	const struct claims *claims, const struct instance *instance, const struct device *device);
