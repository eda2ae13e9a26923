/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device is not given away. To add a reason: a row here, and its rule in devices/show.c. */
#pragma once

/* clang-format off */
/* enumerator, word in JSON and in `unsafe`; those that a group may override come first */
#define REASON_LIST(ROW) \
	ROW(REASON_HOST_MOUNTED,      "host-mounted") \
	ROW(REASON_HOST_SWAP,         "host-swap") \
	ROW(REASON_HOST_STORAGE,      "host-storage") \
	ROW(REASON_HOST_NETWORK,      "host-network") \
	ROW(REASON_HOST_CONSOLE,      "host-console") \
	ROW(REASON_IOMMU_NEIGHBOUR,   "iommu-neighbour") \
	ROW(REASON_IDENTITY_CONFLICT, "identity-conflict")
/* clang-format on */

#define REASON_ENUMERATOR(reason, ...) reason,
enum reason {
	REASON_LIST(REASON_ENUMERATOR) REASON_COUNT,
};
#undef REASON_ENUMERATOR

/* How many of the first ones `unsafe` may name. */
#define REASON_OVERRIDABLE REASON_IDENTITY_CONFLICT

/* The words, in the order of the enumerators. */
extern const char *const reason_names[REASON_COUNT];
