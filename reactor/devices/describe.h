/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of Device, Rule, RuleError and Finding, as include/org.hostdevd.varlink has them. */
#pragma once

#include "devices/devices.h"
#include "rules/load.h"

/* A Device as its view says it is; the view must have facts. */
struct text *describe_device(const struct device_view *view);

/* Only `id` and `state`, for events that do not carry the whole. */
struct text *describe_device_short(const struct text *id, enum device_state state);
void describe_write_short(struct writer *json, const struct text *id, enum device_state state);

/* Appends one text for each rule, by number. */
void describe_rules(const struct devices *devices, struct vector *ret_texts);

/* Write an array each. */
void describe_rule_errors(struct writer *json, const struct rule_errors *errors);
void describe_findings(struct writer *json, const struct ruleset *ruleset);
