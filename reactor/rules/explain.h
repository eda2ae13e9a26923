/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device is where it is: the evaluator's own answers, written down as JSON. */
#pragma once

#include "base/writer.h"
#include "rules/ruleset.h"

/*
 * Writes an array of Verdict (org.hostdevd.varlink) into `json`: every rule of the device's kinds,
 * in order, with every condition, its expected and actual value and whether it holds.
 */
void explain_write(struct writer *json, const struct ruleset *ruleset, const struct facts *facts);
