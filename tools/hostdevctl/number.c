/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers among arguments. */
#include "number.h"

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

bool number_read(const char *option, const char *text, int64_t least, int64_t *ret_number)
{
	int64_t number;

	errno = 0;
	number = strtoll(text, NULL, 10);
	if (!*text || text[strspn(text, "0123456789")] || errno) {
		output_complain("--%s %s: it must be a whole number", option, text);
		return false;
	}
	if (number < least) {
		output_complain("--%s %s: it must be %" PRId64 " or more", option, text, least);
		return false;
	}
	*ret_number = number;
	return true;
}

bool number_read_seconds(const char *option, const char *text, int64_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0) || seconds > INT_MAX) {
		output_complain(
			"--%s %s: it must be a number of seconds, such as 2.5", option, text);
		return false;
	}
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}
