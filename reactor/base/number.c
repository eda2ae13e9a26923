/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/number.h"

static unsigned digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned)(digit - 'a') + 10;
	if (digit >= 'A' && digit <= 'F')
		return (unsigned)(digit - 'A') + 10;
	return 16;
}

bool number_parse(
	const char *digits, size_t length, unsigned base, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned digit = digit_value(digits[i]);

		if (digit >= base || digit > most || number > (most - digit) / base)
			return false;
		number = number * base + digit;
	}
	if (number > most)
		return false;
	*ret_number = number;
	return true;
}
