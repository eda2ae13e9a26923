/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

uint64_t hash_seed(const void *table)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uintptr_t)table; /* early boot: layout randomisation must do */
	return seed;
}

/* Both halves of the product: the lower alone lets high bits of two words cancel for any seed. */
static uint64_t mix(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(uint64_t seed, const char *bytes, size_t length)
{
	uint64_t hash = seed ^ length;

	while (length > 0) {
		size_t part = length < sizeof(uint64_t) ? length : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, bytes, part);
		hash = mix(hash ^ word, 0x9e3779b97f4a7c15u);
		bytes += part;
		length -= part;
	}
	return mix(hash, 0xd6e8feb86659fd93u);
}
