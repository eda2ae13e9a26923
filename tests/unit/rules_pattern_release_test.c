/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a pattern is told, whichever PCRE2 runs here. */
#include "base/memory.h"
#include "lib/unit.h"
#include "rules/pattern_release.h"

#include <string.h>

static void what_differs_is_told(void **state)
{
	static const struct {
		const char *source;
		const char *construct; /* "": nothing is told */
		const char *fix;
	} cases[] = {
		{"^a{,3}$", "`{,3}`", "`{0,3}`"},
		{"a{1, 3}", "`{1, 3}`", "`{1,3}`"},
		{"a{ 2 }", "`{ 2 }`", "`{2}`"},
		{"a{ 2,\t}", "`{ 2,\t}`", "`{2,}`"},
		{"x{2}y{ , 12 }z", "`{ , 12 }`", "`{0,12}`"},
		{"a{,3}b{1, 2}", "`{,3}`", "`{0,3}`"},
		{"\\x", "`\\x`", "digits"},
		{"a\\xg", "`\\x`", "digits"},
		{"[\\x]", "`\\x`", "digits"},
		{"", "", ""},
		{"a{2}b{2,}c{2,3}", "", ""},
		{"a{,}b{ , }c{}d{ }", "", ""},
		{"{x}{1,b}{,b}{1 2}{1,2", "", ""},
		{"{", "", ""},
		{"[{,3}]", "", ""},
		{"[^]{,3}]", "", ""},
		{"[[:alpha:]{,3}]", "", ""},
		{"[\\]{,3}]", "", ""},
		{"[{,3}", "", ""},
		{"\\{,3}", "", ""},
		{"\\Q{,3}\\x\\E", "", ""},
		{"\\Q{,3}", "", ""},
		{"(?#{,3})", "", ""},
		{"\\c{,3}", "", ""},
		{"\\x41\\x4\\x{41}\\\\x", "", ""},
		{"\\", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct text *source = text_new(cases[i].source, strlen(cases[i].source));
		struct buffer what = {0};
		struct buffer fix = {0};

		if (pattern_release_differs(source, &what, &fix) != (cases[i].construct[0] != 0) ||
			!strstr(buffer_string(&what), cases[i].construct) ||
			!strstr(buffer_string(&fix), cases[i].fix))
			fail_msg("%s: %s; %s", cases[i].source, buffer_string(&what),
				buffer_string(&fix));
		buffer_done(&what);
		buffer_done(&fix);
		text_unref(source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
