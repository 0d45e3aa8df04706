# The front door. Meson and Ninja do the work; see CONTRIBUTING.md.
PREFIX ?= /usr/local
DEMO_SECONDS ?=
FUZZ_SECONDS ?= 60

.PHONY: all demo check asan tsan fuzz bench docs format lint install clean

all: build/build.ninja
	@ninja -C build spectate ws-echo

build/build.ninja:
	@command -v meson >/dev/null || { echo "meson is missing: run tools/setup build (it installs Debian packages)" >&2; exit 1; }
	meson setup build --buildtype=release --prefix=$(PREFIX)

# Install what is missing, build, and show the server at work: the prototype's scenario, then a small race until Ctrl-C or for
# DEMO_SECONDS.
demo:
	@tools/setup demo
	@$(MAKE) --no-print-directory all
	@DEMO_SECONDS=$(DEMO_SECONDS) tools/demo

# Everything that CI does. Single steps: tools/check --help.
check:
	@tools/setup check
	@tools/check

# The tests under sanitizers; build-asan/ and build-tsan/ stay for debugging.
asan:
	@tools/check unit e2e

tsan:
	@tools/check tsan

# libFuzzer on every target, FUZZ_SECONDS each. New inputs that matter are copied to tests/fuzz/corpus by hand.
fuzz:
	@tools/fuzz $(FUZZ_SECONDS)

# The micro benches, then whole servers side by side (docs/benchmarks.md): some twenty minutes, on a quiet machine.
bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@ninja --quiet -C build benches
	@bench/count
	@bench/compare/run

# The pages that are made from tables: docs/configuration.md, docs/metrics.md.
docs: all
	@tools/check_docs --write build/spectate

format:
	@tools/list_files '*.[ch]' src tests bench | xargs clang-format -i

lint:
	@tools/check lint

install: all
	meson install -C build --no-rebuild

clean:
	rm -rf build build-asan build-tsan build-werror build-fuzz web/client/dist
