/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/value.h"

#include "base/number.h"
#include "model/address.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* One unit of a number: six decimal places reach from 1.5 Mbit/s to 9 * 10^12. */
#define NUMBER_UNIT 1000000

struct spelling {
	const char *bytes;
	size_t length;
};

static struct spelling trim(const char *string)
{
	struct spelling trimmed = {string, strlen(string)};

	while (trimmed.length > 0 && isspace((unsigned char)trimmed.bytes[0])) {
		trimmed.bytes++;
		trimmed.length--;
	}
	while (trimmed.length > 0 && isspace((unsigned char)trimmed.bytes[trimmed.length - 1]))
		trimmed.length--;
	return trimmed;
}

static bool parse_hex(struct spelling hex, uint64_t most, uint64_t *ret_number)
{
	if (hex.length > 2 && hex.bytes[0] == '0' && (hex.bytes[1] | 0x20) == 'x') {
		hex.bytes += 2;
		hex.length -= 2;
	}
	return number_parse(hex.bytes, hex.length, 16, most, ret_number);
}

static bool parse_number(struct spelling number, int64_t *ret_scaled)
{
	bool negative = number.length > 0 && number.bytes[0] == '-';
	const char *dot;
	uint64_t whole;
	uint64_t fraction = 0;

	if (negative) {
		number.bytes++;
		number.length--;
	}
	dot = memchr(number.bytes, '.', number.length);
	if (dot) {
		size_t places = number.length - (size_t)(dot - number.bytes) - 1;

		if (places > 6 || !number_parse(dot + 1, places, 10, 999999, &fraction))
			return false;
		for (; places < 6; places++)
			fraction *= 10;
		number.length = (size_t)(dot - number.bytes);
	}
	if (!number_parse(number.bytes, number.length, 10, INT64_MAX / NUMBER_UNIT - 1, &whole))
		return false;
	*ret_scaled = (int64_t)(whole * NUMBER_UNIT + fraction);
	if (negative)
		*ret_scaled = -*ret_scaled;
	return true;
}

static void format_number(int64_t scaled, struct buffer *ret_form)
{
	uint64_t size = scaled < 0 ? (uint64_t)-scaled : (uint64_t)scaled;
	uint64_t fraction = size % NUMBER_UNIT;

	buffer_format(ret_form, "%s%" PRIu64, scaled < 0 ? "-" : "", size / NUMBER_UNIT);
	if (fraction == 0)
		return;
	buffer_format(ret_form, ".%06" PRIu64, fraction);
	while (ret_form->bytes[ret_form->length - 1] == '0')
		ret_form->length--;
}

static bool parse_id_pair(struct spelling pair, uint64_t *ret_ids)
{
	const char *colon = memchr(pair.bytes, ':', pair.length);
	struct spelling vendor;
	struct spelling device;
	uint64_t ids[2];

	if (!colon)
		return false;
	vendor = (struct spelling){pair.bytes, (size_t)(colon - pair.bytes)};
	device = (struct spelling){colon + 1, pair.length - vendor.length - 1};
	if (!parse_hex(vendor, 0xffff, &ids[0]) || !parse_hex(device, 0xffff, &ids[1]))
		return false;
	*ret_ids = ids[0] << 16 | ids[1];
	return true;
}

/* bcdUSB: 2, 2.0, 2.00 and 2.1, 2.10; `2.1` is 2.10, since 2.01 is written so. */
static bool parse_version(struct spelling version, uint64_t *ret_version)
{
	const char *dot = memchr(version.bytes, '.', version.length);
	size_t before = dot ? (size_t)(dot - version.bytes) : version.length;
	size_t after = dot ? version.length - before - 1 : 0;
	uint64_t major;
	uint64_t minor = 0;

	if (after > 2 || !number_parse(version.bytes, before, 10, 99, &major))
		return false;
	if (dot && !number_parse(dot + 1, after, 10, 99, &minor))
		return false;
	if (after == 1)
		minor *= 10;
	*ret_version = major * 100 + minor;
	return true;
}

static void format_version(uint64_t version, struct buffer *ret_form)
{
	if (version % 10 == 0)
		buffer_format(ret_form, "%" PRIu64 ".%" PRIu64, version / 100, version % 100 / 10);
	else
		buffer_format(ret_form, "%" PRIu64 ".%02" PRIu64, version / 100, version % 100);
}

