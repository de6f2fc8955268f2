#!/usr/bin/env python3
"""Takes away one defence at a time, and expects the test that is named for it to fail.

    tests/mutations/run.py [all | WORD…]

Makes the patches that docs/defences.md has no row of, or all of them, or those whose lines have one of
the words, and writes what came of it there. Works on a copy of the sources in the target folder. Each
patch costs a build of the crate and of one test binary, which is about half a minute.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests/mutations/defences.txt"
RESULTS = ROOT / "docs/defences.md"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
COPY = TARGET / "mutations"
FEATURES = {"default": [], "all": ["--all-features"]}
# A test that waits for ever fails, too.
LONGEST = 240

HEAD = """\
# Defences, one taken away at a time

Each row is a small patch that takes one defence of the [threat model](threat-model.md) away. The
named test then fails. `tests/mutations/run.py` makes the patches in `tests/mutations/defences.txt`,
one after the other, and writes this page. `tests/house/claims.rs` holds that every attack of the
threat model has a patch, and that each patch still fits, was made and does not survive. The last column
is the beginning of the patch's SHA-256, so that a patch that was changed has to be made again.

"""


class Patch:
    def __init__(self, block):
        self.block = block
        lines = block.split("\n")
        self.attack = lines[0].removeprefix("= ")
        fields = dict(line.split(" ", 1) for line in lines[1:4])
        self.file, self.test, self.features = fields["file"], fields["test"], fields["features"]
        self.old = [line[2:].strip() for line in lines[4:] if line.startswith("-")]
        self.new = [line[2:] for line in lines[4:] if line.startswith("+")]
        self.id = hashlib.sha256(block.encode()).hexdigest()[:8]

    def applied(self, source):
        """The source with the defence taken away."""
        lines = source.split("\n")
        trimmed = [line.strip() for line in lines]
        places = [at for at in range(len(lines)) if trimmed[at : at + len(self.old)] == self.old]
        if len(places) != 1:
            sys.exit(f"{self.file} has {len(places)} times what this patch replaces:\n{self.block}")
        lines[places[0] : places[0] + len(self.old)] = self.new
        return "\n".join(lines)

    def command(self):
        """What builds the binary that the named test is in."""
        binary = self.test.split("/")[0]
        chosen = ["--lib"] if binary == "unit" else ["--test", binary]
        return ("cargo", "test", "--quiet", *FEATURES[self.features], *chosen)

    def name(self):
        return self.test.split("::")[1]


def read_patches():
    text = "\n".join(line for line in PATCHES.read_text().split("\n") if not line.startswith("#"))
    return [Patch(block.strip()) for block in re.split(r"\n(?== )", text) if block.strip()]


def call(*command, longest=None):
    """Returns whether the command succeeds, and what it prints. Ends all that it started after so long."""
    environment = {"CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "1", **os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    with subprocess.Popen(
        command,
        cwd=COPY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            printed, _ = child.communicate(timeout=longest)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return False, "It waits for ever."
    return child.returncode == 0, printed


def run(patch):
    """Returns whether the named test passes, and what was printed. Tests of the same name in the same
    binary run along."""
    is_built, printed = call(*patch.command(), "--no-run")
    if not is_built:
        sys.exit(f"This does not compile:\n{patch.block}\n{printed}")
    passes, printed = call(*patch.command(), "--", patch.name(), longest=LONGEST)
    if passes and not re.search(r"running [1-9]\d* tests?", printed):
        sys.exit(f"No test is called {patch.test}.\n{printed}")
    return passes, printed


def copy_sources():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, copy = ROOT / name, COPY / name
        if not source.is_file() or (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


def known_results():
    """What earlier runs found, by the patch."""
    rows = RESULTS.read_text().split("\n") if RESULTS.exists() else []
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    return {row[4].strip("`"): row[3] for row in cells[2:]}


def write_results(patches, results):
    rows = [
        f"| {patch.attack} | `{patch.file}` | `{patch.test}` | {results[patch.id]} | `{patch.id}` |"
        for patch in patches
        if patch.id in results
    ]
    falls = sum(results.get(patch.id) == "falls" for patch in patches)
    made = f"Of {len(patches)} patches, {len(rows)} were made, and {falls} of these make their test fail.\n\n"
    table = ["| attack | patched file | test | without the defence it | patch |", "| --- | --- | --- | --- | --- |", *rows]
    RESULTS.write_text(HEAD + made + "\n".join(table) + "\n")


def main():
    patches = read_patches()
    words = sys.argv[1:]
    results = known_results()
    if words == ["all"]:
        chosen = patches
    elif words:
        chosen = [patch for patch in patches if any(word in patch.block for word in words)]
    else:
        chosen = [patch for patch in patches if patch.id not in results]
    copy_sources()
    # A test that fails in any case shows nothing.
    for patch in {(patch.command(), patch.name()): patch for patch in chosen}.values():
        passes, printed = run(patch)
        if not passes:
            sys.exit(f"{patch.test} fails without any patch.\n{printed}")
    survivors = 0
    for number, patch in enumerate(chosen, 1):
        file = COPY / patch.file
        source = file.read_text()
        file.write_text(patch.applied(source))
        try:
            passes, _ = run(patch)
        finally:
            file.write_text(source)
        results[patch.id] = "survives" if passes else "falls"
        survivors += passes
        print(f"{number} of {len(chosen)}: {results[patch.id]}: {patch.attack} ({patch.file}, {patch.id})", flush=True)
        write_results(patches, results)
    print(f"{len(chosen) - survivors} passed, {survivors} failed")
    sys.exit(survivors > 0)


main()
