#!/usr/bin/env bash
# Runs what requests share in so many schedules of each kind, 1000 unless told, and names those laws
# that have the word in their names, or all.
#
#     tests/interleavings/run.sh [SCHEDULES] [WORD]
set -euo pipefail
cd "$(dirname "$0")"

root=${CARGO_TARGET_DIR:-$PWD/../../target}
CARGO_TARGET_DIR="$root/interleavings" cargo run --release --quiet -- "${1:-1000}" "${2:-}"
