/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a condition says of a device, in the plainest way. Which rule decides is the matcher's to
 * say (matcher.h); a property test holds it to the first one whose conditions all hold by this.
 */
#pragma once

#include "model/facts.h"
#include "rules/rule.h"

/*
 * Whether a condition holds; the kind and state of its rule are not looked at. *ret_limit_hit
 * becomes true when a regex was given up, and is left alone otherwise.
 */
bool evaluate_condition(
	const struct condition *condition, const struct facts *facts, bool *ret_limit_hit);

/* The same for a condition all of whose tests name one field, whose value is given; NULL: absent.
 */
bool evaluate_value(const struct condition *condition, struct text *value, bool *ret_limit_hit);

/* The value that a test reads: a field's or a property's; NULL: absent. */
struct text *evaluate_actual(const struct condition *test, const struct facts *facts);
