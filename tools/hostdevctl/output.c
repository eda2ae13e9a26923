/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes to stdout and stderr. */
#include "output.h"

#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static void print_line(
	FILE *out, const char *prefix, const char *format, va_list arguments)
{
	char *line = NULL;
	char *clean;

	if (vasprintf(&line, format, arguments) < 0)
		line = NULL;
	clean = text_clean(output_must(line));
	fprintf(out, "%s%s\n", prefix, clean);
	free(clean);
	free(line);
}

void output_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(stderr, "hostdevctl: ", format, arguments);
	va_end(arguments);
}

void output_line(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(stdout, "", format, arguments);
	va_end(arguments);
}

void *output_must(void *memory)
{
	if (memory)
		return memory;
	fputs("hostdevctl: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

char *output_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return output_must(text);
}

char *output_join(char *list, const char *separator, const char *element)
{
	char *longer = list ? output_format("%s%s%s", list, separator, element)
			    : output_must(strdup(element));

	free(list);
	return longer;
}

/* A character that a terminal would act on can only stand inside a JSON text, where its escape
 * means the same. All of them are below U+10000. */
static void print_json_text(const char *json)
{
	while (*json) {
		const char *start = json;
		uint32_t character = text_take(&json);

		if (text_is_control(character))
			printf("\\u%04x", (unsigned int)character);
		else
			fwrite(start, 1, (size_t)(json - start), stdout);
	}
}

void output_json(const struct hostdev_value *value)
{
	char *json = output_must(hostdev_value_dump(value));

	print_json_text(json);
	putchar('\n');
	free(json);
}

bool output_flush(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	output_complain("cannot write to standard output: %s",
		errno ? strerror(errno) : "an earlier write failed");
	return false;
}

bool output_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

bool output_is_coloured(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return output_is_terminal() && !(no_color && *no_color) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

size_t output_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}
