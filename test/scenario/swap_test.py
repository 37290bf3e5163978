# engines: sqlite postgresql
"""Somebody asks others to take their shift: who is asked is told in their language, and who accepts is on call."""

import json
import time
import unittest

from world import World

TEAM = """
users:
  - {name: ana, full_name: Ana Wijaya, contacts: [{kind: webhook, to: "%(url)s/ana"}]}
  - {name: budi, language: fr, contacts: [{kind: webhook, to: "%(url)s/budi"}]}
  - {name: chen, language: ko, contacts: [{kind: webhook, to: "%(url)s/chen"}]}
schedules:
  - {name: rota, time_zone: UTC, layers: [{people: [ana, budi, chen], every: 1d, start: 2026-01-01T00:00}]}
"""
DAY_S = 86400


def instant(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class Swapped(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.receiver = self.world.receiver()
        self.world.apply(TEAM % {"url": self.receiver.url})
        self.start = next(at for at in range(int(time.time() // DAY_S + 2) * DAY_S, 1 << 40, DAY_S)
                          if self.on_call(at + DAY_S // 2) == "ana")

    def on_call(self, at):
        rows = self.world.cli_json("oncall", "rota", "--at", instant(at))
        return rows[0]["user"]

    def told(self, name):
        return [json.loads(call["body"]) for call in self.receiver.received(f"/{name}")]

    def wait_told(self, name, notice):
        self.world.wait(f"{name} hears {notice}",
                        lambda: notice in [m["data"].get("notice") for m in self.told(name)])
        return next(m for m in self.told(name) if m["data"].get("notice") == notice)

    def ask(self, *more, check=True):
        return self.world.cli("swap", "ask", "rota", "--user", "ana", "--from", instant(self.start), "--until",
                              instant(self.start + DAY_S), *more, check=check)

    def swap(self):
        """The number of the only one that is open."""
        [one] = self.world.cli_json("swap", "list")
        return one["id"]

    def test_everybody_is_asked_and_who_accepts_is_on_call(self):
        said = self.ask("--comment", "my sister marries")
        self.assertIn("everybody who takes turns there is asked", said.stdout)
        swap = self.swap()
        french = self.wait_told("budi", "swap.asked")
        self.assertEqual(("notice", f"swap:{swap}", "my sister marries"),
                         (french["type"], french["data"]["about"], french["data"]["note"]))
        self.assertIn("Pouvez-vous prendre une astreinte", french["data"]["text"])
        self.assertIn("맡아", self.wait_told("chen", "swap.asked")["data"]["text"])
        self.assertEqual([], self.told("ana"))
        self.assertIn("Ana Wijaya (ana)", self.world.cli("swap", "list").stdout)
        done = self.world.cli("swap", "accept", swap, "--user", "chen", "--note", "gladly")
        self.assertIn(f"Swap {swap} is accepted", done.stdout)
        self.assertEqual("chen", self.on_call(self.start + DAY_S // 2))
        self.assertEqual("budi", self.on_call(self.start + DAY_S + DAY_S // 2))
        answer = self.wait_told("ana", "swap.accepted")
        self.assertEqual("gladly", answer["data"]["note"])
        self.assertIn("Nobody asks", self.world.cli("swap", "list").stdout)
        late = self.world.post(f"/api/v1/swaps/{swap}/accept", {"user": "budi"}, token="respond")
        self.assertEqual(403, late.status, late)
        events = [e["kind"] for e in self.world.events() if e["subject"] == f"swap:{swap}"]
        self.assertEqual(["swap.asked", "swap.accepted"], events)
        self.assertEqual("accepted", self.world.get(f"/api/v1/swaps/{swap}", token="read").json["state"])

    def test_mistakes_are_told_by_their_field(self):
        rows = [
            ({}, 422, "schedule"), ({"schedule": "rotta"}, 422, "rota"), ({"with": "bodi"}, 422, "budi"),
            ({"from": instant(self.start + DAY_S), "until": instant(self.start + 2 * DAY_S)}, 422, "next shift is from"),
            ({"until": instant(self.start - DAY_S)}, 422, "later"), ({"user": None}, 422, "whose shifts"),
            ({"form": "x"}, 422, "form"),
        ]
        whole = {"schedule": "rota", "user": "ana", "from": instant(self.start), "until": instant(self.start + DAY_S)}
        for wrong, status, word in rows:
            body = {k: v for k, v in {**whole, **wrong}.items() if v is not None} if wrong else {"user": "ana"}
            answer = self.world.post("/api/v1/swaps", body, token="respond")
            self.assertEqual(status, answer.status, f"{wrong}: {answer}")
            self.assertIn(word, answer.text, wrong)
        self.assertEqual(403, self.world.post("/api/v1/swaps", whole, token="read").status)
        self.assertEqual(401, self.world.post("/api/v1/swaps", whole, token=None).status)
        self.assertEqual(404, self.world.post("/api/v1/swaps/7/accept", {"user": "budi"}, token="respond").status)
        self.assertEqual(400, self.world.get("/api/v1/swaps?state=opne").status)
        self.assertEqual(2, self.world.cli("swap", "ask", "rota", check=False).returncode)
        refused = self.world.cli("swap", "accept", "7", "--user", "budi", check=False)
        self.assertEqual(1, refused.returncode)
        self.assertIn("no swap 7", refused.stderr)

    def test_it_is_asked_once_whoever_sends_it_twice_and_lives_through_a_crash(self):
        self.ask("--with", "budi")
        self.ask("--with", "budi")
        self.wait_told("budi", "swap.asked")
        self.world.kill()
        self.world.start()
        self.world.cli("swap", "decline", self.swap(), "--user", "budi")
        self.wait_told("ana", "swap.declined")
        self.assertEqual(1, len([m for m in self.told("budi") if not m["data"]["may_repeat"]]))
        self.assertEqual("ana", self.on_call(self.start + DAY_S // 2))


if __name__ == "__main__":
    unittest.main()
