#!/usr/bin/env python3
"""The sources of the web interface: types made from the program's own OpenAPI document, TypeScript, oxlint, and the
tests of its rules (tools/web check)."""
# timeout: 300

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    ran = subprocess.run([ROOT / "tools" / "web", "check"], capture_output=True, text=True, check=False)
    print(ran.stdout + ran.stderr)
    tests = re.search(r"Tests\D+(?:(\d+) failed \| )?(\d+) passed", re.sub(r"\x1b\[\d*m", "", ran.stdout))
    failed = int(tests[1] or 0) if tests else 0
    passed = int(tests[2]) if tests else 0
    if ran.returncode != 0 and failed == 0:
        failed = 1  # types or oxlint
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
