#!/usr/bin/env bash
# Runs each fuzz target, or the one that is named, for so many seconds, two side by side. Works on
# stable Rust: the instrumentation of libFuzzer is a pass of LLVM. Needs a C++ compiler.
#
#     [SEED=NUMBER] fuzz/run.sh SECONDS [TARGET]
#
# With a seed, a search makes the same inputs again. Without one, it makes others each time.
#
# First come the inputs in `regressions/TARGET`, which once failed or were slow. `seeds/TARGET` is
# where a search begins.
set -euo pipefail
cd "$(dirname "$0")"

export SECONDS_EACH=${1:?for how many seconds each}
root=${CARGO_TARGET_DIR:-$PWD/../target}
export CARGO_TARGET_DIR="$root/fuzz"
flags=(-Cpasses=sancov-module)
for argument in -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters \
    -sanitizer-coverage-pc-table -sanitizer-coverage-trace-compares; do
    flags+=("-Cllvm-args=$argument")
done
# With a target named, the flags are not those of build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${flags[*]}" cargo build --release --target "$host"
export FUZZ="$CARGO_TARGET_DIR/$host/release/fuzz"

run() {
    export TARGET=$1
    local corpus="$CARGO_TARGET_DIR/corpus/$1" log="$CARGO_TARGET_DIR/$1.log" executed
    mkdir -p "$corpus"
    shopt -s nullglob
    local seeds=() regressions=("regressions/$1"/*)
    [ ! -d "seeds/$1" ] || seeds=("seeds/$1")
    # An input that takes more than five seconds is an error.
    local limits=(-timeout=5 -max_len=8192 -print_final_stats=1 "-artifact_prefix=$CARGO_TARGET_DIR/$1-" "-seed=${SEED:-0}")
    # Files are run, and a folder is where a search begins.
    if { [ ${#regressions[@]} -eq 0 ] || "$FUZZ" "${limits[@]}" "${regressions[@]}" >"$log" 2>&1; } &&
        "$FUZZ" "${limits[@]}" -max_total_time="$SECONDS_EACH" "$corpus" "${seeds[@]}" >"$log" 2>&1; then
        executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "$1: $executed"
    else
        printf '%s failed:\n%s\n' "$1" "$(tail -40 "$log")"
        # So that no other target starts.
        return 255
    fi
}
export -f run

for source in targets/*.rs; do
    target=$(basename "$source" .rs)
    [ "$target" = main ] || [ "${2:-$target}" != "$target" ] || echo "$target"
done | xargs -P 2 -I {} bash -c 'run {}'
