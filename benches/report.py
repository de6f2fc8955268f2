"""Writes the measurements of run.sh into README.md and results.svg: report.py CRITERION_FOLDER LINES_FILE"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
# The formats that are plotted: one of each that all can verify.
PLOTTED = ["key_p256", "fido2_none-es256", "fido2_packed-self-es256", "fido2_packed-es256", "fido2_fido-u2f-es256", "fido2_tpm-es256"]
# The marks in README.md around the text that is written here.
MARK = "<!-- Written by run.sh. -->"
LINE = re.compile(r"^([\w./-]+)/([\w.-]+) ([\d.]+) (ns|bytes|1/s|ratio)$")


def fastest(folder):
    """Returns the fastest sample in nanoseconds: busy neighbours make samples slower and never faster."""
    sample = json.loads((folder / "sample.json").read_text())
    return min(time / count for time, count in zip(sample["times"], sample["iters"]))


def criterion(root):
    """Yields group, function and time of every bench; a bench without a group is its own group."""
    for sample in sorted(Path(root).glob("**/new/sample.json")):
        parts = sample.parent.parent.relative_to(root).parts
        yield parts[0], parts[-1], fastest(sample.parent)


def lines(file):
    """Returns the best of each time and rate that was printed, and the worst of each ratio of rates."""
    found = {}
    for line in Path(file).read_text().splitlines():
        if match := LINE.match(line):
            group, name, value, unit = match[1], match[2], float(match[3]), match[4]
            best = max if unit == "1/s" else min
            old = found.get((group, name), (value, unit))[0]
            found[group, name] = best(old, value), unit
    return found


def micros(nanoseconds):
    return f"{nanoseconds / 1e3:.1f} µs" if nanoseconds >= 1e3 else f"{nanoseconds:.0f} ns"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)] + ["| " + " | ".join(row) + " |" for row in rows])


def bounds(groups, printed):
    """Returns what was promised, and what was measured. A figure whose parts are missing is left out."""
    raw = groups["key_p256"]["raw_aws-lc-rs"]
    none, packed_self, packed = groups["fido2_none-es256"], groups["fido2_packed-self-es256"], groups["fido2_packed-es256"]
    peers = [time for name, time in none.items() if not name.startswith("verify")]

    def figure(group, name):
        return printed[group, name][0]

    rows = [
        ("a P-256 key with aws-lc-rs, of the raw check", groups["key_p256"]["verify_aws-lc-rs"] / raw, "≤ 1.10"),
        ("`packed` by the passkey itself, native, of the raw check", packed_self["verify_native_aws-lc-rs"] / raw, "≤ 1.25"),
        ("`packed` with a certificate, native, of the raw check", packed["verify_native_aws-lc-rs"] / raw, "≤ 1.25"),
        ("the same up to a root, of two raw checks", packed["verify_native_trusting_aws-lc-rs"] / (2 * raw), "≤ 1.25"),
        ("`none`, native, of webauthn-rs-core", none["verify_native_aws-lc-rs"] / none["core"], "≤ 1.50"),
        ("`none`, native, of the fastest of the others", none["verify_native_aws-lc-rs"] / min(peers), "< 1"),
        ("exchange over loopback, of the bare handler's rate", figure("http/exchange_Key", "of_bare"), "≥ 0.85"),
        ("the same, of the least that an exchange can be", figure("http/exchange_Key", "of_least"), ""),
        ("exchange over four times as many connections, of the bare handler's rate", figure("http/exchange_Key_crowd", "of_bare"), ""),
        ("exchange over one connection, of the bare handler's rate", figure("http/exchange_Key_alone", "of_bare"), ""),
        ("register over loopback, of a handler that makes one check", figure("http/register_Key_p256_rustcrypto", "of_bare_with_check"), "≥ 0.80"),
        ("the same with aws-lc-rs", figure("http/register_Key_p256_aws-lc-rs", "of_bare_with_check"), "≥ 0.80"),
        ("an exchange with 10^6 challenges, of one with 10^3", figure("outstanding/1000000", "exchange") / figure("outstanding/1000", "exchange"), "≤ 1.50"),
        ("the memory of a challenge among 10^6", figure("outstanding/1000000", "memory"), "≤ 1024 bytes"),
    ]
    return table(["", "measured", "bound"], [[what, f"{value:.2f}" if value < 100 else f"{value:.0f}", bound] for what, value, bound in rows])


def beside(groups, reference_of):
    """Returns a table of groups: each function's time, and its ratio to its reference."""
    names = sorted({name for times in groups.values() for name in times})
    rows = []
    for group, times in groups.items():
        row = [group.split("_", 1)[1]]
        for name in names:
            if name not in times:
                row.append("")
                continue
            reference = times.get(reference_of(name))
            ratio = f" ({times[name] / reference:.2f})" if reference and reference_of(name) != name else ""
            row.append(micros(times[name]) + ratio)
        rows.append(row)
    return table([""] + [name.replace("raw_", "raw, ").replace("verify_", "verify, ") for name in names], rows)


def plot(groups):
    """Draws bars, with one scale for each group."""
    width, left, bar, y, parts = 760, 250, 16, 10, []
    for group, times in groups.items():
        parts.append(f'<text x="4" y="{y + 14}" font-weight="bold">{group}</text>')
        y += 22
        longest = max(times.values())
        for name, time in sorted(times.items(), key=lambda item: item[1]):
            length = max(1, (width - left - 90) * time / longest)
            colour = "#2a6fdb" if name.startswith("verify") else "#9aa5b1"
            parts.append(f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{name}</text>')
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 3}" fill="{colour}"/>')
            parts.append(f'<text x="{left + length + 5:.1f}" y="{y + 12}">{micros(time)}</text>')
            y += bar
        y += 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect width="{width}" height="{y}" fill="white"/>', *parts, "</svg>"]) + "\n"


def main():
    printed = lines(sys.argv[2])
    groups = defaultdict(dict)
    for group, name, time in criterion(sys.argv[1]):
        groups[group][name] = time
    for (group, name), (value, unit) in printed.items():
        if unit == "ns" and group.startswith("fido2_") and group in groups:
            groups[group][name] = value
    keys = {group: times for group, times in groups.items() if group.startswith("key_")}
    passkeys = {group: times for group, times in groups.items() if group.startswith("fido2_")}
    others = {group: times for group, times in groups.items() if group not in keys and group not in passkeys}
    text = [
        MARK,
        "",
        bounds(groups, printed),
        "",
        "### Keys: beside the raw check of the same library",
        "",
        beside(keys, lambda name: name.replace("verify", "raw")),
        "",
        "### Passkeys: beside webauthn-rs-core",
        "",
        beside(passkeys, lambda _: "core"),
        "",
        "### The flow in process, and a request that passes the layer",
        "",
        table(["", "time"], [[group if group == name else f"{group}, {name}", micros(time)] for group, times in others.items() for name, time in times.items()]),
        "",
        "### Requests, and many outstanding challenges",
        "",
        table(["", "figure"], [[f"{group}, {name}", micros(value) if unit == "ns" else f"{value:g} {unit}"] for (group, name), (value, unit) in printed.items() if not group.startswith("fido2_")]),
        "",
    ]
    readme = HERE / "README.md"
    before, _, after = readme.read_text().split(MARK)
    readme.write_text(before + "\n".join(text) + MARK + after)
    (HERE / "results.svg").write_text(plot({group: groups[group] for group in PLOTTED if group in groups}))


main()
