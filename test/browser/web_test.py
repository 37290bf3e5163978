#!/usr/bin/env python3
"""The web interface, in a real browser, on the program under test: each page, its actions, its budget.

    SHOTS=DIR   keeps pictures of every page there
    ONLY=TEXT   only tests whose name has this in it
"""
# timeout: 600

import re
import sys

from pages_test import PEOPLE, World, drive

PASSWORD = "correct horse battery"


def schedules():
    """Somebody on call, and nobody."""
    return [
        {"name": "payments-primary", "time_zone": "Europe/Paris",
         "layers": [{"name": "weekly", "people": ["emma", "budi"], "every": "1w", "start": "2026-01-05T09:00"}]},
        {"name": "nobody-yet", "time_zone": "Asia/Jakarta",
         "layers": [{"name": "over", "people": ["chen"], "every": "1w", "start": "2026-01-05T09:00",
                     "end": "2026-01-06T09:00"}]}]


def accounts(world):
    """What the servers' teams can do: sign in, by a password, by an invitation."""
    for name, role in [(name, "responder") for name, *_ in PEOPLE] + [("guest-1", "stakeholder"), ("guest-3", "responder")]:
        world.cli("account", "create", name, "--role", role, "--password-stdin", input=PASSWORD + "\n")
    said = world.cli("account", "create", "guest-2", "--role", "responder")
    world.restart()  # nobody owns it yet: the start prints a link
    return {"invitation": re.search(r"http\S+/accept#\S+", said.stdout)[0],
            "ownership": re.search(r"http\S+/accept#\S+", world.server.log())[0]}


def main():
    with World() as quiet, World() as busy:
        return drive("web.mjs", {"quiet": (quiet, {}, accounts), "busy": (busy, {"schedules": schedules()}, accounts)},
                     password=PASSWORD)


if __name__ == "__main__":
    sys.exit(main())
