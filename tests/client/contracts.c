/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hostdev.h promises, asked of the library itself. */
#include <errno.h>
#include <hostdev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WANT(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static struct hostdev_value *parse(const char *text)
{
	struct hostdev_value *value = NULL;

	WANT(hostdev_value_parse(text, strlen(text), &value) == 0);
	return value;
}

static void test_absent_values(void)
{
	char *dump = hostdev_value_dump(NULL);

	WANT(hostdev_value_type(NULL) == HOSTDEV_ABSENT);
	WANT(!hostdev_value_get(NULL, "a") && !hostdev_value_at(NULL, 0));
	WANT(!hostdev_value_next_key(NULL, NULL) && hostdev_value_count(NULL) == 0);
	WANT(!hostdev_value_text(NULL) && hostdev_value_integer(NULL) == 0);
	WANT(hostdev_value_real(NULL) == 0 && !hostdev_value_boolean(NULL));
	WANT(!hostdev_value_unref(NULL) && !hostdev_disconnect(NULL));
	WANT(strcmp(dump, "null") == 0);
	free(dump);
}

static void test_reading(void)
{
	static const char text[] = "{\"z\":[1,2.5,\"x\",true,null,{}],\"a\":-3,\"m\":\"\xc3\xa9\"}";
	struct hostdev_value *value = parse(text);
	const struct hostdev_value *list = hostdev_value_get(value, "z");
	static const enum hostdev_type types[] = {HOSTDEV_INTEGER, HOSTDEV_REAL, HOSTDEV_TEXT,
		HOSTDEV_BOOLEAN, HOSTDEV_NULL, HOSTDEV_OBJECT, HOSTDEV_ABSENT};
	char keys[8] = "", *dump = hostdev_value_dump(value);

	for (const char *key = NULL; (key = hostdev_value_next_key(value, key));)
		strcat(keys, key);
	WANT(strcmp(keys, "zam") == 0);
	WANT(hostdev_value_count(value) == 3 && hostdev_value_count(list) == 6);
	for (size_t i = 0; i < 7; i++)
		WANT(hostdev_value_type(hostdev_value_at(list, i)) == types[i]);
	WANT(hostdev_value_real(hostdev_value_at(list, 1)) == 2.5);
	WANT(hostdev_value_real(hostdev_value_at(list, 0)) == 1);
	WANT(hostdev_value_boolean(hostdev_value_at(list, 3)));
	WANT(hostdev_value_integer(hostdev_value_get(value, "a")) == -3);
	WANT(strcmp(dump, text) == 0);
	free(dump);
	hostdev_value_unref(value);
}

static void test_strictness(void)
{
	static const char *const wrong[] = {"", "{", "{\"a\":1,\"a\":2}", "[1,]", "nan", "'x'",
		"[1] 2", "\"\xff\"", "\"\\ud800\"", "99999999999999999999"};
	struct hostdev_value *value = NULL;
	char deep[131];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		WANT(hostdev_value_parse(wrong[i], strlen(wrong[i]), &value) == -EBADMSG);
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	WANT(hostdev_value_parse(deep, 130, &value) == -EBADMSG && !value);
	WANT(hostdev_value_parse(deep + 1, 128, &value) == 0);
	hostdev_value_unref(value);
}

static void test_building(void)
{
	struct hostdev_value *object = hostdev_value_new_object();
	struct hostdev_value *array = hostdev_value_new_array();
	struct hostdev_value *kept;
	char *dump;

	WANT(hostdev_value_append(array, hostdev_value_new_integer(INT64_MAX)) == 0);
	WANT(hostdev_value_append(array, hostdev_value_new_boolean(false)) == 0);
	WANT(hostdev_value_append(object, hostdev_value_new_boolean(true)) == -EINVAL);
	WANT(hostdev_value_set(object, "b", hostdev_value_new_text("x\n")) == 0);
	WANT(hostdev_value_set(object, "bad", hostdev_value_new_text("\xff")) == -EINVAL);
	WANT(hostdev_value_set(object, "\xff", hostdev_value_new_integer(1)) == -EINVAL);
	WANT(hostdev_value_set(array, "b", hostdev_value_new_text("x")) == -EINVAL);
	WANT(hostdev_value_set(NULL, "b", hostdev_value_new_text("x")) == -EINVAL);
	WANT(hostdev_value_set(object, "a", array) == 0);
	dump = hostdev_value_dump(object);
	WANT(strcmp(dump, "{\"b\":\"x\\n\",\"a\":[9223372036854775807,false]}") == 0);
	free(dump);
	kept = hostdev_value_ref(hostdev_value_get(object, "b"));
	WANT(!hostdev_value_unref(object));
	WANT(strcmp(hostdev_value_text(kept), "x\n") == 0);
	hostdev_value_unref(kept);
}

/* A call of 3 MB, and its echo, pass in pieces both ways. */
static void test_call(struct hostdev *connection)
{
	enum { SIZE = 3000000 };
	struct hostdev_value *parameters = hostdev_value_new_object(), *reply = NULL;
	char *text = malloc(SIZE + 1);

	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	WANT(hostdev_value_set(parameters, "text", hostdev_value_new_text(text)) == 0);
	WANT(hostdev_call(connection, "Echo", hostdev_value_get(parameters, "text"), &reply) ==
		-EINVAL);
	WANT(hostdev_call(connection, "Ech\xff", parameters, &reply) == -EINVAL);
	WANT(hostdev_start(connection, "org.\xc3.Echo", NULL) == -EINVAL && !reply);
	WANT(hostdev_call(connection, "org.example.Echo", parameters, &reply) == HOSTDEV_REPLY);
	WANT(strcmp(hostdev_value_text(hostdev_value_get(reply, "text")), text) == 0);
	WANT(!hostdev_error(connection));
	hostdev_value_unref(reply);
	hostdev_value_unref(parameters);
	free(text);
}

