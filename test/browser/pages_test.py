#!/usr/bin/env python3
"""The board and the page behind a link, in a real browser.

Starts two servers, one whose board is open and one that asks for a token, and hands them to
pages.mjs, which drives Chromium. `tools/setup browser` installs what this needs.

    SHOTS=DIR   keeps pictures of every page there
    ONLY=TEXT   only tests whose name has this in it
"""
# timeout: 400

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from world import ROOT, World, free_port  # noqa: E402
from database import rows  # noqa: E402

# Person, full name, language, zone; each has a service of their own: "for-ana" pages ana.
PEOPLE = [
    ("emma", "Emma Stone-Ward", "en", "Europe/London"),
    ("ana", "Ana Wijaya", "id", "Asia/Jakarta"),
    ("budi", "Budi Santoso", "fr", "Europe/Paris"),
    ("chen", "Chen Yu-Ting", "zh-TW", "Asia/Taipei"),
    ("min", "Kim Min-ji", "ko", "Asia/Seoul"),
]
# One test's person each, so that no test is bundled with another by the bound of a storm.
GUESTS = [(f"guest-{number}", f"Guest No. {number}", "en", "Europe/London") for number in range(1, 31)]


def team(receiver, more=None):
    """As JSON, which is YAML, too."""
    def contact(name):
        return {"kind": "webhook", "to": f"{receiver}/{name}"}

    at_once = [{"after": "0s", "contact": "webhook"}]
    return json.dumps({
        "users": [{"name": name, "full_name": full, "language": language, "time_zone": zone,
                   "contacts": [contact(name)], "rules": {"high": at_once, "low": at_once}}
                  for name, full, language, zone in PEOPLE + GUESTS],
        "channels": [{"name": "payments-room", **contact("payments-room")}],
        "policies": [{"name": f"for-{name}", "last_resort": {"user": name},
                      "steps": [{"notify": [{"user": name}], "wait": "30m"}]}
                     for name, *_ in PEOPLE + GUESTS] +
                    [{"name": "for-room", "last_resort": {"user": "emma"},
                      "steps": [{"notify": [{"channel": "payments-room"}], "wait": "30m"}]}],
        "services": [{"name": f"for-{name}", "policy": f"for-{name}"}
                     for name, *_ in PEOPLE + GUESTS] + [{"name": "for-room", "policy": "for-room"}],
        **(more or {}),
    })


def expire(link, database):
    """The same link, as if its time had passed: nobody wants to wait for that. paging/link.c writes
    the expiry into the bytes 10 to 17."""
    key = rows(database, "SELECT value FROM secret WHERE name = 'link'")[0][0]
    head, slash, token = link.rpartition("/")
    payload = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:-32]
    payload = payload[:10] + (2).to_bytes(8, "big") + payload[18:]
    mac = hashlib.blake2b(b"tocsin acknowledge link\0" + payload, key=key, digest_size=32).digest()
    return head + slash + base64.urlsafe_b64encode(payload + mac).decode().rstrip("=")


def describe(receiver, world, more, prepare=None):
    world.apply(team(receiver, more))
    return {**(prepare(world) if prepare else {}), "url": world.url, "read": world.token("read"),
            "respond": world.token("respond"), "database": world.database.where, "pid": world.server.pid}


def install():
    """What tools/setup does; done here, too, for who runs this file alone."""
    kept, wanted = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if not kept.exists() or kept.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def run_node(program, env):
    """(exit status, what it said), which is shown as it comes, too."""
    said = []
    with subprocess.Popen(["node", str(HERE / program)], env=env, text=True,
                          stdout=subprocess.PIPE) as node:
        for line in node.stdout:
            print(line, end="", flush=True)
            said.append(line)
    return node.returncode, "".join(said)


def drive(program, servers, **known):
    """Runs the program of Node on servers by their names: (world, what its team has beside everybody's, and what is
    done with it first, which tells what the program is to know)."""
    for needed in ("node", "npm", "chromium"):
        if shutil.which(needed) is None:
            print(f"{needed} is not installed; tools/setup browser installs it\n0 passed, 1 failed")
            return 1
    install()
    port = free_port()
    receiver = f"http://127.0.0.1:{port}"
    told = {**{name: describe(receiver, *server) for name, server in servers.items()}, **known,
            "servers": list(servers), "port": port, "chromium": shutil.which("chromium"),
            "people": [dict(zip(("name", "full_name", "language", "zone"), row)) for row in PEOPLE],
            "guests": [name for name, *_ in GUESTS], "root": str(ROOT)}
    env = {**os.environ, "BROWSER_WORLD": json.dumps(told)}
    status, verdicts = run_node(program, env)
    if status != 0:
        # The verdicts come last: a reader is shown the end.
        print("\n".join(world.explain() for world, *_ in servers.values()) + "\n--- verdicts ---")
        print(verdicts, end="", flush=True)
    return status


def main():
    with World(settings={"BOARD": "open"}) as opened, World() as closed:
        return drive("pages.mjs", {"open": (opened, {}), "closed": (closed, {})})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--expire"]:  # pages.mjs asks so: --expire LINK DATABASE
        print(expire(*sys.argv[2:]))
        sys.exit(0)
    sys.exit(main())
