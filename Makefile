# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build/hostdevd, build/hostdevctl, build/libhostdev.so
# make check      every test that needs no installation of packages (tools/check installs them)
# make check-asan the same with AddressSanitizer and UndefinedBehaviorSanitizer (clang)
# make install    DESTDIR, PREFIX as usual
#
# Everything but main.c is one static library, so that tests link the real thing.
VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr
SYSCONF ?= /etc
CC      ?= cc
OPTIMISE ?= -O2 -g

PACKAGES := libudev libevent_core libpci libusb-1.0 libpcre2-8 libconfig jansson sqlite3
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES))

WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wshadow \
            -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wimplicit-fallthrough
CFLAGS   ?= $(OPTIMISE)
HARDEN   := -fPIE -fstack-protector-strong -fno-common
override CFLAGS += -std=c17 -D_GNU_SOURCE -DHOSTDEVD_VERSION='"$(VERSION)"' $(WARNINGS) $(SANITIZE)
LDFLAGS  += $(SANITIZE) -Wl,-z,relro,-z,now -Wl,--as-needed

REACTOR  := $(filter-out reactor/main.c,$(sort $(wildcard reactor/*.c reactor/*/*.c reactor/*/*/*.c)))
LIBRARY  := $(sort $(wildcard tools/libhostdev/*.c))
CLIENT   := $(sort $(wildcard tools/hostdevctl/*.c))
UNIT     := $(sort $(wildcard tests/unit/*_test.c tests/events/*_test.c tests/property/*_test.c))
HELPERS  := $(sort $(wildcard tests/lib/*.c))

object = $(patsubst %.c,$(BUILD)/object/%.o,$(1))

all: $(BUILD)/hostdevd $(BUILD)/hostdevctl $(BUILD)/libhostdev.so

$(BUILD)/object/reactor/%.o: reactor/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HARDEN) -Ireactor -Iinclude $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

# the library is its own world: include/ and jansson only, hidden symbols, LGPL
$(BUILD)/object/tools/libhostdev/%.o: tools/libhostdev/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -fvisibility=hidden -Iinclude $(shell pkg-config --cflags jansson) -MMD -MP -c -o $@ $<

$(BUILD)/object/tools/hostdevctl/%.o: tools/hostdevctl/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HARDEN) -Iinclude -MMD -MP -c -o $@ $<

$(BUILD)/object/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HARDEN) -Ireactor -Iinclude -Itests $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

# the interface description is compiled in (.incbin), which -MMD cannot see
$(BUILD)/object/reactor/io/socket/description.o: include/org.hostdevd.varlink

$(BUILD)/libreactor.a: $(call object,$(REACTOR))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/hostdevd: $(BUILD)/object/reactor/main.o $(BUILD)/libreactor.a
	$(CC) $(LDFLAGS) -pie -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/libhostdev.so.0: $(call object,$(LIBRARY)) tools/libhostdev/libhostdev.map
	$(CC) $(LDFLAGS) -shared -Wl,-soname,libhostdev.so.0 -Wl,--version-script=tools/libhostdev/libhostdev.map \
		-o $@ $(call object,$(LIBRARY)) $(shell pkg-config --libs jansson)

$(BUILD)/libhostdev.so: $(BUILD)/libhostdev.so.0
	ln -sf libhostdev.so.0 $@

$(BUILD)/hostdevctl: $(call object,$(CLIENT)) $(BUILD)/libhostdev.so
	$(CC) $(LDFLAGS) -pie -Wl,-rpath,'$$ORIGIN' -o $@ $(call object,$(CLIENT)) -L$(BUILD) -lhostdev

$(BUILD)/tests/%: $(BUILD)/object/tests/%.o $(call object,$(HELPERS)) $(BUILD)/libreactor.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -o $@ $^ $(PACKAGE_LIBS) -lcmocka

tests: $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT))

clean:
	rm -rf $(BUILD)

.PHONY: all tests clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
