# MeshSync: make run, make check; the rest is in README.md.
STAGES = ms-watch ms-classify ms-fingerprint ms-publish
VERSION = 0.1.0

# What each stage may link. This list is the architecture: only ms-watch
# speaks to the API server, only ms-publish to the broker and the disk, and
# what stands between them is sealed.
PKGS_ms-watch       = libcurl yaml-0.1
PKGS_ms-classify    = libseccomp
PKGS_ms-fingerprint = yaml-0.1 libseccomp
PKGS_ms-publish     = libnats sqlite3 libmicrohttpd
PKGS_lib            = yaml-0.1 libseccomp

# Each variant keeps its objects in a folder of its own: build, build-asan …
SAN ?=
B   ?= build$(if $(SAN),-$(SAN))
BIN  = $(abspath $(B))

CC     ?= cc
CFLAGS ?= -O2 -g
HARDEN  = -fPIE -fstack-protector-strong -fstack-clash-protection $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wvla -Wno-missing-field-initializers $(if $(CI),-Werror)
SAN_asan  = -fsanitize=address -fno-omit-frame-pointer
SAN_ubsan = -fsanitize=undefined -fno-sanitize-recover=all
SAN_tsan  = -fsanitize=thread
ifneq ($(SAN),)
ifeq ($(SAN_$(SAN)),)
$(error SAN is asan, ubsan or tsan, not '$(SAN)')
endif
SANFLAGS = $(SAN_$(SAN)) -DMS_SANITIZED
endif
CPPFLAGS += -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DMS_VERSION='"$(VERSION)"' -Ilib -Itests -I$(B)
COMPILE = $(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARN) $(SANFLAGS) -MMD -MP
LINK    = $(CC) $(CFLAGS) $(SANFLAGS) -pie -Wl,-z,relro,-z,now,--as-needed -pthread

all: $(STAGES:%=$(B)/%)

# The main job, on a captured cluster: nobody's own is touched unasked.
run: deps
	@$(MAKE) all
	@B=$(B) scripts/demo

deps:
	@scripts/deps

include tests/rules.mk

# A stage: its main, what else is in its folder, and what it takes from lib.
define stage_rules
$(B)/$1: $(B)/cmd/$1/main.o $(B)/$1.a $(B)/lib.a
	$$(LINK) -o $$@ $$^ $$$$(pkg-config --libs $(PKGS_$1))
$(B)/$1.a: $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard cmd/$1/*.c))) cmd/$1
endef
$(foreach s,$(STAGES),$(eval $(call stage_rules,$s)))
$(B)/lib.a: $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c)) lib
# The folder is named as well: what has left it must leave the archive.
$(B)/%.a:
	rm -f $@ && ar rcs $@ $(filter %.o,$^)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(addprefix -Icmd/,$(filter $(STAGES),$(notdir $(patsubst %/,%,$(dir $<))))) -c -o $@ $<

# The signatures travel in the program, each behind a line that names its file.
$(B)/signatures.yaml: $(wildcard cmd/ms-fingerprint/signatures/*.yaml)
	@mkdir -p $(@D)
	awk 'FNR == 1 { n = split(FILENAME, part, "/"); print "%%% " part[n] } { print }' $^ > $@
$(B)/cmd/ms-fingerprint/source.o: $(B)/signatures.yaml

PREFIX ?= /usr/local
MAN = $(wildcard cmd/*/*.[1-8] lib/*.[1-8] scripts/*.[1-8])
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(STAGES:%=$(B)/%) scripts/meshsync scripts/meshery-meshsync $(DESTDIR)$(PREFIX)/bin
	for m in $(MAN); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

clean:
	rm -rf build build-*

.PHONY: all run deps install clean
.PRECIOUS: $(B)/%.o $(B)/%.a $(B)/portable/%.o
-include $(shell find $(B) -name '*.d' 2>/dev/null)
