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

TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*_test.c)) $(B)/unit/lib/scan_portable_test
FUZZ  = $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
BENCH = $(patsubst tests/%.c,$(B)/%,$(wildcard tests/bench/*_bench.c))
SLOW  = $(if $(filter no,$(CLUSTER)),,$(wildcard tests/cluster/*.t))
FAST  = $(wildcard tests/golden/*.t tests/streams/*.t tests/apiserver/*.t tests/chaos/*.t)

all: $(STAGES:%=$(B)/%)

run: deps all
	B=$(B) scripts/demo

check: deps all $(TESTS) $(FUZZ:%=$(B)/fuzz/%_fuzz) $(B)/fuzz/scan_diff
	BIN=$(BIN) prove -e '' $(TESTS) $(filter $(B)/fuzz/%,$^) $(FAST) $(SLOW)

# The inner loop of a change, under a sanitizer too: make quick SAN=asan
quick: all $(TESTS)
	BIN=$(BIN) prove -e '' $(TESTS) $(wildcard tests/golden/*.t tests/streams/*.t)

.SECONDEXPANSION:
define stage_rules
$(B)/$1: $(B)/cmd/$1/main.o $(B)/$1.a $(B)/lib.a
	$$(LINK) -o $$@ $$^ $$$$(pkg-config --libs $(PKGS_$1))
$(B)/$1.a: $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard cmd/$1/*.c)))
endef
$(foreach s,$(STAGES),$(eval $(call stage_rules,$s)))
$(B)/lib.a: $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))
$(B)/%.a:
	rm -f $@ && ar rcs $@ $^
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(addprefix -I,$(filter cmd/%,$(patsubst tests/unit/%,cmd/%,$(patsubst %/,%,$(dir $<))))) -c -o $@ $<
# The signatures travel in the program, each behind a line that names its file.
$(B)/signatures.yaml: $(wildcard cmd/ms-fingerprint/signatures/*.yaml)
	@mkdir -p $(@D)
	awk 'FNR == 1 { n = split(FILENAME, part, "/"); print "%%% " part[n] } { print }' $^ > $@
$(B)/cmd/ms-fingerprint/source.o: $(B)/signatures.yaml
$(B)/portable/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -DSCAN_PORTABLE -c -o $@ $<

# A test of tests/unit/ms-watch may use all that ms-watch is made of but main.
TEST_LINK = @mkdir -p $(@D); $(LINK) -o $@ $^
$(B)/unit/%: $(B)/tests/unit/%.o $$(addprefix $(B)/,$$(addsuffix .a,$$(filter-out lib,$$(*D)))) $(B)/lib.a
	$(TEST_LINK) $$(pkg-config --libs $(PKGS_$(*D))) -ljq
$(B)/unit/lib/scan_portable_test: $(B)/tests/unit/lib/scan_test.o $(B)/portable/lib/scan.o $(B)/lib.a
	$(TEST_LINK)
$(B)/fuzz/%_fuzz: $(B)/tests/fuzz/%_fuzz.o $(B)/tests/fuzz/fuzz_main.o $(B)/lib.a
	$(TEST_LINK) $$(pkg-config --libs $(PKGS_lib))
$(B)/fuzz/scan_diff $(BENCH): $(B)/%: $(B)/tests/%.o $(B)/lib.a
	$(TEST_LINK) -ljq $$(pkg-config --libs $(PKGS_lib))

bench: $(BENCH)
	@set -e; for b in $^; do $$b; done

# Each target for FUZZ_SECONDS; what is found new lands in $(B)/libfuzzer.
FUZZ_SECONDS ?= 60
fuzz: $(FUZZ:%=fuzz-%)
fuzz-%:
	@mkdir -p $(B)/libfuzzer/$*
	clang $(CPPFLAGS) -g -O1 -DMS_SANITIZED -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $(B)/libfuzzer/$*_fuzz tests/fuzz/$*_fuzz.c lib/*.c $$(pkg-config --libs $(PKGS_lib))
	$(B)/libfuzzer/$*_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=5 -artifact_prefix=$(B)/libfuzzer/ \
		$(B)/libfuzzer/$* tests/fuzz/corpus/$*

deps:
	@scripts/deps

.PHONY: all run check quick deps bench fuzz
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