static bool parse_address(struct spelling spelling, struct address *ret_address)
{
	char string[ADDRESS_SIZE];

	if (spelling.length >= sizeof(string))
		return false;
	memcpy(string, spelling.bytes, spelling.length);
	string[spelling.length] = '\0';
	return address_parse(string, ret_address);
}

const char *value_type_name(enum value_type type)
{
	switch (type) {
	case VALUE_TEXT:
		return "text";
	case VALUE_LIST:
		return "list of text";
	case VALUE_ADDRESS:
		return "address";
	case VALUE_HEX:
		return "hex";
	case VALUE_NUMBER:
		return "number";
	case VALUE_ID_PAIR:
		return "id pair";
	case VALUE_VERSION:
		return "version";
	}
	return NULL;
}

int value_normalise(
	enum value_type type, unsigned digits, const char *spelling, struct buffer *ret_form)
{
	struct spelling trimmed = trim(spelling);
	char address_form[ADDRESS_SIZE];
	struct address address;
	uint64_t number;
	int64_t scaled;

	switch (type) {
	case VALUE_TEXT:
	case VALUE_LIST:
		buffer_add_string(ret_form, spelling);
		return 0;
	case VALUE_ADDRESS:
		if (!parse_address(trimmed, &address))
			return VALUE_MALFORMED;
		address_format(address, address_form);
		buffer_add_string(ret_form, address_form);
		return 0;
	case VALUE_HEX:
		if (!parse_hex(trimmed, (UINT64_C(1) << (4 * digits)) - 1, &number))
			return VALUE_MALFORMED;
		buffer_format(ret_form, "%0*" PRIx64, (int)digits, number);
		return 0;
	case VALUE_NUMBER:
		if (!parse_number(trimmed, &scaled))
			return VALUE_MALFORMED;
		format_number(scaled, ret_form);
		return 0;
	case VALUE_ID_PAIR:
		if (!parse_id_pair(trimmed, &number))
			return VALUE_MALFORMED;
		buffer_format(ret_form, "%04" PRIx64 ":%04" PRIx64, number >> 16, number & 0xffff);
		return 0;
	case VALUE_VERSION:
		if (!parse_version(trimmed, &number))
			return VALUE_MALFORMED;
		format_version(number, ret_form);
		return 0;
	}
	return VALUE_MALFORMED;
}

/* The place of a number or version, in text form, among its like. */
static int64_t value_order(enum value_type type, const struct text *form)
{
	struct spelling spelling = {form->bytes, form->length};
	uint64_t version = 0;
	int64_t scaled = 0;

	if (type == VALUE_VERSION && parse_version(spelling, &version))
		return (int64_t)version;
	if (type == VALUE_NUMBER && parse_number(spelling, &scaled))
		return scaled;
	return 0;
}

static int compare_orders(enum value_type type, const struct text *left, const struct text *right)
{
	int64_t left_order = value_order(type, left);
	int64_t right_order = value_order(type, right);

	return (left_order > right_order) - (left_order < right_order);
}

static int compare_bytes(const struct text *left, const struct text *right)
{
	size_t shorter = left->length < right->length ? left->length : right->length;
	int bytes = memcmp(left->bytes, right->bytes, shorter);

	return bytes ? bytes : (left->length > right->length) - (left->length < right->length);
}

/* Digits of one base without needless zeros before them: the longer is the greater. */
static int compare_digits(const struct text *left, const struct text *right)
{
	if (left->length != right->length)
		return left->length > right->length ? 1 : -1;
	return memcmp(left->bytes, right->bytes, left->length);
}

static bool is_whole(const struct text *number)
{
	return strspn(number->bytes, "0123456789") == number->length;
}

int value_compare(enum value_type type, const struct text *left, const struct text *right)
{
	switch (type) {
	case VALUE_TEXT:
	case VALUE_LIST:
		return compare_bytes(left, right);
	case VALUE_ADDRESS:
	case VALUE_HEX:
	case VALUE_ID_PAIR:
		return compare_digits(left, right);
	case VALUE_NUMBER:
		if (is_whole(left) && is_whole(right))
			return compare_digits(left, right);
		return compare_orders(type, left, right);
	case VALUE_VERSION:
		return compare_orders(type, left, right);
	}
	return 0;
}
