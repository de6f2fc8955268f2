#!/usr/bin/env bash
# Checks the library with the oldest versions of its direct dependencies that Cargo.toml allows.
# Indirect dependencies are the newest. Run it on demand: it builds everything anew.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r src docs README.md "$folder/"
# The library alone, without dependencies of tests: those need later versions.
python3 - "$folder" <<'SCRIPT'
import re
import sys

with open("Cargo.toml", encoding="utf-8") as file:
    text = file.read()
inherited = dict(re.findall(r'^(edition|rust-version) = (".*")$', text.split("[workspace.package]", 1)[1], re.M))
for key, value in inherited.items():
    text = text.replace(f"{key}.workspace = true", f"{key} = {value}")
text = re.sub(r'members = .*\n', "", text)
text = re.sub(r"\[dev-dependencies\]\n.*?(?=\n\[)", "", text, flags=re.S)
text = re.sub(r"\n\[\[(test|bench)\]\]\n.*?(?=\n\[)", "", text, flags=re.S)
with open(f"{sys.argv[1]}/Cargo.toml", "w", encoding="utf-8") as file:
    file.write(text)
SCRIPT
cd "$folder"
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$folder/target}
RUSTC_BOOTSTRAP=1 cargo -Z direct-minimal-versions generate-lockfile
[ $# -gt 0 ] || set -- default all
for features in "$@"; do
    case $features in
        all) cargo check --quiet --all-features ;;
        *) cargo check --quiet --no-default-features --features "$features" ;;
    esac
    echo "$features builds with the oldest versions."
done
