#!/usr/bin/env bash
# Checks the library with the oldest Rust that it promises. A crate of its own depends on it, without
# our lock file, so it gets the versions that resolve for that Rust today.
#
#     .ci/oldest_rust.sh [databases]
#
# With `databases` it checks all features, with the oldest Rust that the databases need. Needs rustup.
set -euo pipefail
cd "$(dirname "$0")/.."

features=default,aws-lc-rs,deprecated-kinds,redis,test-util,tracing,webauthn-rs
version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if [ "${1:-}" = databases ]; then
    features+=,postgres,sqlite
    version=$(sed -n 's/^LATER = .*"sqlite": "\(.*\)"}$/\1/p' .ci/dependencies.py)
fi
toolchain=$version.0
rustup run "$toolchain" rustc --version >/dev/null 2>&1 || rustup toolchain install "$toolchain" --profile minimal

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
touch "$folder/src/lib.rs"
cat >"$folder/Cargo.toml" <<MANIFEST
[package]
name = "consumer"
version = "0.0.0"
edition = "2024"
rust-version = "$version"

[workspace]

[dependencies]
credential-code = { path = "$PWD", features = ["${features//,/\", \"}"] }
MANIFEST
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cd "$folder"
cargo "+$toolchain" check --quiet
echo "The library builds with Rust $toolchain: $features."