static void test_error(struct hostdev *connection)
{
	struct hostdev_value *reply = NULL;

	WANT(hostdev_call(connection, "Claim", NULL, &reply) == HOSTDEV_ERROR);
	WANT(strcmp(hostdev_error(connection), "org.hostdevd.Busy") == 0);
	WANT(hostdev_value_count(hostdev_value_get(reply, "reasons")) == 1);
	hostdev_value_unref(reply);
}

static void test_more(struct hostdev *connection)
{
	struct hostdev_value *reply;

	WANT(hostdev_get_events(connection) == 0);
	WANT(hostdev_next(connection, 0, &reply) == HOSTDEV_END);
	WANT(hostdev_start(connection, "Count", NULL) == 0);
	WANT(hostdev_get_events(connection) == POLLIN);
	WANT(hostdev_start(connection, "Count", NULL) == -EBUSY);
	WANT(hostdev_call(connection, "Count", NULL, &reply) == -EBUSY);
	for (int n = 1; n <= 3; n++) {
		WANT(hostdev_next(connection, -1, &reply) == HOSTDEV_REPLY);
		WANT(hostdev_value_integer(hostdev_value_get(reply, "n")) == n);
		hostdev_value_unref(reply);
	}
	WANT(hostdev_next(connection, -1, &reply) == HOSTDEV_END);
	WANT(hostdev_start(connection, "Claim", NULL) == 0);
	WANT(hostdev_next(connection, -1, &reply) == HOSTDEV_ERROR);
	hostdev_value_unref(reply);
	WANT(hostdev_dispatch(connection, &reply) == HOSTDEV_END);
}

static void test_timeout(struct hostdev *connection)
{
	struct hostdev_value *reply = NULL;

	WANT(hostdev_start(connection, "Slow", NULL) == 0);
	WANT(hostdev_dispatch(connection, &reply) == HOSTDEV_PENDING);
	WANT(hostdev_next(connection, 20, &reply) == HOSTDEV_PENDING && !reply);
	WANT(hostdev_next(connection, 60000, &reply) == HOSTDEV_REPLY);
	WANT(hostdev_value_boolean(hostdev_value_get(reply, "done")));
	hostdev_value_unref(reply);
}

/* A call whose sending waits for the peer says so, and does not block the starter. */
static void test_unsent(void)
{
	enum { SIZE = 8000000 };
	struct hostdev_value *parameters = hostdev_value_new_object(), *reply = NULL;
	struct hostdev *connection;
	char *text = malloc(SIZE + 1);

	memset(text, 'y', SIZE);
	text[SIZE] = '\0';
	WANT(hostdev_connect(NULL, &connection) == 0);
	WANT(hostdev_value_set(parameters, "text", hostdev_value_new_text(text)) == 0);
	WANT(hostdev_start(connection, "Echo", parameters) == 0);
	WANT(hostdev_get_events(connection) == (POLLIN | POLLOUT));
	WANT(hostdev_next(connection, 60000, &reply) == HOSTDEV_REPLY);
	hostdev_value_unref(reply);
	hostdev_value_unref(parameters);
	hostdev_disconnect(connection);
	free(text);
}

/* A daemon may refuse and close before it has read a call: its words still arrive. */
static void test_refusal(void)
{
	static const char refusal[] = "{\"error\":\"org.hostdevd.Busy\",\"parameters\":{}}";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct hostdev_value *reply = NULL;
	struct hostdev *connection = NULL;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), peer;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s.own", hostdev_socket_path(NULL));
	WANT(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	WANT(listen(listener, 1) == 0);
	WANT(hostdev_connect(address.sun_path, &connection) == 0);
	peer = accept(listener, NULL, NULL);
	WANT(write(peer, refusal, sizeof(refusal)) == sizeof(refusal));
	close(peer);
	WANT(hostdev_call(connection, "Status", NULL, &reply) == HOSTDEV_ERROR);
	hostdev_value_unref(reply);
	WANT(hostdev_call(connection, "Status", NULL, &reply) == -ECONNRESET);
	hostdev_disconnect(connection);
	close(listener);
}

/* Two replies to one call: the second is nobody's, and the connection stays failed. */
static void test_violation(struct hostdev *connection)
{
	struct hostdev_value *reply = NULL;

	WANT(hostdev_call(connection, "Twice", NULL, &reply) == HOSTDEV_REPLY);
	hostdev_value_unref(reply);
	WANT(hostdev_call(connection, "Claim", NULL, &reply) == -EPROTO);
	WANT(strstr(hostdev_error(connection), "no call asked for"));
	WANT(hostdev_start(connection, "Count", NULL) == -EPROTO);
	WANT(hostdev_dispatch(connection, &reply) == -EPROTO);
}

int main(void)
{
	struct hostdev *connection = NULL;

	WANT(hostdev_connect("/nonexistent/socket", &connection) == -ENOENT && !connection);
	test_absent_values();
	test_reading();
	test_strictness();
	test_building();
	WANT(hostdev_connect(NULL, &connection) == 0);
	test_call(connection);
	test_error(connection);
	test_more(connection);
	test_timeout(connection);
	test_unsent();
	test_refusal();
	test_violation(connection);
	hostdev_disconnect(connection);
	puts("all contracts kept");
	return 0;
}
