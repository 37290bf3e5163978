#!/usr/bin/env python3
# timeout: 240
# alone: yes
"""Runs the failover test against servers with a mistake put in on purpose (planted.c): each must be
found, and by the promise that it breaks."""
import os
import re
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
# mistake -> (faults that show it, what must be among the complaints, one of several)
PLANTS = {
    "early-answer": ("primary-alone", 1, ("every alert answered 2xx is there",)),
    "no-turn": ("node-nap", 1, ("nothing but lost connections and 503 refused an alert",
                                "no acknowledgement was refused")),
    "no-fence": ("node-freeze", 1, ("no node worked a lane that it had lost",)),
}


def run(plant, kinds, count):
    env = dict(os.environ, PLANT=plant, KINDS=kinds, FAULTS=str(count), SEED=os.environ.get("SEED", "1"))
    done = subprocess.run([sys.executable, os.path.join(FOLDER, "failover_test.py")], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    passed, failed = 0, 0
    for plant, (kinds, count, promises) in PLANTS.items():
        status, text = run(plant, kinds, count)
        skipped = re.search(r"^skipped: .*", text, re.M)
        if skipped:
            print("%s\nRan 1 test in 0.0s\n\nOK (skipped=1)" % skipped.group())
            return 0
        complaints = re.findall(r"^FAIL  (.*)", text, re.M)
        if status != 0 and any(complaint.startswith(promises) for complaint in complaints):
            passed += 1
            print("ok    %s is found: %s" % (plant, [each for each in complaints if each.startswith(promises)][0][:160]))
        else:
            failed += 1
            print("FAIL  %s is not found (status %d, complaints %s)\n%s" % (plant, status, complaints, text[-3000:]))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
