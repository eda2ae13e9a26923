# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build/hostdevd, build/hostdevctl, build/libhostdev.so
# make check      every test that needs no installation of packages (tools/check installs them)
# make bench      what it costs, beside baselines of the same run: tools/bench/run
# make check-asan the same with AddressSanitizer and UndefinedBehaviorSanitizer (clang)
# make install    DESTDIR as usual
#
# Everything but main.c is one static library, so that tests link the real thing.
VERSION := 0.1.0# as in include/hostdev.h
BUILD   ?= build
# the daemon looks for its files there, so these are no choice
PREFIX  := /usr
SYSCONF := /etc
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
BENCHES  := $(sort $(wildcard tools/bench/*.c))
HELPERS  := $(sort $(wildcard tests/lib/*.c))

object = $(patsubst %.c,$(BUILD)/object/%.o,$(1))

all: $(BUILD)/hostdevd $(BUILD)/hostdevctl $(BUILD)/libhostdev.so

$(BUILD)/object/reactor/%.o: reactor/%.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	@$(CC) $(CFLAGS) $(HARDEN) -Ireactor -Iinclude $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

# the library is its own world: include/ and jansson only, hidden symbols, LGPL
$(BUILD)/object/tools/libhostdev/%.o: tools/libhostdev/%.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	@$(CC) $(CFLAGS) -fPIC -fvisibility=hidden -Iinclude $(shell pkg-config --cflags jansson) -MMD -MP -c -o $@ $<

$(BUILD)/object/tools/hostdevctl/%.o: tools/hostdevctl/%.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	@$(CC) $(CFLAGS) $(HARDEN) -Iinclude -MMD -MP -c -o $@ $<

$(BUILD)/object/tools/bench/%.o: tools/bench/%.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	@$(CC) $(CFLAGS) $(HARDEN) -Ireactor -Iinclude -Itests $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/object/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	@$(CC) $(CFLAGS) $(HARDEN) -Ireactor -Iinclude -Itests $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

# the interface description is compiled in (.incbin), which -MMD cannot see
$(BUILD)/object/reactor/io/socket/description.o: include/org.hostdevd.varlink

# archives: a test links what it names, and what that needs
$(BUILD)/libtests.a: $(call object,$(HELPERS))
$(BUILD)/libreactor.a: $(call object,$(REACTOR))
$(BUILD)/libtests.a $(BUILD)/libreactor.a:
	@rm -f $@
	@echo '  AR   $@'
	@ar rcs $@ $^

$(BUILD)/hostdevd: $(BUILD)/object/reactor/main.o $(BUILD)/libreactor.a
	@echo '  LD   $@'
	@$(CC) $(LDFLAGS) -pie -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/libhostdev.so.0: $(call object,$(LIBRARY)) tools/libhostdev/libhostdev.map
	@echo '  LD   $@'
	@$(CC) $(LDFLAGS) -shared -Wl,-soname,libhostdev.so.0 -Wl,--version-script=tools/libhostdev/libhostdev.map \
		-o $@ $(call object,$(LIBRARY)) $(shell pkg-config --libs jansson)

$(BUILD)/libhostdev.so: $(BUILD)/libhostdev.so.0
	ln -sf libhostdev.so.0 $@

$(BUILD)/hostdevctl: $(call object,$(CLIENT)) $(BUILD)/libhostdev.so
	@echo '  LD   $@'
	@$(CC) $(LDFLAGS) -pie -Wl,-rpath,'$$ORIGIN' -o $@ $(call object,$(CLIENT)) -L$(BUILD) -lhostdev

$(BUILD)/tests/%: $(BUILD)/object/tests/%.o $(BUILD)/libtests.a $(BUILD)/libreactor.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@$(CC) $(LDFLAGS) -pie -o $@ $^ $(PACKAGE_LIBS) -lcmocka

$(BUILD)/bench/%: $(BUILD)/object/tools/bench/%.o $(BUILD)/libtests.a $(BUILD)/libreactor.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@$(CC) $(LDFLAGS) -pie -o $@ $^ $(PACKAGE_LIBS) -lcmocka

tests: $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT) tests/socket/server.c)

# ---- tests: tests/all runs the suites and sums them up
check: all tests
	tests/all

# clang: gcc's runtime clashes with umockdev's preloaded library
SANITIZE_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ASAN_MAKE := CC=clang OPTIMISE='-O1 -g' SANITIZE='$(SANITIZE_FLAGS)' BUILD=build/asan

check-asan:
	$(MAKE) --no-print-directory $(ASAN_MAKE) all tests
	SANITIZED=1 BUILD=build/asan tests/all

# what tools/check runs: both compilers, then both builds of all tests in one sum
check-everything:
	$(MAKE) --no-print-directory all tests
	$(MAKE) --no-print-directory CC=clang BUILD=build/clang all tests
	$(MAKE) --no-print-directory $(ASAN_MAKE) all tests
	tests/all --and-sanitized

# one JSON object per line; figures beside their baseline of the same run
bench: all $(patsubst tools/bench/%.c,$(BUILD)/bench/%,$(BENCHES))
	@BUILD=$(BUILD) tools/bench/run

install: all
	install -D -m 755 $(BUILD)/hostdevd $(DESTDIR)$(PREFIX)/sbin/hostdevd
	install -D -m 755 $(BUILD)/libhostdev.so.0 $(DESTDIR)$(PREFIX)/lib/libhostdev.so.0
	ln -sf libhostdev.so.0 $(DESTDIR)$(PREFIX)/lib/libhostdev.so
	install -D -m 755 $(BUILD)/hostdevctl $(DESTDIR)$(PREFIX)/bin/hostdevctl
	install -D -m 644 include/hostdev.h $(DESTDIR)$(PREFIX)/include/hostdev.h
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' tools/libhostdev/libhostdev.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/libhostdev.pc
	install -D -m 644 include/org.hostdevd.varlink \
		$(DESTDIR)$(PREFIX)/share/varlink/org.hostdevd.varlink
	install -D -m 644 conf/hostdevd.conf $(DESTDIR)$(SYSCONF)/hostdevd/hostdevd.conf
	install -d $(DESTDIR)$(SYSCONF)/hostdevd/rules.d
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/hostdevd/rules.d rules.d/*.conf
	install -D -m 644 conf/hostdevd.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/hostdevd.service
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/hostdevd/README.md

clean:
	rm -rf $(BUILD)

.PHONY: all tests check check-asan check-everything bench install clean
.SECONDARY:
-include $(shell find $(BUILD)/object -name '*.d' 2>/dev/null)
