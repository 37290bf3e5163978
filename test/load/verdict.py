"""What a test that runs for minutes found: a line for each promise, and how many were kept."""


class Verdict:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, bad, good=""):
        """`bad`: what contradicts the promise; empty when it was kept."""
        bad = list(bad)
        if bad:
            self.failed += 1
            print("FAIL  %s: %d, such as %s" % (name, len(bad), bad[:5]))
        else:
            self.passed += 1
            print("ok    %s%s" % (name, " (%s)" % good if good else ""))
