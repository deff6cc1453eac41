# namedex: build, tests and measurements.
#
# Two kinds of goals live here. The PGXS ones (all, install, uninstall, installcheck, clean) need a
# PostgreSQL server with its development files. The house ones (listed by `make help`) must also
# work where nothing but make is installed, so they never read PGXS: where they need the module
# they call make again for it.
#
# Invariant: objects under src/core are compiled without the server's include path, so that a
# PostgreSQL header in core is a compile error and not a matter of review.

HOUSE_GOALS := help deps check unit unit-build fuzz fuzz-build fuzz-run fuzz-keep fuzz-replay \
               demo bench bench-tools bench-writes soak check-versions check-run demo-run bench-run \
               bench-writes-run soak-run
GOALS := $(or $(MAKECMDGOALS),all)

# PG_MAJOR=17 chooses among Debian's parallel installations, PG_CONFIG=/path anything else. A
# pg_config counts only where the development files belonging to it are present.
PG_MAJOR ?=
ifndef PG_CONFIG
PG_CONFIG := $(shell for c in \
        $(if $(PG_MAJOR),/usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config, \
            pg_config $$(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -rV)); do \
    test -r "$$($$c --includedir-server 2>/dev/null)/postgres.h" && test -r "$$($$c --pgxs)" && \
    command -v $$c && break; done)
endif

# ---- mixed goals: one make each, in the order given ------------------------------------------
ifneq (,$(and $(filter $(HOUSE_GOALS),$(GOALS)),$(filter-out $(HOUSE_GOALS),$(GOALS))))

.NOTPARALLEL:
.PHONY: $(GOALS)
$(GOALS):
	+@$(MAKE) --no-print-directory $@

else ifneq (,$(filter $(HOUSE_GOALS),$(GOALS)))

# ---- house goals -----------------------------------------------------------------------------
.PHONY: $(HOUSE_GOALS)
export PG_CONFIG PG_MAJOR

help:
	@echo 'make                      build the module for the server of PG_CONFIG or PG_MAJOR'
	@echo 'make install              install it there;  make installcheck: pg_regress, isolation, TAP'
	@echo 'make demo                 from nothing to a searched table of 200,000 patients'
	@echo 'make check                everything: dependencies, build, unit, SQL, isolation, TAP tests'
	@echo '                          (or some of it: SUITES="unit fuzz boundary regress isolation tap clients")'
	@echo 'make check-versions       make check on PostgreSQL 17 and 18 (root; VERSIONS="trixie forky")'
	@echo 'make soak                 kills, standbys and mixed load for about an hour (docs/testing.md)'
	@echo 'make deps                 install what the goals above need and is missing (Debian)'
	@echo 'make unit                 unit tests of src/core (UNIT_ARGS=--gtest_filter=...)'
	@echo 'make fuzz                 build the fuzzers;  make fuzz-run SECONDS=600 [FUZZ=target]'
	@echo 'make fuzz-keep            merge what fuzz-run found into test/fuzz/seeds'
	@echo 'make fuzz-replay          run each fuzz target once over its seeds'
	@echo 'make bench                measure: ROWS=1000000 POPULATION=reference|dirty'
	@echo 'make bench-writes         measure inserts, WAL, and searches meanwhile (WRITES_ARGS=--help)'
	@echo 'make clean                remove everything that was built'

deps:
	@test/deps clients

# The server is looked for again once it is installed: hence a second make.
check demo bench bench-writes soak:
	@test/deps $(if $(filter bench,$@),python3) $(if $(filter check,$@),clients)
	+@$(MAKE) --no-print-directory $@-run

SUITES ?=
check-run:
	+@test/check $(SUITES)

# The tests under load with the long settings; each may be given on the command line or in the environment.
NAMEDEX_KILL_CYCLES ?= 220
NAMEDEX_KILL_MINIMAL ?= 40
NAMEDEX_KILL_RESTORED ?= 40
NAMEDEX_STANDBY_ROUNDS ?= 50
NAMEDEX_SOAK_SECONDS ?= 1800
NAMEDEX_FLIPS ?= 20000
TAP_FILES ?= 065_* 100_* 110_* 120_* 130_*
soak-run: export NAMEDEX_KILL_CYCLES := $(NAMEDEX_KILL_CYCLES)
soak-run: export NAMEDEX_KILL_MINIMAL := $(NAMEDEX_KILL_MINIMAL)
soak-run: export NAMEDEX_KILL_RESTORED := $(NAMEDEX_KILL_RESTORED)
soak-run: export NAMEDEX_STANDBY_ROUNDS := $(NAMEDEX_STANDBY_ROUNDS)
soak-run: export NAMEDEX_SOAK_SECONDS := $(NAMEDEX_SOAK_SECONDS)
soak-run: export NAMEDEX_FLIPS := $(NAMEDEX_FLIPS)
soak-run: export TAP_FILES := $(TAP_FILES)
soak-run:
	+@test/check tap

