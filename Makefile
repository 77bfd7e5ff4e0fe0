# MeshSync: make run, make check; all targets: make help
STAGES = ms-watch ms-classify ms-fingerprint ms-publish
VERSION = 0.1.0

# What each stage may link. This list is the architecture: only ms-watch
# speaks to the API server, only ms-publish to the broker and the disk, and
# what stands between them is sealed.
PKGS_ms-watch       = libcurl yaml-0.1
PKGS_ms-classify    = libseccomp
PKGS_ms-fingerprint = yaml-0.1 libseccomp
PKGS_ms-publish     = libnats sqlite3
PKGS_lib            = yaml-0.1 libseccomp

# Each variant keeps its objects in a folder of its own: build, build-asan …
SAN ?=
B   ?= build$(if $(SAN),-$(SAN))
BIN  = $(abspath $(B))

CC     ?= cc
CFLAGS ?= -O2 -g
HARDEN  = -fPIE -fstack-protector-strong -fstack-clash-protection $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wvla $(if $(CI),-Werror)
SAN_asan  = -fsanitize=address -fno-omit-frame-pointer
SAN_ubsan = -fsanitize=undefined -fno-sanitize-recover=all
SAN_tsan  = -fsanitize=thread
ifneq ($(SAN),)
ifeq ($(SAN_$(SAN)),)
$(error SAN is asan, ubsan or tsan, not '$(SAN)')
endif
SANFLAGS = $(SAN_$(SAN)) -DMS_SANITIZED
endif
CPPFLAGS += -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DMS_VERSION='"$(VERSION)"' -Ilib -I$(B)
COMPILE = $(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARN) $(SANFLAGS) -MMD -MP
LINK    = $(CC) $(CFLAGS) $(SANFLAGS) -pie -Wl,-z,relro,-z,now,--as-needed -pthread

TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*_test.c)) $(B)/unit/lib/scan_portable_test
SLOW  = $(if $(filter no,$(CLUSTER)),,$(wildcard tests/cluster/*.t))
FAST  = $(wildcard tests/golden/*.t tests/streams/*.t tests/apiserver/*.t tests/chaos/*.t)

all: $(STAGES:%=$(B)/%)

run: deps all
	B=$(B) scripts/demo

check: deps all $(TESTS) $(B)/scan_fuzz
	BIN=$(BIN) prove -e '' $(TESTS) $(FAST) $(SLOW)

# The inner loop of a change, under a sanitizer too: make quick SAN=asan
quick: all $(TESTS)
	BIN=$(BIN) prove -e '' $(TESTS) $(wildcard tests/golden/*.t tests/streams/*.t)

.SECONDEXPANSION:
$(STAGES:%=$(B)/%): $(B)/%: $(B)/cmd/%/main.o $(B)/%.a $(B)/lib.a
	$(LINK) -o $@ $^ $$(pkg-config --libs $(PKGS_$*))
$(B)/lib.a: $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))
$(STAGES:%=$(B)/%.a): $(B)/%.a: $$(patsubst %.c,$(B)/%.o,$$(filter-out %/main.c,$$(wildcard cmd/$$*/*.c)))
$(B)/%.a:
	rm -f $@ && ar rcs $@ $^
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(addprefix -I,$(filter cmd/%,$(patsubst %/,%,$(dir $<)))) -c -o $@ $<

deps:
	@scripts/deps

.PHONY: all run check quick deps
-include $(shell find $(B) -name '*.d' 2>/dev/null)
