"""Checks what the product is built from: licences that it may carry, no duplicate of a heavy crate.

Reads `cargo metadata` and `Cargo.lock` only: needs no network and takes a second.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Unlicense", "Zlib",
}
# Two versions of one of these would cost minutes of building or megabytes of binary.
HEAVY = {
    "axum", "clap", "hyper", "prost", "regex-automata", "reqwest", "rusqlite", "rustls", "serde", "tokio",
    "tonic", "tracing-subscriber", "utoipa",
}


def allows(expression):
    """Whether an SPDX expression can be satisfied with ALLOWED. `/` is an old way to write OR."""
    tokens = re.findall(r"[()]|[^\s()]+(?: WITH [^\s()]+)?", expression.replace("/", " OR "))

    def either():
        found = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            found = both() or found
        return found

    def both():
        found = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = one() and found
        return found

    def one():
        token = tokens.pop(0)
        if token != "(":
            return token in ALLOWED
        found = either()
        tokens.pop(0)
        return found

    return either()


def main():
    compiler = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    host = re.search("host: (.*)", compiler)[1]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    problems = []
    versions = defaultdict(set)
    for package in metadata["packages"]:
        versions[package["name"]].add(package["version"])
        name = f"{package['name']} {package['version']}"
        if package["source"] and not package["source"].startswith("registry+"):
            problems.append(f"{name} does not come from the registry")
        if not package["license"] or not allows(package["license"]):
            problems.append(f"{name} has the licence {package['license']}")
    for name in sorted(HEAVY):
        if len(versions[name]) > 1:
            problems.append(f"{name} is there more than once: {', '.join(sorted(versions[name]))}; see cargo tree -i")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    print(f"{len(metadata['packages'])} packages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
