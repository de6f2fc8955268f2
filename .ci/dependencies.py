#!/usr/bin/env python3
"""Holds the dependencies against deny.toml and against our own `rust-version`, in seconds.

Licences, sources and duplicates are those that deny.toml allows. Each run checks that, also where
`cargo deny` is not installed. No package that a feature brings asks for a later Rust than we promise.
Together with clippy's `incompatible_msrv`, which looks at what we use of `std`, this stands for
`.ci/oldest_rust.sh` in each run.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict

OURS = "credential-code"
# sqlx needs a later Rust, and Cargo.toml says so.
LATER = {"postgres": "1.94", "sqlite": "1.94"}
# Duplicates below these are theirs: deny.toml lists them as trees.
OF_OTHERS = {"postgres", "redis", "sqlite", "webauthn-rs"}


def metadata():
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--all-features"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def built(*features):
    """Returns the names and versions that a user of these features builds."""
    command = ["cargo", "tree", "--locked", "-p", OURS, "-e", "normal,build", "--target", "all", "--prefix", "none"]
    command += ["--format", "{p}", "--no-default-features", "--features", ",".join(features)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {tuple(line.removeprefix("*").split()[:2]) for line in lines if line}


def is_allowed(expression, allowed, used):
    """Tells whether the allowed licences meet a licence expression (SPDX), and notes those that it names."""
    tokens = re.findall(r"[()]|[\w.+-]+", expression.replace("/", " OR "))

    def alternatives():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        token = tokens.pop(0)
        if token == "(":
            met = alternatives()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            token = " ".join([token, tokens.pop(0), tokens.pop(0)])
        if token in allowed:
            used.add(token)
        return token in allowed

    return alternatives()


def number(version):
    return tuple(int(part) for part in version.split(".")[:2])


def main():
    wrong = []
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    packages = metadata()["packages"]
    used = set()
    for package in packages:
        name = f"{package['name']} {package['version']}"
        source = package["source"]
        if source not in (None, "registry+https://github.com/rust-lang/crates.io-index"):
            wrong.append(f"{name} is from {source}")
        if source and not is_allowed(package["license"] or "none", rules["licenses"]["allow"], used):
            wrong.append(f"{name} has the licence {package['license']}")
    for licence in rules["licenses"]["allow"]:
        if licence not in used:
            wrong.append(f"deny.toml allows {licence}, which nothing has")

    ours = next(package for package in packages if package["name"] == OURS)
    copies = defaultdict(set)
    for name, version in built(*(set(ours["features"]) - OF_OTHERS)):
        copies[name].add(version)
    known = {entry["name"] for entry in rules["bans"]["skip"]}
    for name, versions in sorted(copies.items()):
        if len(versions) > 1 and name not in known:
            wrong.append(f"{name} is there as {', '.join(sorted(versions))}")
        if len(versions) == 1 and name in known:
            wrong.append(f"deny.toml lets in {name} twice, and it is there once")

    rust = {(package["name"], f"v{package['version']}"): package["rust_version"] for package in packages}
    for feature in ours["features"]:
        promised = LATER.get(feature, ours["rust_version"])
        for name, version in built(feature):
            asked = rust[name, version]
            if asked and number(asked) > number(promised):
                wrong.append(f"the feature {feature} needs Rust {asked} for {name} {version}")

    for line in dict.fromkeys(wrong):
        print(line, file=sys.stderr)
    print(f"{len(packages)} packages, {len(wrong)} things wrong.")
    sys.exit(bool(wrong))


main()
