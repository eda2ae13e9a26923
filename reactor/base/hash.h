/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash of byte strings. Seeded for each table, since device strings come from devices. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A seed that nobody outside can know; `table` tells apart what would else be alike. */
uint64_t hash_seed(const void *table);

uint64_t hash_bytes(uint64_t seed, const char *bytes, size_t length);
