#!/usr/bin/env bash
# Runs each fuzz target, or the one that is named, for so many seconds. Works on stable Rust: the
# instrumentation of libFuzzer is a pass of LLVM. Needs a C++ compiler.
#
#     fuzz/run.sh SECONDS [TARGET]
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?for how many seconds each}
root=${CARGO_TARGET_DIR:-$PWD/../target}
export CARGO_TARGET_DIR="$root/fuzz"
flags=(-Cpasses=sancov-module)
for argument in -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters \
    -sanitizer-coverage-pc-table -sanitizer-coverage-trace-compares; do
    flags+=("-Cllvm-args=$argument")
done
# With a target named, the flags are not those of build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${flags[*]}" cargo build --release --bins --target "$host"

for source in targets/*.rs; do
    target=$(basename "$source" .rs)
    [ -z "${2:-}" ] || [ "$2" = "$target" ] || continue
    corpus="$CARGO_TARGET_DIR/corpus/$target"
    mkdir -p "$corpus"
    printf '%s: ' "$target"
    # An input that takes more than five seconds is an error.
    "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$seconds" -timeout=5 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$CARGO_TARGET_DIR/" "$corpus" >"$CARGO_TARGET_DIR/$target.log" 2>&1 ||
        { tail -40 "$CARGO_TARGET_DIR/$target.log"; exit 1; }
    sed -n 's/^stat::number_of_executed_units: *//p' "$CARGO_TARGET_DIR/$target.log"
done
