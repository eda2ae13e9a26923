/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is shown of a device: the one place where verdict and hold come together, and the only one
 * that writes a view.
 */
#pragma once

#include "model/instance.h"

/*
 * Derives group, rule, state, reasons and instance of a present device from its verdict and from
 * who holds it. `pool` gets the texts. Whether anything that is shown differs from before.
 */
bool show_device(struct device *device, struct text_pool *pool);
