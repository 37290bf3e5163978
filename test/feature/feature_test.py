# engines: sqlite postgresql
"""A feature is its folder and one name in a list: the program `tocsin_with_more` has one more than ours, a note that
somebody has to read, and all of it is there: configured by nothing, stored, asked for by API and command, permitted,
told in five languages, recorded, seen live, paged, answered by its link, and ended."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "scenario"))

from world import World, request  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build" / "test")).resolve()
os.environ["TOCSIN"] = str(BUILD / "test" / "feature" / "tocsin_with_more")

NOTE = ROOT / "test" / "feature" / "note"
LANGUAGES = ("en", "ko", "id", "zh-TW", "fr")

TEAM = """
users:
%(users)s
policies:
  - name: readers
    steps:
      - {notify: [%(steps)s], wait: 5m}
    last_resort: {user: en}
"""


def team(receiver):
    users = "\n".join(
        f'  - {{name: {name.lower()}, language: {name}, contacts: [{{kind: webhook, to: "{receiver.url}/{name}"}}]}}'
        for name in LANGUAGES)
    return TEAM % {"users": users, "steps": ", ".join(f"{{user: {name.lower()}}}" for name in LANGUAGES)}


def knowing(pattern, but):
    """What of the checkout, outside of the documentation and of what `but` says of a path, has it in a line."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    return [f"{name}:{number}: {line.strip()}" for name in listed
            if not but(name) and not name.startswith("docs/") and name != "test/feature/feature_test.py"
            for number, line in enumerate((ROOT / name).read_text("utf-8", "replace").splitlines(), 1)
            if re.search(pattern, line)]


class Counted(unittest.TestCase):
    """An addition is what docs/architecture.md says that it costs."""

    def test_a_feature_is_its_folder_and_one_name(self):
        symbols = (r"'note'|feature/note|\bNOTE_(FEATURE|TOPIC|RECORD|TABLE|ROUTES|COMMANDS|EVENTS|SUBJECT|SEE|WRITE|CLOSE)\b"
                   r"|EVENT_NOTE_|\bstruct note\b|\bnote_(dep|lib|get_resource|store|api|cmd|feature|topic)")
        # Its events, permits and texts, its schemas and commands, and what it is called as a subject. ("note" alone is a
        # field of others.)
        words = (r"[\"'](event\.)?note\.(written|read|write|close|(acknowledg|snooz|escalat|silenc|reopen|resolv|ask)ed|flapping)"
                 r"|[\"']NoteAsked[\"']|[\"']note (add|list)|(subject\w*|missing)\([^)]*\"note\"|[\"']note:")
        self.assertEqual(["test/feature/meson.build:2: more = ['note']"],
                         knowing(f"{symbols}|{words}", lambda name: (ROOT / name).is_relative_to(NOTE)))

    def test_a_channel_and_a_format_are_a_file_and_one_name(self):
        """Tests beside: they say by which channel somebody is told."""
        for name, own, line, symbols in (
                ("ntfy", r"src/channel/ntfy\.c", "src/people/meson.build: 'ntfy': 5,", r"NTFY_DRIVER|CONTACT_NTFY|\bntfy_"),
                ("alertmanager", r"src/source/alertmanager\.[ch]", "src/alert/meson.build: 'alertmanager',",
                 r"ALERTMANAGER_(WEBHOOK|BODY|DOOR)|INTEGRATION_ALERTMANAGER|\balertmanager_read")):
            with self.subTest(name):
                found = knowing(f"{symbols}|'{name}'|\"{name}\"",
                                lambda path: re.fullmatch(own, path) or not path.startswith(("src/", "sim/", "meson")) or
                                path.endswith(("_test.c", "_test.py")))
                self.assertEqual([line], [re.sub(r":\d+:", ":", one) for one in found])


