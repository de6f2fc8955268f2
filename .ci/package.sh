#!/usr/bin/env bash
# Packs the crate as it would be published. Checks the content of the package apart from all other
# files here: the library and the rules of the house, which read other files.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG:-0}
cargo package --quiet --allow-dirty --no-verify -p credential-code
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzf "$CARGO_TARGET_DIR"/package/credential-code-*.crate -C "$folder" --strip-components=1
# The same versions that everything else was tested with.
cp Cargo.lock "$folder/"
cd "$folder"
cargo check --quiet --all-features
echo "$(find . -type f | wc -l) files, and the library builds from them."
