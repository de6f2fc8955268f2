#!/usr/bin/env python3
"""Holds the foreign types of the public API against the table in CONTRIBUTING.md.

Reads the JSON that rustdoc writes. A type counts when it stands in a signature, a field, a bound or
an implemented trait. Types of `std` do not count. The table and the API have to name the same.
"""

import json
import re
import sys

STANDARD = {"std", "core", "alloc"}


def foreign_paths(doc):
    """Yields each foreign path that a public item names."""
    crates = {int(number): crate["name"] for number, crate in doc["external_crates"].items()}

    def walk(node):
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            # A path has an id, and its name stands in `path` or in `name`.
            if "id" in node and ("path" in node or "name" in node) and str(node["id"]) in doc["paths"]:
                summary = doc["paths"][str(node["id"])]
                if summary["crate_id"] != 0:
                    # A re-export of `std` by another name is `std`.
                    first = crates.get(summary["crate_id"], summary["path"][0])
                    if first not in STANDARD:
                        yield "::".join([first, *summary["path"][1:]])
            for key, child in node.items():
                if key not in ("links", "docs", "span"):
                    yield from walk(child)

    for item in doc["index"].values():
        inner = item["inner"]
        # Traits that other crates implement for every type are not listed.
        is_blanket = "impl" in inner and (inner["impl"]["blanket_impl"] or inner["impl"]["is_synthetic"])
        if item["crate_id"] == 0 and not is_blanket:
            yield from walk(inner)


def main():
    doc_path, table_path = sys.argv[1:]
    with open(doc_path, encoding="utf-8") as file:
        used = set(foreign_paths(json.load(file)))
    with open(table_path, encoding="utf-8") as file:
        section = file.read().split("## Types of other crates", 1)[1].split("\n## ", 1)[0]
    listed = set()
    for row in section.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("| `"):
            crate = cells[0].strip("`").replace("-", "_")
            listed |= {f"{crate}::{name}" for name in re.findall(r"`([^`]+)`", cells[1])}
    short = {re.sub(r"^(\w+)::.*::(\w+)$", r"\1::\2", path) for path in used}
    for path in sorted(short - listed):
        print(f"{path} is in the public API, and not in {table_path}", file=sys.stderr)
    for path in sorted(listed - short):
        print(f"{path} is in {table_path}, and not in the public API", file=sys.stderr)
    print(f"{len(short)} foreign types")
    sys.exit(bool(short ^ listed))


main()
