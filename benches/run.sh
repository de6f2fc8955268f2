#!/usr/bin/env bash
# Measures everything in one go, with both backends and beside the peers. Writes the results into
# README.md and results.svg beside this file. Needs Python 3. Peers whose language is missing are left
# out.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
lines="$target/bench-lines.txt"
rm -rf "$target/criterion" "$lines"

# A backend is chosen when the crate is compiled, so there are two builds. Figures that do not depend
# on the backend are measured in the first.
cargo bench --features webauthn-rs --bench attestation --bench flow --bench http --bench layer --bench outstanding | tee -a "$lines"
cargo bench --features aws-lc-rs,webauthn-rs --bench attestation --bench flow --bench http | tee -a "$lines"

peers="$target/bench-peers"
mkdir -p "$peers"
if command -v npm >/dev/null; then
    (cd benches/peers && npm install --no-audit --no-fund --no-package-lock && node simplewebauthn.mjs) | tee -a "$lines"
fi
if python3 -m venv "$peers/venv"; then
    "$peers/venv/bin/pip" install --quiet --requirement benches/peers/requirements.txt
    "$peers/venv/bin/python" benches/peers/py_webauthn.py | tee -a "$lines"
fi

python3 benches/report.py "$target/criterion" "$lines"
