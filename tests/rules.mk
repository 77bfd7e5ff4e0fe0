# How the tests, the fuzzers and the benchmarks are built and run.
TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*_test.c)) $(B)/unit/lib/scan_portable_test
FUZZ  = $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c tests/fuzz/*/*_fuzz.c))
BENCH = $(patsubst tests/%.c,$(B)/%,$(wildcard tests/bench/*_bench.c tests/bench/*/*_bench.c))
INPUT = $(FUZZ:%=$(B)/fuzz/%_fuzz) $(B)/fuzz/scan_diff
QUICK = $(wildcard tests/golden/*.t tests/streams/*.t)
FAST  = $(QUICK) $(wildcard tests/apiserver/*.t tests/chaos/*.t)
# CLUSTER=no leaves out what wants a real control plane, and so Go
SLOW  = $(if $(filter no,$(CLUSTER)),,$(wildcard tests/cluster/*.t))
# Most tests wait for servers, so several run at a time; a control plane wants
# the machine for itself, so those that start one follow each other.
JOBS ?= 4
PROVE = prove -j $(JOBS) --rules 'seq=tests/cluster/*.t' --rules 'par=**' --failures --comments -e ''

check: deps
	@$(MAKE) all $(TESTS) $(INPUT)
	BIN=$(BIN) $(PROVE) $(SLOW) $(TESTS) $(INPUT) $(FAST)

# The inner loop of a change, under a sanitizer too: make quick SAN=asan
quick: all $(TESTS)
	BIN=$(BIN) $(PROVE) $(TESTS) $(QUICK)

bench: all $(BENCH)
	@set -e; for b in $(BENCH); do $$b; done
	@BIN=$(BIN) tests/bench/fingerprint.py
	@BIN=$(BIN) tests/bench/pipe.sh
	@BIN=$(BIN) tests/bench/cluster.sh

# The same faults as in make check, for as long as patience lasts: 1,000 deaths,
# and SOAK streams at random, each of a seed that is printed.
SOAK ?= 200
soak: all
	BIN=$(BIN) ROUNDS=1000 tests/chaos/killed.t
	@for i in $$(seq $(SOAK)); do BIN=$(BIN) ROUNDS=30 tests/chaos/model.t || exit 1; done

.SECONDEXPANSION:
# A test of tests/unit/ms-watch may use all that ms-watch is made of but main.
TEST_LINK = @mkdir -p $(@D); $(LINK) -o $@ $^
$(B)/unit/%: $(B)/tests/unit/%.o $$(addprefix $(B)/,$$(addsuffix .a,$$(filter-out lib,$$(*D)))) $(B)/lib.a
	$(TEST_LINK) $$(pkg-config --libs $(PKGS_$(*D))) -ljq
$(B)/portable/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -DSCAN_PORTABLE -c -o $@ $<
$(B)/unit/lib/scan_portable_test: $(B)/tests/unit/lib/scan_test.o $(B)/portable/lib/scan.o $(B)/lib.a
	$(TEST_LINK)
# So may a target of tests/fuzz/ms-watch; those beside that folder are of lib.
$(B)/fuzz/%_fuzz: $(B)/tests/fuzz/%_fuzz.o $(B)/tests/fuzz/fuzz_main.o $$(addprefix $(B)/,$$(addsuffix .a,$$(filter-out .,$$(*D)))) $(B)/lib.a
	$(TEST_LINK) $$(pkg-config --libs $(PKGS_lib) $(PKGS_$(*D)))
$(B)/fuzz/scan_diff $(BENCH): $(B)/%: $(B)/tests/%.o $$(addprefix $(B)/,$$(addsuffix .a,$$(filter $$(STAGES),$$(notdir $$(*D))))) $(B)/lib.a
	$(TEST_LINK) -ljq $$(pkg-config --libs $(PKGS_lib) $(PKGS_$(notdir $(*D))))

# Each target for FUZZ_SECONDS; what is found new lands in $(B)/libfuzzer.
FUZZ_SECONDS ?= 60
fuzz: $(FUZZ:%=fuzz-%) fuzz-wire
# Other objects each time; what differs is printed with its number.
fuzz-wire: all
	WIRE_OBJECTS=20000 WIRE_SEED=$$(date +%s) BIN=$(BIN) tests/streams/wire.t
FUZZ_STAGE = $(filter ms-%,$(patsubst %/,%,$(dir $*)))
$(FUZZ:%=fuzz-%): fuzz-%: $(B)/signatures.yaml
	@mkdir -p $(B)/libfuzzer/$*
	clang $(CPPFLAGS) $(FUZZ_STAGE:%=-Icmd/%) -g -O1 -DMS_SANITIZED -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $(B)/libfuzzer/$*_fuzz tests/fuzz/$*_fuzz.c $(filter-out %/main.c,$(wildcard $(FUZZ_STAGE:%=cmd/%/*.c))) \
		lib/*.c $$(pkg-config --libs $(PKGS_lib) $(PKGS_$(FUZZ_STAGE)))
	$(B)/libfuzzer/$*_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=5 -artifact_prefix=$(B)/libfuzzer/ \
		$(B)/libfuzzer/$* tests/fuzz/corpus/$(notdir $*)

C_FILES  = $(wildcard lib/*.[ch] cmd/*/*.[ch] tests/*.h tests/*/*.[ch] tests/unit/*/*.[ch] tests/fuzz/*/*.[ch])
SH_FILES = .ci/run $(filter-out %.1,$(wildcard scripts/*)) tests/cluster/harness.sh $(shell grep -lE '^\#!/bin/(ba)?sh' tests/*/*.sh tests/*/*.t)
lint:
	clang-format --dry-run -Werror $(C_FILES)
	@mkdir -p $(B) && printf '%s\n' $(filter-out -I%,$(CPPFLAGS)) $(addprefix -I$(CURDIR)/,lib $(STAGES:%=cmd/%) $(B)) \
		$$(pkg-config --cflags libcurl libnats sqlite3) >$(B)/compile_flags.txt
	printf '%s\n' $(wildcard lib/*.c cmd/*/*.c) | xargs -P 2 -n 8 clang-tidy --quiet -p $(B)
	shellcheck -x -S warning $(SH_FILES)
	mandoc -Tlint -Wwarning $(MAN)

.PHONY: check quick bench soak fuzz lint $(FUZZ:%=fuzz-%)
