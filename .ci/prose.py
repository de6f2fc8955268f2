#!/usr/bin/env python3
"""Measures the prose of the project: long sentences, long lines, and subjects that are hard to read.

    .ci/prose.py           prints a table, a row for each room
    .ci/prose.py --where   prints each finding, too
    .ci/prose.py --check   fails if a bound is broken
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    "README and root": ["*.md"],
    "docs": ["docs/*.md"],
    "src": ["src/**/*.rs"],
    "tests": ["tests/**/*.rs", "benches/**/*.rs"],
    "examples": ["examples/**/*.rs", "examples/**/*.md"],
}
# Words of a sentence, and columns of a line of comment. Markdown wraps where it likes.
LONG, COLUMNS = 30, 100
# `who` and `whoever` as subjects at the beginning of a clause, and a relative clause by `of which`.
HARD = re.compile(r"(?:^|[.:;,(] )(?:Who|who|Whoever|whoever)\b(?![^.]*\?)|\bof (?:which|whom)\b|\bwhoever\b")


def paragraphs(path):
    """Yields the number of the first line and the text of each paragraph of prose."""
    is_rust = path.suffix == ".rs"
    block, begin, fenced = [], 0, False
    for number, line in enumerate(path.read_text().split("\n") + [""], 1):
        if is_rust:
            comment = re.match(r"\s*//[/!]?( |$)(.*)", line)
            text = comment.group(2) if comment else ""
        else:
            text = line
        if text.strip().startswith("```"):
            fenced = not fenced
            text = ""
        begins = re.match(r"\s*([-*] |\d+\. |\||#)", text)
        if fenced or not text.strip() or begins:
            if block:
                yield begin, " ".join(block)
            block = []
        if fenced or not text.strip() or text.lstrip().startswith(("#", "[")):
            continue
        if text.lstrip().startswith("|"):
            for cell in text.strip().strip("|").split(" | "):
                yield number, cell.strip()
            continue
        if not block:
            begin = number
        block.append(re.sub(r"^\s*([-*] |\d+\. )", "", text).strip())


def sentences(text):
    text = re.sub(r"\]\([^)]*\)|\[`?[^\]]*`?\]: \S+|<!--.*?-->", " ", text)
    text = re.sub(r"`[^`]*`", "code", text)
    return [one for one in re.split(r"(?<=[.!?])\s+", text) if one.strip()]


def main():
    where, failed, rows = "--where" in sys.argv, False, []
    for room, patterns in ROOMS.items():
        count = words = long = hard = wide = 0
        for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
            if "node_modules" in path.parts or "target" in path.parts:
                continue
            name = path.relative_to(ROOT)
            for number, text in paragraphs(path):
                for sentence in sentences(text):
                    length = len(re.findall(r"[\w’'-]+", sentence))
                    count, words = count + 1, words + length
                    if length > LONG:
                        long += 1
                        if where:
                            print(f"{name}:{number}: {length} words: {sentence[:90]}")
                    if HARD.search(sentence):
                        hard += 1
                        if where:
                            print(f"{name}:{number}: subject: {sentence[:90]}")
            if path.suffix == ".rs":
                for number, line in enumerate(path.read_text().split("\n"), 1):
                    if re.match(r"\s*//", line) and len(line) > COLUMNS and "http" not in line and "|" not in line:
                        wide += 1
                        if where:
                            print(f"{name}:{number}: {len(line)} columns")
        rows.append((room, count, words / max(count, 1), long, hard, wide))
        failed |= long + hard + wide > 0
    print(f"{'room':<16} {'sentences':>9} {'words each':>10} {'over 30':>8} {'hard':>5} {'wide':>5}")
    for room, count, average, long, hard, wide in rows:
        print(f"{room:<16} {count:>9} {average:>10.1f} {long:>8} {hard:>5} {wide:>5}")
    if "--check" in sys.argv and failed:
        sys.exit("Run .ci/prose.py --where, and mend what it names.")


main()
