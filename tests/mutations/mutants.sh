#!/usr/bin/env bash
# Changes one expression of the sources after the other, and expects that a test fails. Needs
# cargo-mutants. It works on a copy, and lists the survivors in target/mutants.out/missed.txt.
#
#     tests/mutations/mutants.sh proofs|steps|stores|actions [SHARD/SHARDS]
set -euo pipefail
cd "$(dirname "$0")/../.."

room=${1:?proofs, steps, stores or actions}
case $room in
    proofs)
        files=(attestation assertion crypto signed)
        tests=(--lib --test action --test verify)
        ;;
    steps)
        files=(code enrolment once)
        tests=(--lib --test action --test code)
        ;;
    stores)
        files=(store)
        tests=(--lib --test code --test stores)
        ;;
    actions)
        files=(action sign_in manage secret)
        tests=(--lib --test action --test code)
        ;;
    *)
        echo "There is no room $room." >&2
        exit 1
        ;;
esac
arguments=()
for file in "${files[@]}"; do
    arguments+=(--file "src/$file/**" --file "src/$file.rs")
done
[ -z "${2:-}" ] || arguments+=(--shard "$2")
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1
cargo mutants --package credential-code --baseline skip --output target --colors never "${arguments[@]}" -- "${tests[@]}"
