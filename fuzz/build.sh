#!/usr/bin/env bash
# Builds the program with every fuzz target, and prints its path. Works on stable Rust: the
# instrumentation of libFuzzer is a pass of LLVM. Needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}/fuzz"
flags=(-Cpasses=sancov-module)
for argument in -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters \
    -sanitizer-coverage-pc-table -sanitizer-coverage-trace-compares; do
    flags+=("-Cllvm-args=$argument")
done
# With a target named, the flags are not those of build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${flags[*]}" cargo build --release --target "$host"
echo "$CARGO_TARGET_DIR/$host/release/fuzz"