demo-run: bench-tools
	+@test/demo/run

check-versions:
	+@test/versions/run $(VERSIONS)

# -- unit tests: src/core, its naive twins and the tests, one program under ASan and UBSan
CXX ?= g++
CORE_SOURCES := $(sort $(wildcard src/core/*.cpp))
UNIT_SOURCES := $(CORE_SOURCES) $(sort $(wildcard test/core/*.cpp test/reference/*.cpp))
UNIT_OBJECTS := $(UNIT_SOURCES:%.cpp=build/unit/%.o)
UNIT_FLAGS := -std=c++17 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Isrc -Itest \
              -D_GLIBCXX_ASSERTIONS -DNAMEDEX_ASSERTS \
              -fsanitize=address,undefined -fno-sanitize-recover=all

unit: unit-build
	./build/unit/unit_tests $(UNIT_ARGS)

unit-build: build/unit/unit_tests

build/unit/unit_tests: $(UNIT_OBJECTS)
	$(CXX) -fsanitize=address,undefined -o $@ $^ -lgtest_main -lgtest -lpthread

$(UNIT_OBJECTS): build/unit/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	$(CXX) $(UNIT_FLAGS) -MMD -MP -c -o $@ $<

# -- fuzz targets: test/fuzz/NAME_fuzz.cpp over src/core. FUZZ narrows each goal to one target.
# Two builds of the same sources: clang's libFuzzer for finding, the unit tests' compiler and
# flags with a small main for replaying the seeds in `make check`.
FUZZ ?= $(patsubst test/fuzz/%_fuzz.cpp,%,$(sort $(wildcard test/fuzz/*_fuzz.cpp)))
SECONDS ?= 600
FUZZ_CXX ?= clang++
FUZZ_CORE := $(CORE_SOURCES) $(sort $(wildcard test/reference/*.cpp))
FUZZ_FLAGS := -std=c++17 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Isrc -Itest \
              -D_GLIBCXX_ASSERTIONS -DNAMEDEX_ASSERTS \
              -fsanitize=address,undefined -fno-sanitize-recover=all

fuzz fuzz-build: $(FUZZ:%=build/fuzz/%)

$(FUZZ:%=build/fuzz/%): build/fuzz/%: build/fuzz/obj/test/fuzz/%_fuzz.o \
                                      $(FUZZ_CORE:%.cpp=build/fuzz/obj/%.o)
	$(FUZZ_CXX) -fsanitize=fuzzer,address,undefined -o $@ $^

build/fuzz/obj/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	$(FUZZ_CXX) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

fuzz-run: fuzz-build
	@set -e; for target in $(FUZZ); do \
	    mkdir -p build/fuzz/corpus/$$target test/fuzz/seeds/$$target; \
	    echo "== $$target, $(SECONDS) s"; \
	    ./build/fuzz/$$target -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=3000 \
	        -print_final_stats=1 -artifact_prefix=build/fuzz/$$target- \
	        build/fuzz/corpus/$$target test/fuzz/seeds/$$target; \
	done

fuzz-keep: fuzz-build
	@set -e; for target in $(FUZZ); do \
	    mkdir -p build/fuzz/corpus/$$target test/fuzz/seeds/$$target; \
	    ./build/fuzz/$$target -merge=1 test/fuzz/seeds/$$target build/fuzz/corpus/$$target; \
	done

fuzz-replay: $(FUZZ:%=build/replay/%)
	@set -e; for target in $(FUZZ); do ./build/replay/$$target test/fuzz/seeds/$$target; done

$(FUZZ:%=build/replay/%): build/replay/%: build/unit/test/fuzz/%_fuzz.o build/unit/test/replay.o \
                                          $(FUZZ_CORE:%.cpp=build/unit/%.o)
	@mkdir -p $(@D)
	$(CXX) -fsanitize=address,undefined -o $@ $^

$(FUZZ:%=build/unit/test/fuzz/%_fuzz.o) build/unit/test/replay.o: build/unit/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	$(CXX) $(UNIT_FLAGS) -MMD -MP -c -o $@ $<

# -- measurements
ROWS ?= 1000000
POPULATION ?= reference
BENCH_ARGS ?=

bench-run: bench-tools
	+@test/bench/run --rows $(ROWS) --population $(POPULATION) $(BENCH_ARGS)

WRITES_ARGS ?=

bench-writes-run: bench-tools
	+@test/bench/writes $(WRITES_ARGS)

bench-tools: build/bench/generate

build/bench/generate: test/bench/generate.cpp Makefile
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -O2 -Wall -Wextra -o $@ $<

-include $(shell find build/unit build/fuzz/obj -name '*.d' 2>/dev/null)

else ifeq (,$(PG_CONFIG))

# ---- no server development files ---------------------------------------------------------------
.PHONY: $(GOALS)
$(filter-out clean distclean maintainer-clean,$(GOALS)):
	@echo 'namedex: no PostgreSQL with development files found; "make deps" installs them,' \
	      'PG_CONFIG=/path/to/pg_config names them' >&2; exit 1
$(filter clean distclean maintainer-clean,$(GOALS)):
	rm -rf build namedex.so results output_iso tmp_check regression.diffs regression.out
	find src \( -name '*.o' -o -name '*.d' \) -delete

else

# ---- the module, the PGXS way ------------------------------------------------------------------
SOURCES := $(sort $(wildcard $(foreach room,core pg storage am fetch inspect,src/$(room)/*.cpp)))
ifneq ($(words $(SOURCES)),$(words $(sort $(notdir $(SOURCES)))))
$(error two source files under src/ have the same base name: $(sort $(foreach f,$(SOURCES),\
    $(if $(filter-out 1,$(words $(filter %/$(notdir $f),$(SOURCES)))),$f))))
endif

MODULE_big = namedex
EXTENSION = namedex
DATA = $(sort $(wildcard namedex--*.sql))
OBJS = $(SOURCES:.cpp=.o)
CORE_OBJS = $(filter src/core/%,$(OBJS))
EXTRA_CLEAN = build $(OBJS:.o=.d) $(wildcard $(addprefix test/boundary/,*.o *.so *.d results regression.*))

PG_CPPFLAGS = -Isrc
PG_CXXFLAGS = -std=c++17 -Wextra -Wno-register -Wno-unused-parameter \
              -Wno-missing-field-initializers -fvisibility=hidden -fvisibility-inlines-hidden
CORE_CPPFLAGS = -Isrc -D_FORTIFY_SOURCE=2
# The scans over lexicon and postings gain from vectorised loops, which -O2 of g++ 11 leaves out.
CORE_CXXFLAGS = -O3
# A version script besides hidden visibility: the weak symbols of inline classes and templates
# would otherwise bind across modules loaded into one backend.
SHLIB_LINK += -Wl,--version-script=exports.map -lstdc++
# The bitcode step compiles with clang and does not see PG_CXXFLAGS; nothing here is inlined by JIT.
override with_llvm = no

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --load-extension=pg_trgm --load-extension=namedex $(OUTPUT:%=--outputdir=%)
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=pg_trgm --load-extension=namedex \
                 $(OUTPUT:%=--outputdir=%)
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))
ifneq (,$(PROVE_TESTS))
TAP_TESTS = 1
endif

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The server's headers as system headers: our warnings stay on, theirs are not ours to mend.
override CPPFLAGS := $(patsubst -I/%,-isystem /%,$(CPPFLAGS))

# Own rules for the objects: they track headers also where the server was built without
# --enable-depend, keep core apart, and rebuild when the server version or a flag changes.
$(filter-out $(CORE_OBJS),$(OBJS)): %.o: %.cpp build/flags
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(CORE_OBJS): %.o: %.cpp build/flags
	$(CXX) $(CXXFLAGS) $(CORE_CXXFLAGS) $(CORE_CPPFLAGS) -MMD -MP -c -o $@ $<

$(shlib): exports.map

.PHONY: always
build/flags: always
	@mkdir -p build
	@echo '$(VERSION) $(CXX) $(CXXFLAGS) $(CORE_CXXFLAGS) $(CPPFLAGS) $(CORE_CPPFLAGS)' > $@.new
	@if cmp -s $@ $@.new; then rm $@.new; else mv $@.new $@; fi

-include $(wildcard $(OBJS:.o=.d))

endif
