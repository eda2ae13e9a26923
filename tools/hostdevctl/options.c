/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * argv as an invocation. Options may stand anywhere, also before the command that has them, so
 * there are two passes of getopt_long(): one with the options of all commands together finds the
 * command word, one with that command's own reads them. An option that several commands have must
 * therefore take a value in all of them or in none.
 */
#include "options.h"

#include "nearest.h"
#include "output.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

enum {
	TABLE_MOST = 256,
	OPTION_SOCKET = 0x100,
	OPTION_VERSION,
	OPTION_OF_COMMAND, /* and the place in its list */
};

struct option_table {
	struct option options[TABLE_MOST];
	size_t count;
};

static void add(struct option_table *table, const char *name, bool takes_value, int value)
{
	assert(table->count + 1 < TABLE_MOST);
	table->options[table->count++] =
		(struct option){name, takes_value ? required_argument : no_argument, NULL, value};
}

static void add_command(struct option_table *table, const struct command *command)
{
	for (int i = 0; command->options && command->options[i].name; i++)
		add(table, command->options[i].name, command->options[i].value != NULL,
			OPTION_OF_COMMAND + i);
}

static void add_globals(struct option_table *table)
{
	add(table, "socket", true, OPTION_SOCKET);
	add(table, "json", false, 'j');
	add(table, "help", false, 'h');
	add(table, "version", false, OPTION_VERSION);
}

/* The place of the command word in argv; argc if there is none. */
static int find_command(int argc, char **argv)
{
	struct option_table table = {0};

	add_globals(&table);
	for (size_t i = 0; commands[i]; i++)
		add_command(&table, commands[i]);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while (getopt_long(argc, argv, "+jh", table.options, NULL) != -1)
		;
	return optind;
}

/* Whose options they are, for messages. */
static const char *whose(const struct invocation *invocation)
{
	return invocation->command ? invocation->command->name : "hostdevctl";
}

/* word may have a value behind it: --option=value. */
static void complain_unknown(
	const struct invocation *invocation, const struct option_table *table, const char *word)
{
	const char *start = word + strspn(word, "-");
	char *name = output_must(strndup(start, strcspn(start, "=")));
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < table->count; i++)
		nearest_try(&nearest, table->options[i].name);
	if (nearest.best)
		output_complain("unknown or ambiguous option %s for %s; the nearest is --%s", word,
			whose(invocation), nearest.best);
	else
		output_complain("unknown or ambiguous option %s for %s; --help lists all", word,
			whose(invocation));
	free(name);
}

static void complain_option(const struct invocation *invocation, const struct option_table *table,
	char *const *argv, int result)
{
	const char *word = argv[optind - 1];

	if (result == ':') {
		output_complain("%s needs a value behind it", word);
		return;
	}
	for (size_t i = 0; i < table->count; i++) {
		if (optopt == table->options[i].val) {
			output_complain("%s takes no value", word);
			return;
		}
	}
	if (optopt)
		output_complain("unknown option -%c for %s; see `hostdevctl --help`", optopt,
			whose(invocation));
	else
		complain_unknown(invocation, table, word);
}

static void keep(struct invocation *invocation, int option, const char *value)
{
	if (option == 'j')
		invocation->json = true;
	else if (option == 'h')
		invocation->help = true;
	else if (option == OPTION_VERSION)
		invocation->version = true;
	else if (option == OPTION_SOCKET)
		invocation->socket = value;
	else
		invocation->values[option - OPTION_OF_COMMAND] = value ? value : "";
}

static enum exit_status read_options(int argc, char **argv, struct invocation *invocation)
{
	struct option_table table = {0};
	int option;

	add_globals(&table);
	if (invocation->command)
		add_command(&table, invocation->command);
	optind = 0;
	while ((option = getopt_long(argc, argv, ":jh", table.options, NULL)) != -1) {
		if (option == '?' || option == ':') {
			complain_option(invocation, &table, argv, option);
			return EXIT_USAGE;
		}
		keep(invocation, option, optarg);
	}
	return EXIT_DONE;
}

/* argv without the command word, which belongs to the caller. */
static char **without_word(int argc, char **argv, int word)
{
	char **rest = output_must(calloc((size_t)argc + 1, sizeof(*rest)));
	int count = 0;

	for (int i = 0; i < argc; i++)
		if (i != word)
			rest[count++] = argv[i];
	return rest;
}

/* Which of an invocation's words are operands is known only when getopt_long() has moved them to
 * the end. */
static void keep_operands(struct invocation *invocation, char **rest)
{
	int count = 0;

	for (char **operand = rest + optind; *operand; operand++)
		rest[count++] = *operand;
	rest[count] = NULL;
	invocation->operands = rest;
	invocation->operand_count = count;
}

enum exit_status options_read(int argc, char **argv, struct invocation *ret_invocation)
{
	struct invocation invocation = {0};
	int word = find_command(argc, argv);
	char **rest;

	if (word < argc) {
		invocation.command = command_find(argv[word]);
		if (!invocation.command)
			return EXIT_USAGE;
	}
	rest = without_word(argc, argv, word);
	if (read_options(word < argc ? argc - 1 : argc, rest, &invocation) != EXIT_DONE) {
		free(rest);
		return EXIT_USAGE;
	}
	keep_operands(&invocation, rest);
	*ret_invocation = invocation;
	return EXIT_DONE;
}
