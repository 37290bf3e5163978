# The front door. Everything that is built lies in build/; Meson and Ninja do the work.
#   make help    lists the targets

BUILD  ?= build
PREFIX ?= /usr/local
prefix ?= $(PREFIX)
LISTEN ?= 127.0.0.1:8420
DATA   ?= ./data
CONFIG ?= examples/team.yaml

# Who has the web interface as it was built (web/dist, in a release archive) needs no Node; nor does who says WEB=no and
# goes without one.
WEB    ?= $(if $(wildcard .git),web,$(if $(wildcard web/dist/index.json),,web))
web    := $(filter web,$(WEB))

MESON  := meson
NINJA  := ninja $(if $(JOBS),-j$(JOBS))
# configure(folder, options): a folder that is configured already is left as it is.
configure = test -f $(BUILD)/$(1)/build.ninja || $(MESON) setup $(WERROR) $(BUILD)/$(1) $(2)
sanitized = -Db_lundef=false -Dc_args=-fno-sanitize-recover=all

.DEFAULT_GOAL := build
.PHONY: help run build install uninstall dist test test-failover check bench fuzz asan asan-build tsan format clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: build ## installs what is missing, builds, starts a trial server on http://$(LISTEN)
	@TOCSIN_ALLOW_PRIVATE=$${TOCSIN_ALLOW_PRIVATE:-127.0.0.0/8} TOCSIN_BOARD=$${TOCSIN_BOARD:-open} \
	  exec $(BUILD)/tocsin serve --listen $(LISTEN) --data $(DATA) --config $(CONFIG)

build: ## the program, at build/tocsin
	@tools/setup build $(web)
	@$(call configure,release,--prefix=$(prefix))
	@$(NINJA) -C $(BUILD)/release
	@ln -sfn release/src/app/tocsin $(BUILD)/tocsin

install: build ## the program and its files, under DESTDIR and prefix (/usr/local)
	@$(MESON) configure $(BUILD)/release --prefix=$(prefix)
	@DESTDIR=$(DESTDIR) $(MESON) install -C $(BUILD)/release

uninstall: ## removes what `make install` with the same DESTDIR and prefix put there
	@$(call configure,release,--prefix=$(prefix))
	@$(MESON) configure $(BUILD)/release --prefix=$(prefix)
	@tools/uninstall $(BUILD)/release "$(DESTDIR)"

dist: build ## the release archive, with the web interface built: build/release/meson-dist
	@$(MESON) dist -C $(BUILD)/release --no-tests --formats gztar

test: ## every test; about 20 minutes on two cores
	@tools/setup build web test browser
	@$(call configure,test,-Dtests=true)
	@$(NINJA) -C $(BUILD)/test
	@tools/run-tests --build $(BUILD)/test

test-failover: ## FAULTS (20) faults of three nodes and their database under load; SEED replays
	@tools/setup build test
	@$(call configure,test,-Dtests=true)
	@$(NINJA) -C $(BUILD)/test
	@TOCSIN_BUILD=$(abspath $(BUILD)/test) FAULTS=$(FAULTS) SEED=$(SEED) CI=$(CI) python3 test/failover/failover_test.py

check: ## format, house rules, static analysis, both compilers with -Werror
	@tools/setup build $(web) check test
	@BUILD=$(BUILD) tools/check

asan: asan-build ## every C test under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/run-tests --build $(BUILD)/asan --sanitizer asan --no-programs

asan-build:
	@tools/setup build test check
	@CC=clang; export CC; $(call configure,asan,-Dtests=true -Db_sanitize=address$(,)undefined $(sanitized))
	@$(NINJA) -C $(BUILD)/asan

tsan: ## every unit test under ThreadSanitizer
	@tools/setup build test check
	@CC=clang; export CC; $(call configure,tsan,-Dtests=true -Db_sanitize=thread $(sanitized))
	@$(NINJA) -C $(BUILD)/tsan
	@tools/run-tests --build $(BUILD)/tsan --sanitizer tsan --suite unit

fuzz: ## each fuzz target for FUZZ_SECONDS (30)
	@tools/setup build test fuzz
	@BUILD=$(BUILD) tools/fuzz

bench: ## the figures of docs/performance.md, measured here
	@tools/setup build test bench
	@$(call configure,test,-Dtests=true)
	@$(NINJA) -C $(BUILD)/test
	@BUILD=$(BUILD) bench/run

format: ## lays out every C file
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

clean: ## removes build/ (not data/)
	rm -rf $(BUILD)

, := ,
