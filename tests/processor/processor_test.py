#!/usr/bin/env python3
"""Runs danggol on emulated processors: an older one is refused in one line, the oldest that serves works.

    processor_test.py QEMU DANGGOL

Exit status: 0 all held, 1 not.
"""

import subprocess
import sys

REFUSED = 5


def run(processor):
    command = [sys.argv[1], "-cpu", processor, sys.argv[2], "list"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("qemu-x86_64: warning")]
    return done.returncode, done.stdout, lines


def main():
    broken = []
    for processor in ["qemu64", "Nehalem", "IvyBridge", "Opteron_G5"]:  # IvyBridge has AVX, Opteron_G5 FMA, neither AVX2
        status, out, lines = run(processor)
        if status != REFUSED or out or len(lines) != 1 or "must be x86-64-v3" not in lines[0]:
            broken.append(f"{processor}: must be refused in one line with {REFUSED}, not {status}: {out[:200]}{lines[:5]}")
    status, out, lines = run("Haswell")
    if status != 0 or "rfm" not in out or lines:
        broken.append(f"Haswell: must list the analyses, not end with {status}: {out[:200]}{lines[:5]}")
    print(*broken or ["4 processors refused, 1 served"], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
