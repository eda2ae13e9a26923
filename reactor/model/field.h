/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device can be asked for. The table in field.c is the one place that knows a field's
 * name, kind, type and meaning: rules, JSON, `hostdevctl fields` and the manual read it.
 *
 * To add a field: an enumerator here, a row in field.c, a line in the probe that fills it.
 */
#pragma once

#include "model/kind.h"
#include "model/value.h"

#include <stddef.h>

enum field {
	FIELD_NAME,
	FIELD_SLOT,
	FIELD_CLASS,
	FIELD_CLASS_HEX,
	FIELD_DEVICE_TYPE,
	FIELD_VENDOR,
	FIELD_DEVICE,
	FIELD_VENDOR_DEVICE,
	FIELD_DRIVER,
	FIELD_FUNCTION,
	FIELD_SUBSYSTEM_VENDOR_DEVICE,
	FIELD_REVISION,
	FIELD_NUMA_NODE,
	FIELD_IOMMU_GROUP,
	FIELD_PHYSICAL_FUNCTION,
	FIELD_VF_INDEX,
	FIELD_PF_NAME,
	FIELD_PHYSICAL_SLOT,
	FIELD_VIRTUAL_FUNCTION,
	FIELD_TYPE_ID,
	FIELD_BUS,
	FIELD_DEVICE_NUMBER,
	FIELD_PATH,
	FIELD_VENDOR_ID,
	FIELD_MODEL_ID,
	FIELD_SERIAL,
	FIELD_USB_VERSION,
	FIELD_SPEED,
	FIELD_INTERFACE_DRIVERS,
	FIELD_MANUFACTURER,
	FIELD_PRODUCT,
	FIELD_COUNT,
};

struct field_description {
	const char *name;
	unsigned kinds; /* KIND_MASK of each kind that has it */
	enum value_type type;
	unsigned digits;    /* of a VALUE_HEX: width of the text form */
	const char *source; /* where the value comes from, for the manual */
	const char *meaning;
};

/* The row of `field`. */
const struct field_description *field_describe(enum field field);

struct field_range {
	enum field first;
	unsigned count;
};

/*
 * Where the fields of `kinds` (KIND_MASK of each) lie, and those of kinds that are found in the
 * same folders, which such a device may turn out to be; all fields if nothing is known. Fields
 * stand together by kind, so that ranges are short; what else lies between is in them too.
 */
struct field_range field_range(unsigned kinds);

/*
 * Where the value begins in a spelling of it: a vGPU's type_id may be spelled as the folder of an
 * mdev type is named, nvidia-558.
 */
const char *field_skip_prefix(enum field field, const char *spelling);

/* The field that `kind` calls `name`; FIELD_COUNT if there is none. */
enum field field_find(enum kind kind, const char *name);
