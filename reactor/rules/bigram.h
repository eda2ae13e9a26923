/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pairs of neighbouring bytes. A text without all those that a condition requires cannot satisfy
 * it, and seeing that takes one instruction.
 */
#pragma once

#include "rules/condition.h"

/* The pairs of a text, each as one of 64 bits. */
uint64_t bigram_set(const char *bytes, size_t length);

/* Pairs that are in every value for which the condition holds. */
uint64_t bigram_required(const struct condition *condition);