class Noted(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.receiver = self.world.receiver()
        self.world.apply(team(self.receiver))

    def told(self, name):
        return [json.loads(call["body"]) for call in self.receiver.received(f"/{name}")]

    def write(self, text="The boiler is cold", **more):
        answer = self.world.post("/api/v1/notes", {"text": text, "policy": "readers", **more}, token="respond")
        self.assertEqual(201, answer.status, answer)
        return answer.json

    def test_whoever_is_to_read_it_is_paged_in_their_language(self):
        note = self.write()
        for name in LANGUAGES:
            self.world.wait(f"{name} is told", lambda: self.told(name))
            message = self.told(name)[0]
            text = json.dumps(message, ensure_ascii=False)
            expected = json.loads((NOTE / "lang" / f"{name}.json").read_text("utf-8"))["note.written_by"]
            self.assertIn("The boiler is cold", text)
            self.assertIn(expected.replace("{who}", "token:scenario-respond"), text, name)
        kinds = [event["kind"] for event in self.world.events() if event["subject"] == f"note:{note['id']}"]
        self.assertEqual("note.written", kinds[0])
        self.assertIn("page.started", kinds)

    def test_it_is_acknowledged_by_the_link_that_was_sent_and_closed_by_the_api(self):
        note = self.write()
        self.world.wait("en is told", lambda: self.told("en"))
        url = self.told("en")[0]["data"]["ack_url"]
        page = request("GET", url)
        self.assertEqual(200, page.status, page)
        self.assertIn("The boiler is cold", page.text)
        self.assertEqual("open", self.world.get(f"/api/v1/notes/{note['id']}").json["state"])
        done = request("POST", url, "do=acknowledge", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(done.status, (200, 303), done)
        read = self.world.get(f"/api/v1/notes/{note['id']}").json
        self.assertEqual(("read", "user:en"), (read["state"], read["read_by"]))
        closed = self.world.post(f"/api/v1/notes/{note['id']}/close", token="respond")
        self.assertEqual((200, "closed"), (closed.status, closed.json["state"]))
        self.world.wait("en is told of its end", lambda: len(self.told("en")) > 1)
        again = self.world.post(f"/api/v1/notes/{note['id']}/close", token="respond")
        self.assertEqual(200, again.status, "closing what is closed changes nothing")

    def test_permits_decide_and_mistakes_are_told(self):
        rows = [
            ("GET", "/api/v1/notes", None, "read", 200), ("POST", "/api/v1/notes", {"text": "x"}, "read", 403),
            ("POST", "/api/v1/notes", {"text": "x"}, None, 401), ("POST", "/api/v1/notes", {}, "respond", 422),
            ("POST", "/api/v1/notes", {"txt": "x"}, "respond", 422), ("GET", "/api/v1/notes/99", None, "read", 404),
            ("GET", "/api/v1/notes/abc", None, "read", 404), ("POST", "/api/v1/notes/99/close", {}, "respond", 404),
            ("POST", "/api/v1/notes/abc/close", {}, "respond", 404), ("POST", "/api/v1/notes/1/close", {}, "read", 403),
        ]
        for method, path, body, token, status in rows:
            answer = self.world.call(method, path, body, token)
            self.assertEqual(status, answer.status, f"{method} {path} as {token}: {answer}")
        wrong = self.world.post("/api/v1/notes", {"txt": "x"}, token="respond").json
        self.assertIn("text", wrong["detail"])

    def test_it_has_commands_that_help_lists(self):
        listed = subprocess.run([os.environ["TOCSIN"], "help"], check=True, capture_output=True, text=True).stdout
        self.assertIn("note add", listed)
        self.assertEqual("There are no notes.\n", self.world.cli("note", "list").stdout)
        added = self.world.cli("note", "add", "Read me", "--policy", "readers").stdout
        self.assertRegex(added, r"^Note \d+ is written\.\n$")
        listed = self.world.cli_json("note", "list")
        self.assertEqual([("Read me", "local")], [(note["text"], note["written_by"]) for note in listed])

    def test_it_is_described(self):
        document = self.world.get("/api/v1/openapi.json", token=None).json
        post = document["paths"]["/api/v1/notes"]["post"]
        self.assertEqual("note.write", post["x-permit"])
        self.assertIn("Note", document["components"]["schemas"])

    def test_it_outlives_a_crash_and_goes_on_paging(self):
        note = self.write()
        self.world.wait("en is told", lambda: self.told("en"))
        self.world.kill()
        self.world.start()
        self.assertEqual("open", self.world.get(f"/api/v1/notes/{note['id']}").json["state"])
        taken = self.world.post(f"/api/v1/notes/{note['id']}/close", token="respond")
        self.assertEqual(200, taken.status, taken)


if __name__ == "__main__":
    unittest.main(verbosity=2)
