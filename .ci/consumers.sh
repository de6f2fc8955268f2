#!/usr/bin/env bash
# Builds crates that depend on this one, each in its own folder and without our lock file. So a
# newcomer gets the versions that resolve today. Warnings in our own code are errors, deprecations
# too.
#
#     .ci/consumers.sh [whole]
#
# With `whole` it also builds a typical application, which takes long. `tests/bridge` builds the
# same two releases of webauthn-rs beside each other in each run. `whole` needs OpenSSL.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

step() { printf '\n== %s\n' "$*"; }

# Prints the code of a consumer with that feature.
with_feature() {
    case $1 in
        aws-lc-rs) echo 'let _ = credential_code::crypto::PublicKey::verify;' ;;
        axum-core) echo 'let _ = <credential_code::error::Error as axum_core::response::IntoResponse>::into_response;' ;;
        deprecated-kinds) echo 'let _ = credential_code::secret::PasswordPolicy::argon2id;' ;;
        fido2) echo 'let _ = credential_code::attestation::AttestationEngine::default();' ;;
        postgres | sqlite) echo 'let _ = size_of::<credential_code::store::SqlStore>();' ;;
        redis) echo 'let _ = size_of::<credential_code::store::RedisStore>();' ;;
        test-util) echo 'let _ = credential_code::testing::KeyClient::p256();' ;;
        webauthn-rs) echo 'let _ = (credential_code::attestation::AttestationEngine::WebauthnRs, credential_code::bridge::descriptor);' ;;
        memory | tracing) ;;
        *) echo "nobody says what a consumer does with $1" >&2; return 1 ;;
    esac
}

# consumer NAME FEATURES [DEPENDENCY…]: `default` among the features stands for the default ones.
consumer() {
    local name=$1 features=$2 lines='' listed=''
    local own="$folder/$name" defaults=false dependencies=''
    shift 2
    [ $# = 0 ] || dependencies=$(printf '%s\n' "$@")
    mkdir -p "$own/src"
    for feature in ${features//,/ }; do
        if [ "$feature" = default ]; then
            defaults=true
            lines+=$(with_feature fido2)$'\n'
        else
            listed+="\"$feature\", "
            [ "$feature" != axum-core ] || dependencies+='axum-core = "0.5"'
            lines+=$(with_feature "$feature")$'\n'
        fi
    done
    cat >"$own/Cargo.toml" <<MANIFEST
[package]
name = "consumer"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
credential-code = { path = "$root", default-features = $defaults, features = [$listed] }
$dependencies
MANIFEST
    cat >"$own/src/main.rs" <<MAIN
use credential_code::model::CredentialKind;
use credential_code::{CodePolicy, RelyingParty};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
    let _ = CodePolicy::default().kinds([CredentialKind::Key]);
    $lines
    Ok(())
}
MAIN
}

in_folder() { (cd "$folder/$1" && shift && "$@"); }

# checks NAME [ARGUMENT…]: flags for the compiler would compile each dependency again.
checks() {
    local said
    said=$(in_folder "$1" cargo check --quiet "${@:2}" 2>&1) || { echo "$said" >&2; return 1; }
    [ -z "$said" ] || { printf 'warnings:\n%s\n' "$said" >&2; return 1; }
}

builds() {
    consumer "$@"
    checks "$1"
    echo "$1 builds."
}

resolves() {
    consumer "$@"
    in_folder "$1" cargo generate-lockfile --quiet
    echo "$1 resolves."
}

step "consumers: no feature, each alone, the usual ones together, and all"
builds nothing ""
for feature in aws-lc-rs axum-core deprecated-kinds fido2 memory postgres redis sqlite tracing test-util webauthn-rs; do
    builds "$feature" "$feature"
done
builds default default
builds all default,aws-lc-rs,deprecated-kinds,postgres,redis,sqlite,tracing,test-util,webauthn-rs

step "consumers: a feature that is switched on later finds a lock file"
consumer later default
in_folder later cargo generate-lockfile --quiet
consumer later default,webauthn-rs
in_folder later cargo tree --quiet >/dev/null
echo "webauthn-rs after the default ones resolves."

step "consumers: what a host has beside it"
sqlx() { echo "sqlx = { version = \"$1\", default-features = false, features = [\"runtime-tokio\", \"$2\"] }"; }
builds beside-webauthn-rs-0.6 default,postgres,webauthn-rs 'webauthn-rs = "0.6"' "$(sqlx 0.9 postgres)"
# The dependencies of a typical application: sessions, a sign-in of the previous release, a pool of
# the previous sqlx.
application=('axum-login = "0.18"' 'tower-sessions = "0.14"' 'webauthn-rs = "=0.5.5"')
case ${1:-} in
    whole) builds in-an-application default,postgres,webauthn-rs "${application[@]}" "$(sqlx 0.8 postgres)" ;;
    *) resolves in-an-application default,postgres,webauthn-rs "${application[@]}" "$(sqlx 0.8 postgres)" ;;
esac
# Both use one SQLite library, which takes long to compile.
resolves in-an-application-on-sqlite default,sqlite,webauthn-rs "${application[@]}" "$(sqlx 0.8 sqlite)"
# Before 0.6.2 it needs OpenSSL or pre-releases, so we do not ask whether those versions build.
for version in 0.5.0 0.5.1 0.5.2 0.5.3 0.5.4 0.5.5 0.6.0-dev 0.6.1-dev; do
    resolves "beside-webauthn-rs-$version" default "webauthn-rs = \"=$version\""
done
checks beside-webauthn-rs-0.5.5 -p credential-code
resolves beside-rsa-0.10 default 'rsa = "0.10.0"'

step "consumers: the tree stays small"
# packages NAME MOST
packages() {
    local count
    count=$(in_folder "$1" cargo tree --quiet -p credential-code -e normal --prefix none | sed 's/ (\*)$//' | sort -u | wc -l)
    echo "$1: $count packages, and at most $2 are allowed."
    [ "$count" -le "$2" ]
}
packages default 125
packages memory 97
