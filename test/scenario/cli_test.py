#!/usr/bin/env python3
"""The command line as a person and a script meet it: every answer, every refusal, every exit code;
starting, stopping, backup and restore."""

import datetime
import http.server
import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from world import PATIENCE_S, ROOT, World, request, tocsin_path

TEAM = """
users:
  - name: ana
    full_name: Ana Wijaya
    time_zone: Asia/Jakarta
    contacts: [{kind: log, watched: true}]
  - name: budi
    contacts: [{kind: log, watched: true}]
schedules:
  - name: primary
    time_zone: Europe/Paris
    layers: [{people: [ana, budi], every: 1w, start: 2026-01-05T09:00}]
policies:
  - name: main
    steps: [{notify: [{schedule: primary}], wait: 5m}, {notify: [{user: budi}], wait: 5m}]
    last_resort: {user: ana}
services: [{name: checkout, policy: main}]
integrations: [{name: shop, kind: native, service: checkout}]
"""


TODAY = datetime.datetime.now(datetime.timezone.utc).date()


def ahead(days):
    """A date so many days after today, as YYYY-MM-DD: what is past is refused."""
    return (TODAY + datetime.timedelta(days=days)).isoformat()


def next_june(day):
    """A day in the summer time of Europe/Paris, two hours ahead of UTC, that is weeks ahead."""
    return datetime.date(TODAY.year + (TODAY.month >= 5), 6, day).isoformat()


def next_spring():
    """The day, at least a day ahead, when Europe/Paris has no time from 2 to 3 o'clock: the last Sunday of March."""
    days = [datetime.date(year, 3, 31) for year in (TODAY.year, TODAY.year + 1)]
    sundays = [day - datetime.timedelta(days=day.isoweekday() % 7) for day in days]
    return min(day for day in sundays if (day - TODAY).days > 1).isoformat()


def run(*args, env=None, input=None, cwd=None):
    """`tocsin ARGS` without a server."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
    return subprocess.run([tocsin_path(), *map(str, args)], env={**clean, **(env or {})}, input=input,
                          cwd=cwd, text=True, capture_output=True, timeout=PATIENCE_S, check=False)


class Storm:
    """As a server in a storm answers `GET /api/v1/alerts`: 25,000 unresolved ones, the only critical one the oldest.
    Number 24,000 is a warning that was critical when it was asked for first."""

    COUNT = 25_000
    FELL = 24_000

    def __enter__(self):
        self.asked = []
        storm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                storm.asked.append(query)
                body = json.dumps(storm.answer(query)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def severities(self, number):
        if number == self.FELL:
            return ("critical", "warning")
        return ("critical",) if number == 1 else ("error", "warning", "info")[number % 3:][:1]

    def answer(self, query):
        limit, upto = int(query["limit"]), int(query.get("cursor", self.COUNT + 1))
        wanted = query.get("severity")
        found = [number for number in range(upto - 1, 0, -1) if wanted in (None, *self.severities(number))][:limit + 1]
        items = [{"id": str(number), "status": "open", "service": "many", "summary": f"number {number}", "count": 1,
                  "severity": wanted or self.severities(number)[0], "first_at": "2026-01-05T10:00:00Z"}
                 for number in found[:limit]]
        return {"items": items, **({"next_cursor": items[-1]["id"]} if len(found) > limit else {})}

    def listed(self, *args):
        """The ids of the alerts that `tocsin alerts` lists, and what it says of the others."""
        self.asked.clear()
        done = run("alerts", "--json", *args, env={"TOCSIN_URL": f"http://127.0.0.1:{self.server.server_port}"})
        return [item["id"] for item in json.loads(done.stdout)], done.stderr


class UsageTest(unittest.TestCase):
    """What needs no server."""

    def test_in_a_storm_the_worst_alert_is_found_in_a_few_requests(self):
        with Storm() as storm:
            shown, more = storm.listed("--limit", "100")
            self.assertEqual(shown[:2], [str(storm.FELL), "1"])
            self.assertEqual(len(shown), 100)
            self.assertIn("there are more", more)
            self.assertEqual([(query["severity"], query["limit"]) for query in storm.asked],
                             [("critical", "101"), ("error", "99")])
            self.assertEqual({query["status"] for query in storm.asked}, {"unresolved"})
            # The limit is full with the critical ones: is there any other?
            shown, more = storm.listed("--limit", "2")
            self.assertEqual((shown, len(storm.asked)), ([str(storm.FELL), "1"], 2))
            self.assertIn("there are more", more)
            # A program is given all, each once.
            shown, more = storm.listed()
            self.assertEqual((len(shown), len(set(shown)), more), (storm.COUNT, storm.COUNT, ""))
            shown, more = storm.listed("--severity", "info", "--limit", "5")
            self.assertEqual(len(shown), 5)
            self.assertEqual([(query["severity"], query["limit"]) for query in storm.asked], [("info", "6")])
            shown, more = storm.listed("--all", "--limit", "3")
            self.assertEqual((shown, len(storm.asked)), (["25000", "24999", "24998"], 1))

    def test_exit_codes(self):
        rows = [
            ("help", ["help"], 0, ""),
            ("nothing is help", [], 0, ""),
            ("help of a group", ["help", "token"], 0, ""),
            ("version", ["--version"], 0, ""),
            ("version of something", ["--version", "--data", "x"], 2, "no option --data"),
            ("no such command", ["ackk"], 2, 'did you mean "ack"'),
            ("no such option", ["serve", "--lisen", "x"], 2, "did you mean --listen"),
            ("missing argument", ["ack"], 2, "needs ALERT"),
            ("which schedules are there?", ["schedule", "shifts"], 2, "`tocsin schedule list` lists them"),
            ("bad value", ["serve", "--threads", "many"], 2, "from 0 to 256"),
            ("no such help", ["help", "xyzzy"], 1, "there is no command"),
            ("mistyped help", ["help", "servee"], 1, 'did you mean "serve"'),
            ("more than a help", ["help", "serve", "extra"], 1, 'no command "serve extra"; did you mean "serve"?'),
            ("more than one of two words", ["help", "token", "create", "x"], 1,
             'no command "token create x"; did you mean "token create"?'),
            ("help of a group, asked behind it", ["silence", "--help"], 0, ""),
            ("help of no group", ["xyzzy", "-h"], 1, 'there is no command "xyzzy"'),
            ("what turns the text around", ["a\u202eb\u009b31m"], 2, '"a\\u202eb\\u009b31m"'),
            ("the same of a server", ["alerts", "--url", "http://127.0.0.1:1/\u202e"], 1, "/\\u202e"),
            ("the same of a start", ["serve", "--data", "/proc/\u202e\u009b", "--listen", "127.0.0.1:0"], 1,
             "/proc/\\u202e\\u009b"),
            ("half a help", ["help", "token", "creat"], 1, "token create, token list"),
        ]
        for name, args, code, text in rows:
            with self.subTest(name):
                done = run(*args)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(text, done.stderr)
                self.assertNotRegex(done.stdout + done.stderr, "[\u202e\u0080-\u009f]")
        self.assertIn("Usage: tocsin silence add", run("silence", "--help").stdout)

    def test_without_a_server(self):
        done = run("alerts", "--data", "/nonexistent/data")
        self.assertEqual(done.returncode, 1)
        self.assertIn("tocsin serve --data /nonexistent/data", done.stderr)
        done = run("alerts", "--url", "http://127.0.0.1:1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:1", done.stderr)

    def test_a_mistyped_variable_is_not_passed_over(self):
        done = run("serve", env={"TOCSIN_LISTNE": "127.0.0.1:0"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean TOCSIN_LISTEN?", done.stderr)
        done = run("serve", env={"TOCSIN_DATABASE": "postgresql://tocsin:s3cret@h/x"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean TOCSIN_DATABASE_URL?", done.stderr)
        self.assertNotIn("s3cret", done.stderr)

    def test_a_database_address_that_is_none_is_refused_and_not_shown(self):
        with tempfile.TemporaryDirectory() as folder:
            for address in ("host=db1 dbname=tocsin password=s3cret", "file:/dev/null", "postgres:s3cret@h/d", ""):
                for words in (["migrate"], ["restore", "x"], ["backup", "x"], ["doctor"], ["serve"]):
                    with self.subTest(words[0], address=address):
                        done = run(*words, "--data", folder, env={"TOCSIN_DATABASE_URL": address})
                        self.assertEqual(done.returncode, 2, done.stderr)
                        self.assertRegex(done.stderr, "TOCSIN_DATABASE_URL.*(postgresql://|is empty)")
                        self.assertNotIn("s3cret", done.stdout + done.stderr)
            places = ("postgres:s3cret@h/d", "tocsin:s3cret@h", "host=x password=s3cret", "mysql://tocsin:s3cret@h/x",
                      "host=/run/pg password=s3cret", "file:/dev/null", "")
            for place in places:
                for flag, words in (("--to", ["move", "--from", folder, "--to", place]),
                                    ("--from", ["move", "--from", place, "--to", f"{folder}/new"]),
                                    ("--to", ["restore", "x", "--to", place])):
                    with self.subTest(words[0], place=place, flag=flag):
                        done = run(*words, cwd=folder)
                        self.assertEqual(done.returncode, 1, done.stderr)
                        self.assertRegex(done.stderr, f"tocsin: {flag}: .*(postgresql://|is empty)")
                        self.assertNotIn("s3cret", done.stdout + done.stderr)
            self.assertEqual(os.listdir(folder), [])

    def test_a_mistyped_folder_is_not_made(self):
        with World() as world, tempfile.TemporaryDirectory() as folder:
            world.stop()
            source = world.data_path()
            for words in (["move", "--from", source], ["restore", source / "tocsin.db"]):
                with self.subTest(words[0]):
                    done = run(*words, "--to", f"{folder}/nope/x")
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertRegex(done.stderr, f"--to: .*mkdir -p {folder}/nope")
                    self.assertEqual(os.listdir(folder), [])

    COMPLETED = [("sch", "schedule"), ("schedule sh", "shifts"), ("schedule override ", "add list remove"),
                 ("token ", "create list revoke"), ("alerts --se", "--service --severity"),
                 ("integration pa", "payloads"), ("apply te", "team.yaml"),
                 ("verify --file te", "team.yaml")]

    def completed(self, shell, argv_of, starts_with=True):
        """What the shell offers for each row; argv_of(script, words) is the command that asks it."""
        script = run("completion", shell).stdout
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "team.yaml").touch()
            for typed, offered in self.COMPLETED:
                done = subprocess.run(argv_of(script, ["tocsin", *typed.split(" ")]), text=True,
                                      capture_output=True, check=True, cwd=folder)
                words = set(done.stdout.split())
                if not starts_with:  # the shell itself narrows down what the function offers
                    words = {word for word in words if word.startswith(typed.split(" ")[-1])}
                with self.subTest(typed, shell=shell):
                    self.assertEqual(sorted(words), sorted(offered.split()), done.stderr)

    def test_what_the_readme_links_is_installed_beside_it(self):
        build = pathlib.Path(tocsin_path()).resolve().parents[2]
        if not (build / "meson-info").is_dir() or shutil.which("meson") is None:
            self.skipTest("the program was not built here")
        listed = subprocess.run(["meson", "introspect", "--installed", build], capture_output=True, text=True, check=True)
        installed = set(json.loads(listed.stdout).values())
        readme, = [path for path in installed if path.endswith("/README.md")]
        links = re.findall(r"\]\(([^):#]+)[^)]*\)", (ROOT / "README.md").read_text("utf-8"))
        self.assertGreater(len(links), 20)
        for link in links + ["examples/team.yaml"]:
            there = os.path.join(os.path.dirname(readme), link)
            self.assertTrue(any(path == there or (link.endswith("/") and path.startswith(there)) for path in installed), link)
        pages = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*") if path.is_file()}
        self.assertEqual(pages, {os.path.relpath(path, os.path.dirname(readme)) for path in installed
                                 if os.path.dirname(readme) + "/docs/" in path})

    def test_a_start_on_a_port_that_is_taken_leaves_no_database(self):
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
            done = run("serve", "--data", f"{folder}/data", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("Another program has it", done.stderr)
            self.assertEqual(os.listdir(f"{folder}/data"), [])

    def test_completion(self):
        def ask_bash(script, words):
            typed = " ".join(f"'{word}'" for word in words)
            return ["bash", "-c", f"{script}\nCOMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
                    ' _tocsin; echo "${COMPREPLY[@]}"']
        self.completed("bash", ask_bash)
        self.assertEqual(run("completion", "tcsh").returncode, 2)
        self.assertIn('did you mean "zsh"?', run("completion", "zhs").stderr)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_completion_of_zsh(self):
        def ask_zsh(script, words):
            typed = " ".join(f"'{word}'" for word in words)
            return ["zsh", "-f", "-c", "compdef() { : }; compadd() { shift; print -r -- $@ }\n"
                    "_files() { print -r -- * }\n"
                    f"{script}\nwords=({typed}); CURRENT=${{#words}}; _tocsin"]
        self.completed("zsh", ask_zsh, starts_with=False)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_completion_of_fish(self):
        def ask_fish(script, words):
            return ["fish", "-N", "-c", f"{script}\ncomplete -C '{' '.join(words)}' | cut -f 1"]
        self.completed("fish", ask_fish)

    @unittest.skipUnless("TOCSIN_BUILD" in os.environ, "TOCSIN_BUILD does not name a build folder")
    def test_uninstall_leaves_nothing_behind(self):
        build = os.environ["TOCSIN_BUILD"]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["meson", "install", "-C", build, "--no-rebuild"], check=True, capture_output=True,
                           env={**os.environ, "DESTDIR": folder})
            others = pathlib.Path(folder, "usr/local/bin/other")
            others.touch()
            there = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
            self.assertIn("tocsin", [path.name for path in there])
            for said in (f"{len(there) - 1} files removed", "nothing of Tocsin is installed there"):
                done = subprocess.run([ROOT / "tools" / "uninstall", build, folder], text=True, check=True,
                                      capture_output=True)
                self.assertTrue(done.stdout.endswith(said + "\n"), done.stdout)
            self.assertEqual([path for path in pathlib.Path(folder).rglob("*") if path.is_file()], [others])

    def test_the_page_of_commands_is_current(self):
        page = (ROOT / "docs" / "commands.md").read_text("utf-8")
        self.assertEqual(run("manual", "--markdown").stdout, page,
                         "run: tocsin manual --markdown > docs/commands.md")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_manual_is_well_formed(self):
        said = subprocess.run(["groff", "-man", "-ww", "-Tutf8"], input=run("manual").stdout, text=True,
                              capture_output=True, check=True)
        self.assertEqual(said.stderr, "")
        self.assertIn("TOCSIN", said.stdout)


class CommandTest(unittest.TestCase):
    """One server, asked by every command."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.apply(TEAM)

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def alert(self, summary="Disk full", *more):
        return self.world.cli_json("alert", "--service", "checkout", summary, *more)["alert_id"]

    def test_an_alert_from_end_to_end(self):
        world = self.world
        alert = self.alert("Disk full", "--severity", "critical", "--detail", "rack=12", "--source", "db7",
                           "--component", "disk")
        self.assertIn(alert, [item["id"] for item in world.cli_json("alerts")])
        self.assertIn("Disk full", world.cli("alerts", "--service", "checkout").stdout)
        self.assertEqual(world.cli_json("alerts", "show", alert)["details"]["rack"], "12")
        world.wait("somebody is told", lambda: "delivery.delivered" in world.cli("explain", alert).stdout)
        said = world.cli("explain", alert).stdout
        for part in ("alert.triggered", "page.started", "primary", "delivered", "\n  severity: critical\n",
                     "\n  service: checkout\n", "\n  source: db7\n", "\n  component: disk\n"):
            self.assertIn(part, said)
        world.cli("page", alert, "--user", "budi", "--as", "ana", "--note", "look at db1")
        world.wait("the note is told", lambda: " | Note: look at db1 | " in world.server.log(100000))
        self.assertIn("by: local", world.cli("explain", alert).stdout)  # whose hand it was stays in the record
        world.cli("page", alert, "--user", "ana", "--as", "ana")
        said = world.cli("explain", alert).stdout
        for part in ("asked_by: Ana Wijaya (ana)", "who: Ana Wijaya (ana)", "who: budi"):
            self.assertIn(part, said)
        self.assertNotRegex(said, r"who: ana\b")
        world.cli("ack", alert, "--as", "ana", "--note", "on it")
        self.assertEqual(world.alert(alert)["acknowledged_by"], "user:ana")
        world.cli("snooze", alert, "--for", "30m", "--as", "ana")
        until = r"snoozed until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, by Ana Wijaya \(ana\)"
        self.assertRegex(world.cli("alerts").stdout, rf"(?m)^{alert} +{until} +critical")
        said = world.cli("explain", alert).stdout
        self.assertRegex(said, rf"\AAlert {alert}, {until}: ")
        self.assertRegex(said, r"\n  next, if nobody acknowledges: .*: (Ana Wijaya \(ana\)|budi)\n")
        world.cli("ack", alert, "--as", "budi")
        self.assertNotIn("snoozed", world.cli("alerts").stdout)
        world.cli("resolve", alert)
        self.assertEqual(world.alert(alert)["status"], "resolved")
        self.assertNotIn(alert, [item["id"] for item in world.cli_json("alerts")])
        self.assertIn(alert, [item["id"] for item in world.cli_json("alerts", "--status", "resolved")])

    def test_more_alerts_than_are_shown(self):
        """The worst come first, and what is left out is told."""
        def listed(*args):
            done = self.world.cli("alerts", "--service", "many", *args)
            return [line.split()[2] for line in done.stdout.splitlines()[1:] if line[:1].isdigit() and " many " in line], done

        self.world.apply(TEAM.replace("services: [", "services: [{name: many, policy: main}, "))
        levels = ["critical"] * 2 + ["warning"] * 98 + ["info"] * 150
        for i, level in enumerate(levels):
            body = {"summary": f"number {i}", "dedup_key": f"many-{i}", "service": "many", "severity": level}
            self.assertEqual(self.world.post("/api/v1/alerts", body).status, 202)
        shown, done = listed()
        self.assertEqual(shown, ["critical"] * 2 + ["warning"] * 98)
        self.assertIn("\n100 alerts are shown, the worst first; there are more: --limit N", done.stdout)
        shown, done = listed("--limit", "2")
        self.assertEqual(shown, ["critical"] * 2)
        self.assertIn("\n2 alerts are shown, the worst first; there are more", done.stdout)
        shown, done = listed("--limit", "250")
        self.assertEqual(shown, levels)
        self.assertNotIn("are shown", done.stdout)
        shown, done = listed("--all")
        self.assertEqual(shown, ["info"] * 100)
        self.assertIn("100 alerts are shown, the newest first; there are more: --limit N", done.stdout)
        done = self.world.cli("alerts", "--service", "many", "--json")
        self.assertEqual([item["severity"] for item in json.loads(done.stdout)], levels)
        self.assertEqual(done.stderr, "")
        done = self.world.cli("alerts", "--service", "many", "--json", "--limit", "2")
        self.assertEqual([item["severity"] for item in json.loads(done.stdout)], ["critical"] * 2)
        self.assertIn("tocsin: 2 alerts are shown, the worst first; there are more", done.stderr)
        shown, done = listed("--severity", "info", "--limit", "3")
        self.assertEqual(shown, ["info"] * 3)
        shown, done = listed("--severity", "error")
        self.assertEqual((shown, done.stdout), ([], "No alerts: all quiet.\n"))
        self.world.cli("resolve", *(item["id"] for item in self.world.cli_json("alerts", "--service", "many")))

    def test_refusals_name_the_remedy(self):
        alert = self.alert()
        rows = [
            ("no such alert", ["ack", "999999"], 1, "999999"),
            ("one of two fails", ["ack", alert, "999999"], 1, "999999"),
            ("page nobody", ["page", alert], 2, "exactly one of"),
            ("page whom?", ["page", alert, "--user", "nobody-of-that-name"], 1, "no user"),
            ("page which team?", ["page", alert, "--schedule", "primry"], 1, 'did you mean "primary"?'),
            ("a word for an alert", ["ack", "abc"], 1, '"abc" is not the number of an alert'),
            ("explain a word", ["explain", "abc"], 1, '"abc" is not the number of an alert'),
            ("alerts of no service", ["alerts", "--service", "chekout"], 1, 'did you mean "checkout"?'),
            ("alerts of no status", ["alerts", "--status", "opne"], 1, 'status: "opne" is not known; did you mean "open"?'),
            ("alerts of no severity", ["alerts", "--severity", "critcal"], 1, 'did you mean "critical"?'),
            ("what if of no severity", ["whatif", "--service", "checkout", "--severity", "eror"], 1,
             'did you mean "error"?'),
            ("alert of no severity", ["alert", "x", "--service", "checkout", "--severity", "eror"], 1,
             'did you mean "error"?'),
            ("token of no scope", ["token", "create", "--name", "x", "--scope", "raed"], 1, 'did you mean "read"?'),
            ("misses of no team", ["misses", "--team", "x"], 1, "no team"),
            ("silence of no service", ["silence", "add", "service=chekout", "--for", "1h"], 1,
             'did you mean "checkout"?'),
            ("silence for long", ["silence", "add", "service=checkout", "--for", "367d"], 1, "366d at most"),
            ("silence that was", ["silence", "add", "service=checkout", "--from", "2025-01-01", "--to", "2025-01-02"],
             1, "is past"),
            ("snooze for long", ["snooze", alert, "--for", "31d"], 1, "30d at most"),
            ("snooze for ever", ["snooze", alert, "--for", "9999d"], 2, "30d"),
            ("override of no time", ["schedule", "override", "add", "primary", "--who", "budi", "--from",
                                     f"{next_spring()}T02:10", "--to", f"{next_spring()}T02:50"], 1, "no time at all"),
            ("snooze how long?", ["snooze", alert], 2, "--for 30m"),
            ("bad instant", ["snooze", alert, "--until", "tomorrow"], 2, "2026-12-24T23:30:00+01:00"),
            ("no such schedule", ["oncall", "secondary"], 1, "secondary"),
            ("no such service", ["whatif", "--service", "x"], 1, "x"),
            ("bad condition", ["silence", "add", "checkout", "--for", "1h"], 2, "FIELD=VALUE"),
            ("resolve by no key", ["alert", "--resolve", "--service", "checkout", "--dedup-key", "typo"], 1,
             'no open alert has the dedup key "typo"'),
            ("acknowledge by no key", ["alert", "--acknowledge", "--service", "checkout", "--dedup-key", "typo"], 1,
             "by hand (else name its --integration)"),
            ("no key, as JSON", ["alert", "--resolve", "--service", "checkout", "--dedup-key", "typo", "--json"], 1,
             "nothing was changed"),
            ("no such scope", ["token", "create", "--name", "x", "--scope", "god"], 1, "scope"),
            ("no such person", ["test", "nobody-of-that-name"], 1, "nobody-of-that-name"),
            ("bad regex", ["silence", "add", "summary=~[", "--for", "1h"], 1, "match"),
        ]
        for name, args, code, text in rows:
            with self.subTest(name):
                done = self.world.cli(*args, check=False)
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertIn(text, done.stderr)
        self.world.cli("resolve", alert)

    def test_who_is_on_call(self):
        world = self.world
        at = "2026-01-05T08:00:00Z"  # the first hand-off, 09:00 in Paris
        row, = world.cli_json("oncall", "primary", "--at", at)
        self.assertEqual((row["user"], row["since"]), ("ana", at))
        said = world.get(f"/api/v1/schedules/primary/on-call?at={at}").json["on_call"]
        self.assertEqual([person["user"] for person in said], ["ana"])
        shifts = world.cli_json("schedule", "shifts", "primary", "--from", at, "--to", "2026-01-19T08:00:00Z")
        self.assertEqual([shift["user"] for shift in shifts], ["ana", "budi"])
        self.assertIn("No gaps", world.cli("schedule", "gaps", "primary").stdout)
        self.assertIn("primary", world.cli("oncall").stdout)

    def test_people_and_times_are_shown_for_people(self):
        world = self.world
        shown = world.cli("schedule", "shifts", "primary", env={"TZ": "Asia/Tokyo"}).stdout
        self.assertIn("Ana Wijaya (ana)", shown)
        self.assertIn("Times are Europe/Paris, the zone of the schedule.", shown)
        self.assertRegex(shown, r"\d\d-\d\d 09:00 ")  # hand-offs at the hour that was written
        self.assertIn("Times are Asia/Tokyo.", world.cli("oncall", env={"TZ": "Asia/Tokyo"}).stdout)
        for words in (["schedule", "shifts", "primary"], ["schedule", "gaps", "primary"], ["misses"], ["oncall"],
                      ["schedule", "override", "list"], ["integration", "payloads", "shop"], ["alerts"], ["feed", "list"]):
            with self.subTest(words):
                self.assertIsInstance(world.cli_json(*words), list)

    def test_a_range_is_read_by_the_clock_of_the_schedule(self):
        world = self.world
        there = {"TZ": "Asia/Tokyo"}
        day = ["--from", "2026-01-12", "--to", "2026-01-13T00:00"]
        shown = world.cli("schedule", "shifts", "primary", *day, env=there).stdout
        self.assertIn("2026-01-12 09:00", shown)  # the hand-off: in Tokyo's day of that date as well
        self.assertIn("Times are Europe/Paris, the zone of the schedule.", shown)
        early = world.cli_json("schedule", "shifts", "primary", "--from", "2026-01-12", "--to", "2026-01-12T08:59",
                               env=there)
        self.assertEqual([shift["user"] for shift in early], ["ana"])  # by Tokyo's clock as well
        late = world.cli_json("schedule", "shifts", "primary", "--from", "2026-01-12T09:00", "--to",
                              "2026-01-12T09:01", env=there)
        self.assertEqual([shift["user"] for shift in late], ["budi"])  # by Tokyo's clock still ana
        none = world.cli("schedule", "shifts", "primary", "--from", "2025-12-24", "--to", "2025-12-25T12:00", env=there)
        self.assertIn("from 2025-12-24 00:00 to 2025-12-25 12:00 by the clock of Europe/Paris.", none.stdout)
        gaps = world.cli("schedule", "gaps", "primary", *day, env=there).stdout
        self.assertIn("from 2026-01-12 00:00 to 2026-01-13 00:00 by the clock of Europe/Paris.", gaps)
        for option in ("--from", "--to"):
            wrong = world.cli("schedule", "shifts", "primary", option, "soon", check=False)
            self.assertEqual(wrong.returncode, 2)
            self.assertIn("by the clock of Europe/Paris", wrong.stderr)

    def test_overrides_of_all_schedules(self):
        first, second = f"{next_june(1)}T00:00", f"{next_june(2)}T00:00"
        with World() as world:
            world.apply(TEAM.replace("policies:", """  - name: nights
    time_zone: Asia/Jakarta
    layers: [{people: [budi], every: 1w, start: 2026-01-05T21:00}]
policies:"""))
            made = {}
            for name in ("primary", "nights"):
                made[name] = world.cli_json("schedule", "override", "add", name, "--from", first, "--to",
                                            second, "--who", "ana", "--comment", f"swap of {name}")["id"]
            rows = {row["schedule"]: row["id"] for row in world.cli_json("schedule", "override", "list")}
            self.assertEqual(rows, made)
            one, = world.cli_json("schedule", "override", "list", "nights")
            self.assertEqual((one["id"], one["schedule"]), (made["nights"], "nights"))
            lines = world.cli("schedule", "override", "list").stdout.splitlines()
            for name, zone in (("primary", "Europe/Paris"), ("nights", "Asia/Jakarta")):
                line, = [line for line in lines if f"swap of {name}" in line]
                self.assertTrue(line.startswith(f"{name} "), line)
                for part in (made[name], zone, first, "Ana Wijaya (ana)"):
                    self.assertIn(part, line)
                world.cli("schedule", "override", "remove", name, made[name])
            self.assertIn("Nobody made an override;", world.cli("schedule", "override", "list").stdout)
            self.assertIn("Nobody made an override of nights;", world.cli("schedule", "override", "list", "nights").stdout)
            wrong = world.cli("schedule", "override", "list", "nigts", check=False)
            self.assertEqual(wrong.returncode, 1)
            self.assertIn('"nights"', wrong.stderr)

    def test_overrides(self):
        world = self.enterContext(World())  # those that other tests ended are listed for as long as they are known
        world.apply(TEAM)
        first, second = next_june(1), next_june(2)
        added = world.cli_json("schedule", "override", "add", "primary", "--from", f"{first}T00:00",
                               "--to", f"{second}T00:00", "--who", "budi")
        row, = world.cli_json("oncall", "primary", "--at", f"{first}T10:00:00Z")
        self.assertEqual((row["user"], row["layer"]), ("budi", "override"))
        world.cli("schedule", "override", "remove", "primary", added["id"])
        row, = world.cli_json("oncall", "primary", "--at", f"{first}T10:00:00Z")
        self.assertNotEqual(row["layer"], "override")
        # As in other commands, by the clock of the schedule (Europe/Paris) and not the reader's.
        there = {"TZ": "Asia/Tokyo"}
        add = ("schedule", "override", "add", "primary", "--who", "budi")
        for when, kept in (((first, second), (f"{first}T00:00", f"{second}T00:00")),
                           ((f"{first}T08:00:00Z", f"{first}T12:00"), (f"{first}T10:00", f"{first}T12:00"))):
            world.cli(*add, "--from", when[0], "--to", when[1], env=there)
            item, = world.cli_json("schedule", "override", "list", "primary")
            self.assertEqual((item["from"], item["to"]), kept)
            world.cli("schedule", "override", "remove", "primary", item["id"])
        world.cli(*add, "--from", "now", "--to", "+2h", env=there)
        row, = world.cli_json("oncall", "primary", "--at", "+1h")
        self.assertEqual((row["user"], row["layer"]), ("budi", "override"))
        item, = world.cli_json("schedule", "override", "list", "primary")
        world.cli("schedule", "override", "remove", "primary", item["id"])
        wrong = world.cli(*add, "--from", "tomorrow", "--to", "+2h", env=there, check=False)
        self.assertIn("by the clock of Europe/Paris", wrong.stderr)

    def test_off_duty_finds_cover(self):
        world = self.world
        plan = world.cli_json("off-duty", "ana", "--for", "15d", "--dry-run")
        self.assertEqual({cover["who"] for cover in plan["covers"]}, {"budi"})
        self.assertEqual(plan["named_by"], ["main"])  # as the last resort
        self.assertIn("Nothing was changed", world.cli("off-duty", "ana", "--for", "15d", "--dry-run").stdout)
        done = world.cli_json("off-duty", "ana", "--for", "15d")
        self.assertEqual(len(done["covers"]), len(plan["covers"]))
        for cover in done["covers"]:
            row, = world.cli_json("oncall", "primary", "--at", cover["since"])
            self.assertEqual(row["user"], "budi")
        # Now ana has no shift any more in that time.
        said = world.cli("off-duty", "ana", "--for", "14d", "--dry-run").stdout
        self.assertIn("ana has no shift in this time: no schedule changes.", said)
        self.assertNotIn("othing was changed", said)  # as if something would have
        for cover in done["covers"]:
            world.cli("schedule", "override", "remove", "primary", cover["id"])
        self.assertEqual([row["user"] for row in world.cli_json("misses")], ["ana", "budi"])

    def test_a_planned_absence_by_the_readers_clock(self):
        world = self.world
        there = {"TZ": "Asia/Tokyo"}
        first_day, back = ahead(36), ahead(64)
        done = world.cli("off-duty", "ana", "--from", first_day, "--to", f"{back}T00:00", "--comment",
                         "snow", env=there)
        self.assertIn("Times are Asia/Tokyo", done.stdout)
        listed = world.cli("schedule", "override", "list", "primary", env=there).stdout
        self.assertIn("snow", listed)
        self.assertIn(" Europe/Paris ", listed)
        items = world.cli_json("schedule", "override", "list", "primary")
        self.assertEqual({item["created_by"] for item in items}, {"local"})
        first = world.cli_json("off-duty", "ana", "--from", first_day, "--for", "1h", env=there)
        self.assertEqual(first["from"], f"{ahead(35)}T15:00:00Z")
        for item in items:
            world.cli("schedule", "override", "remove", "primary", item["id"])
        self.assertIn("Nobody made", world.cli("schedule", "override", "list", "primary").stdout)
        # Who is away stands in for nobody, and whoever chooses them is told.
        away = world.cli("off-duty", "budi", "--from", ahead(42), "--to", ahead(52), env=there)
        self.assertIn("ALSO AWAY", away.stdout)
        self.assertIn(f"ana until {back} 00:00", away.stdout)
        chosen = world.cli("schedule", "override", "add", "primary", "--from", f"{ahead(37)}T00:00", "--to",
                           f"{ahead(38)}T00:00", "--who", "ana")
        self.assertIn(f"warning: ana is away in this time, until {ahead(63)}T15:00:00Z", chosen.stderr)
        listed = world.cli("absence", "list", env=there).stdout
        self.assertIn("snow", listed)
        for absence in world.cli_json("absence", "list"):
            world.cli("absence", "remove", absence["name"])
        self.assertIn("Nobody is away", world.cli("absence", "list").stdout)
        for item in world.cli_json("schedule", "override", "list", "primary"):
            world.cli("schedule", "override", "remove", "primary", item["id"])
        for option in ("--to", "--until"):
            late = world.cli("off-duty", "ana", option, "2020-01-04", check=False)
            self.assertEqual((late.returncode, late.stderr[:len(option) + 9]), (1, f"tocsin: {option}:"))
        for wrong in (["--from", first_day], ["--to", first_day, "--for", "8h"],
                      ["--for", "1h", "--from", "soon"], ["--until", "+1h", "--to", "+2h"]):
            with self.subTest(wrong):
                done = world.cli("off-duty", "ana", *wrong, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("--", done.stderr)

    def test_calendars(self):
        world = self.world
        url = world.cli("feed", "create", "--schedule", "primary").stdout.strip()
        text = request("GET", url.replace(url[:url.index("/cal/")], world.url)).text
        self.assertIn("BEGIN:VEVENT", text)
        one, = world.cli_json("feed", "list")
        self.assertEqual(one["owner"], "schedule:primary")
        self.assertIn("schedule:primary", world.cli("feed", "list").stdout)
        world.cli("feed", "revoke", "schedule:primary", "--id", one["id"])
        self.assertEqual(request("GET", url.replace(url[:url.index("/cal/")], world.url)).status, 404)
        self.assertEqual(world.cli("feed", "revoke", "user:ana", check=False).returncode, 1)
        self.assertEqual(world.cli("feed", "create", check=False).returncode, 2)
        self.assertIn("There is no user", world.cli("feed", "create", "--user", "eve", check=False).stderr)

    def test_a_message_that_is_held_back_is_said(self):
        hour = time.gmtime().tm_hour
        quiet = f'    quiet_hours: [{{from: "{(hour + 23) % 24:02}:00", to: "{(hour + 3) % 24:02}:00"}}]\n'
        with World() as world:
            world.apply(TEAM.replace("Asia/Jakarta\n", "UTC\n" + quiet).replace("[{schedule: primary}]", "[{user: ana}]"))
            alert = world.cli_json("alert", "--service", "checkout", "--severity", "info", "Low disk")["alert_id"]
            said = world.cli("explain", alert, env={"TZ": "UTC"}).stdout
            until = f"{(hour + 3) % 24:02}:0"
            self.assertRegex(said, rf"next, if nobody acknowledges: [-0-9]+ {until}5: budi; a message is held back "
                                   rf"until [-0-9]+ {until}0, and the wait begins then\n")

    def test_second_in_line(self):
        with World() as world:
            world.apply(TEAM.replace("policies:", """  - {name: secondary, time_zone: Europe/Paris, next_of: primary}
policies:"""))
            people = [{row["user"] for row in world.cli_json("oncall", name)} for name in ("primary", "secondary")]
            self.assertEqual(people[0] | people[1], {"ana", "budi"})
            self.assertEqual(people[0] & people[1], set())
            exported = world.cli("export").stdout
            self.assertIn("next_of: primary", exported)
            self.assertIn("0 created, 0 changed, 0 deleted", world.apply(exported).stdout)

    def test_one_of_two_absences_ends(self):
        with World() as world:
            world.apply(TEAM)
            first = world.cli_json("off-duty", "ana", "--for", "10d")["absence"]
            second = world.cli_json("off-duty", "ana", "--for", "12d")["absence"]
            said = world.cli("absence", "remove", first).stdout
            self.assertRegex(said, r"has ended: ana is away by another one until .*Overrides taken back: [1-9]")
            self.assertRegex(said, r"Overrides for another absence of theirs: [1-9]")
            self.assertEqual([row["user"] for row in world.cli_json("oncall", "primary")], ["budi"])
            said = world.cli("absence", "remove", second).stdout
            self.assertRegex(said, r"has ended: ana is back\. Overrides taken back: [1-9]")
            self.assertNotIn("another absence", said)
            self.assertNotIn("Nobody was found", said)

    def test_nobody_is_left_for_the_other_absence(self):
        with World() as world:
            world.apply(TEAM)
            first = world.cli_json("off-duty", "ana", "--for", "10d")["absence"]
            world.cli("off-duty", "ana", "--for", "12d")
            world.cli("off-duty", "budi", "--for", "20d")
            said = world.cli("absence", "remove", first).stdout
            self.assertNotIn("Overrides for another absence", said)
            self.assertRegex(said, r"Nobody was found for these; ana is on call there\.[^\n]*\n(?s:.*)budi until ")

    def test_a_policy_that_names_who_is_away(self):
        with World() as world:
            applied = world.apply(TEAM + "absences: [{name: sea, user: budi, from: 2026-01-01T00:00:00Z, "
                                         "to: 2099-01-01T00:00:00Z}]\n")
            self.assertIn("warning: policy main: Step 2 tells budi by name, who is away until 2099-01-01T00:00:00Z",
                          applied.stderr)
            self.assertIn("budi is away until 2099-01-01 00:00, and told all the same.",
                          world.cli("whatif", "--service", "checkout", env={"TZ": "UTC"}).stdout)
            self.assertIn("In policy main: Step 2 tells budi by name", world.cli("doctor", check=False).stdout)

    def test_routes_are_tried_first(self):
        world = self.world
        alert = self.alert("Too chatty", "--severity", "info")
        path = world.write("routes.yaml", "routes: [{name: quiet, match: {severity: info}, suppress: true}]\n")
        item = next(item for item in world.cli_json("route", "test", path)["items"] if item["alert_id"] == alert)
        self.assertTrue(item["is_different"] and item["then"]["is_suppressed"])
        self.assertIn("Too chatty", world.cli("route", "test", path).stdout)
        path = world.write("routes.yaml", "routes:\n  - name: lost\n    service: nowhere\n")
        said = world.cli("route", "test", path, check=False).stderr
        self.assertIn(f"{path}:3: routes[0].service", said)

    def test_whatif_tells_who(self):
        at = "2026-01-06T10:00:00Z"
        said = self.world.cli_json("whatif", "--service", "checkout", "--severity", "critical", "--at", at)
        self.assertEqual([step["tells"][0]["who"] for step in said["steps"]], ["ana", "budi", "ana"])
        table = self.world.cli("whatif", "--service", "checkout", "--at", at).stdout
        self.assertIn("last resort", table)
        self.assertIn("  Ana Wijaya (ana)  ", table)
        self.assertIn("  budi ", table)
        self.assertIn("schedule primary, layer 1\n", table)

    def test_silences(self):
        world = self.world
        later = world.cli("silence", "add", "service=checkout", "--from", "+1h", "--for", "1h", "--name", "later").stdout
        self.assertRegex(later, r"\ASilence later begins at \d{4}-.* takes it back\.\n\Z")
        self.assertIn(" holds. ", world.cli("silence", "add", "service=checkout", "--for", "1h", "--name", "now").stdout)
        for name in ("later", "now"):
            world.cli("silence", "remove", name)
        world.cli("silence", "add", "service=checkout", "summary=~disk.*", "--for", "1h", "--name", "night",
                  "--comment", "moving racks")
        self.assertIn("moving racks", world.cli("silence", "list").stdout)
        world.cli("silence", "remove", "night")
        self.assertNotIn("night", world.cli("silence", "list").stdout)
        self.assertIn("night", world.cli("silence", "list", "--all").stdout)

    def test_a_silence_warns_of_a_detail_that_no_alert_has(self):
        world = self.world
        self.alert("Disk full", "--detail", "region=eu")
        for field, told in (("details.region", ""), ("summary", ""),
                            ("details.regoin", "none of the newest alerts has details.regoin; "
                                               "did you mean details.region?"),
                            ("details.labels.quite.another", "has details.labels.quite.another\n")):
            with self.subTest(field=field):
                done = world.cli("silence", "add", f"{field}=eu", "--for", "1h", "--name", "typo")
                self.assertIn(told, done.stderr)
                self.assertEqual("warning" in done.stderr, told != "")
                world.cli("silence", "remove", "typo")

    def test_tokens(self):
        world = self.world
        token = world.cli("token", "create", "--name", "reader", "--scope", "read").stdout.strip()
        there = {"TOCSIN_URL": world.url, "TOCSIN_TOKEN": token}
        self.assertEqual(run("alerts", "--json", env=there).returncode, 0)
        alert = self.alert()
        done = run("ack", alert, env=there)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(world.alert(alert)["status"], "open")
        world.cli("resolve", alert)
        self.assertIn("reader", world.cli("token", "list").stdout)
        done = run("alerts", env={"TOCSIN_URL": world.url})
        self.assertEqual(done.returncode, 1)
        self.assertIn("the server wants a token", done.stderr)
        world.cli("token", "revoke", "reader")
        done = run("alerts", env=there)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not know this token", done.stderr)
        self.assertNotIn(token, world.server.log(100000))

    def test_keys_rotate(self):
        world = self.world
        first = world.cli("integration", "rotate", "shop").stdout.strip()
        second = world.cli("integration", "rotate", "shop").stdout.strip()
        self.assertNotEqual(first, second)
        for key in (first, second):
            said = json.loads(run("alert", "Late", "--dedup-key", "k", "--key", key, "--url", world.url,
                                  "--json").stdout)
            self.assertIn(said["outcome"], ("opened", "joined"))
        world.cli("integration", "rotate", "shop", "--overlap", "0s")
        done = run("alert", "Late", "--key", first, "--url", world.url)
        self.assertEqual(done.returncode, 1)
        self.assertIn("key", done.stderr)
        self.assertNotIn("token", done.stderr)
        run("alert", "--resolve", "--dedup-key", "k", "--key", second, "--url", world.url)

    def test_applying_twice_changes_nothing(self):
        again = self.world.apply(TEAM).stdout
        self.assertIn("0 created, 0 changed, 0 deleted", again)

    def test_a_mistake_names_file_and_line(self):
        world = self.world
        before = world.cli("export").stdout
        rows = [
            ("no such policy", TEAM.replace("policy: main", "policy: mian"), "team.yaml:17:"),
            ("no such zone", TEAM.replace("Europe/Paris", "Europe/Pari"), "team.yaml:11:"),
            ("no unit", TEAM.replace("wait: 5m}]", "wait: 5}]"), "team.yaml:15:"),
            ("unknown field", TEAM.replace("full_name:", "fullname:"), "full_name"),
            ("no YAML", TEAM + "}", "team.yaml:"),
            ("no such kind", TEAM.replace("kind: log", "kind: lgo", 1), 'did you mean "log"?'),
            ("no such variable", TEAM.replace("kind: native,", "kind: native, key: env:NOT_SET_HERE,"),
             "NOT_SET_HERE"),
        ]
        for name, text, part in rows:
            with self.subTest(name):
                done = world.apply(text, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(part, done.stderr)
                self.assertIn("nothing was applied", done.stderr)
        self.assertEqual(world.cli("export").stdout, before)

    def test_all_mistakes_are_told_at_once(self):
        broken = TEAM.replace("Europe/Paris", "Europe/Pari").replace("wait: 5m}]", "wait: 5}]")
        done = self.world.apply(broken, check=False)
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        self.assertEqual([line.split(":")[1] for line in lines[:-1]], ["11", "15"], done.stderr)
        self.assertEqual(lines[-1], "tocsin: nothing was applied")

    def test_mistakes_are_told_by_line(self):
        """Whatever comes first in the file: services are judged after schedules."""
        services, rest = "services: [{nmae: checkout, policy: main}]\n", TEAM.split("services:")
        broken = "\n" + services + rest[0].replace("Europe/Paris", "Europe/Pari")
        lines = self.world.apply(broken, check=False).stderr.splitlines()
        self.assertEqual([line.split(":")[1] for line in lines[:-1]], ["2", "13"], lines)

    def test_pruning_by_an_empty_file_is_asked_about(self):
        with World() as world:
            world.apply(TEAM)
            before = world.cli("export").stdout
            empty = world.write("empty.yaml", "users: []\n")
            done = world.cli("apply", empty, "--prune", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"names 0 entries, and --prune would remove \d+ .*--yes")
            self.assertEqual(world.cli("export").stdout, before)
            pid, terminal = pty.fork()
            if pid == 0:  # a person who thinks better of it
                os.execv(tocsin_path(), [tocsin_path(), "apply", str(empty), "--prune", "--data",
                                         str(world.data_path())])
            os.write(terminal, b"no\n")
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1)
            os.close(terminal)
            self.assertEqual(world.cli("export").stdout, before)
            world.cli("apply", empty, "--prune", "--yes")
            self.assertNotIn("ana", world.cli("export").stdout)

    def test_a_dry_run_only_tells(self):
        world = self.world
        before = world.cli("export").stdout
        path = world.write("dry.yaml", TEAM.replace("Ana Wijaya", "Ana W."))
        done = world.cli("apply", path, "--dry-run")
        self.assertIn("Ana W.", done.stdout)
        self.assertIn("dry run", done.stdout)
        self.assertEqual(world.cli("export").stdout, before)

    def test_export_is_a_file_to_apply(self):
        exported = self.world.cli("export").stdout
        with World() as other:
            other.apply(exported)
            self.assertEqual(other.cli("export").stdout, exported)

    def test_what_is_missing_comes_with_the_list(self):
        rows = [(["ack", "999"], "alerts --all"), (["schedule", "shifts", "nix"], "schedule list"),
                (["alerts", "show", "999"], "alerts --all"), (["integration", "rotate", "nix"], "integration list"),
                (["silence", "remove", "nix"], "silence list"), (["whatif", "--service", "nix"], "export"),
                (["alert", "--service", "nix", "x"], "export"), (["token", "revoke", "nix"], "token list")]
        for words, listing in rows:
            with self.subTest(words):
                done = self.world.cli(*words, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, f"(here is no .*|not exist); `tocsin {listing}` lists them\n$")

    def test_doctor(self):
        done = self.world.cli("doctor", check=False)
        self.assertIn("wakes nobody", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)
        said = self.world.cli_json("doctor")
        self.assertTrue({"level", "check", "what", "remedy"} <= set(said["findings"][0]))

    def test_doctor_tells_what_others_may_use(self):
        data = self.world.data
        self.assertNotIn("Others than", self.world.cli("doctor", check=False).stdout)
        for name, mode in (("tocsin.sock", 0o666), ("tocsin.sock", 0o660), ("tocsin.db", 0o644)):
            with self.subTest(name, mode=oct(mode)):
                data.joinpath(name).chmod(mode)
                self.assertRegex(self.world.cli("doctor", check=False).stdout,
                                 f"warning +data +Others than their owner have rights to {name} in {data};.*\n +Run chmod -R go-rwx {data}")
                data.joinpath(name).chmod(0o600)

    def test_doctor_tells_of_a_room_that_takes_nothing(self):
        with World() as world:
            room = world.receiver(status=404)
            world.apply(TEAM.replace("[{schedule: primary}]", "[{user: ana}, {channel: ops}]") +
                        f"channels: [{{name: ops, kind: webhook, to: '{room.url}/ops'}}]\n")

            def failing():
                return [found for found in world.cli_json("doctor", check=False)["findings"]
                        if found["subject"] == "channel:ops"]

            self.assertEqual(failing(), [])
            world.cli("alert", "--service", "checkout", "Disk full")
            world.wait("the doctor names the room", failing)
            self.assertIn("404", failing()[0]["what"])
            said = world.cli("whatif", "--service", "checkout").stdout
            self.assertRegex(said, "channel ops +channel \\(dead\\) +step 1, round 1 ")
            self.assertNotIn("nobody can be told", said)
            self.assertEqual(world.cli("doctor", check=False).returncode, 1)

    def test_an_attempt_that_goes_on_is_under_way(self):
        with World() as world, socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
            world.apply(TEAM.replace("[{schedule: primary}]", "[{channel: ops}]") +
                        f"channels: [{{name: ops, kind: webhook, to: '{address}'}}]\n")
            alert = world.cli_json("alert", "--service", "checkout", "Disk full")["alert_id"]
            world.wait("the attempt begins", lambda: "under way" in world.cli("explain", alert).stdout)
            said = world.cli("explain", alert).stdout
            self.assertRegex(said, r"ops +channel +under way +[-0-9]{10} [0-9]{2}:[0-9]{2}:[0-9]{2}")
            self.assertNotIn("claimed", said)

    def test_doctor_tells_what_was_refused(self):
        world = self.world
        key = world.cli("integration", "rotate", "shop").stdout.strip()
        for body, told in (("[", "A request of shop was not taken, or not whole, at TIME: not valid JSON.*"),
                           ('{"severity": "info"}', "2 requests of shop were not taken, or not whole, since TIME; "
                                               "the last one: summary: .*")):
            self.assertEqual(world.post("/api/v1/alerts", body.encode(), token=key).status, 400)
            said = world.cli("doctor", env={"TZ": "Asia/Tokyo"}).stdout
            self.assertRegex(said, told.replace("TIME", r"[0-9-]{10} [0-9:]{5,8}"))
            self.assertIn("Times are Asia/Tokyo.", said)

    def test_the_owner_hears_of_an_old_key_in_use(self):
        """Known is whose it was; a key that nobody ever had tells nobody."""
        with World() as world:
            world.apply(TEAM)
            old, new = (world.cli("integration", "rotate", "shop", "--overlap", "0s").stdout.strip() for _ in range(2))
            self.assertEqual(world.post("/api/v1/alerts", {"summary": "x"}, token="tcn_int_" + "0" * 32).status, 401)
            self.assertEqual(world.alerts(), [])
            for _ in range(3):
                self.assertEqual(world.alerts(), [])
                self.assertEqual(world.post("/api/v1/alerts", {"summary": "x"}, token=old).status, 401)
            world.wait("the owner hears of it", lambda: world.alerts())
            told, = world.alerts()
            self.assertEqual((told["dedup_key"], told["service"]), ("tocsin:refused:key", "checkout"))
            self.assertRegex(told["summary"], "^shop was refused 3 times: its key was replaced")
            self.assertIn("3 requests of shop were not taken", world.cli("doctor", check=False).stdout)
            self.assertEqual(world.post("/api/v1/alerts", {"summary": "x"}, token=new).status, 202)
            self.assertIn('tocsin_intake_refused_total{kind="key"} 3', world.get("/metrics").text)

    def test_since_is_the_senders(self):
        """As the board and the messages say it."""
        world = self.world
        world.apply(TEAM.replace("integrations: [", "integrations: [{name: am, kind: alertmanager, service: checkout}, "))
        key = world.cli("integration", "rotate", "am").stdout.strip()
        told = {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "Old"},
                                            "startsAt": "2026-01-05T08:00:00Z"}]}
        self.assertEqual(world.post(f"/in/alertmanager/{key}", told, token=None).status, 202)
        self.assertRegex(world.cli("alerts", env={"TZ": "Asia/Tokyo"}).stdout, r"2026-01-05 17:00 +Old")

    def test_openapi_and_lists(self):
        paths = self.world.cli_json("openapi")["paths"]
        self.assertIn("/api/v1/doctor", paths)
        for command in (["integration", "list"], ["heartbeat", "list"], ["schedule", "list"],
                        ["integration", "payloads", "shop"], ["silence", "list"], ["token", "list"]):
            with self.subTest(command):
                self.world.cli(*command)
                json.loads(self.world.cli(*command, "--json").stdout)

    def test_a_test_message(self):
        before = self.world.server.log(100000).count("page: ")
        for args, status, said in ((["ana"], 0, "on its way to ana"), ([], 2, "either a person or --channel NAME"),
                                   (["ana", "--channel", "ops"], 2, "either a person or --channel NAME"),
                                   (["--channel", "nowhere"], 1, "nowhere")):
            done = self.world.cli("test", *args, check=False)
            self.assertEqual(done.returncode, status, done)
            self.assertIn(said, done.stdout + done.stderr)
        self.world.wait("the test is written",
                        lambda: self.world.server.log(100000).count("page: ") > before)


class ServeTest(unittest.TestCase):
    """Starting, ending, and what lies between two runs."""

    def test_a_second_server_is_refused(self):
        with World() as world:
            done = run("serve", "--data", world.data, "--listen", "127.0.0.1:0")
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(world.data), done.stderr)
            self.assertEqual(world.get("/readyz", token=None).status, 200)

    def test_a_used_address_is_refused(self):
        with World() as world:
            done = run("serve", "--data", world.folder / "other", "--listen", f"127.0.0.1:{world.port}")
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(world.port), done.stderr)

    def test_an_unknown_variable_is_named(self):
        with World({"MAIL_HOST": "x", "KEY_OF_SHOP": "shop-0123456789abcdef0123456789abcdef"}, start=False) as world:
            team = world.write("team.yaml", TEAM.replace("service: checkout}", "service: checkout, "
                                                         "key: env:TOCSIN_KEY_OF_SHOP}"))
            world.settings["CONFIG"] = team
            world.start()
            line = next(line for line in world.server.log().splitlines() if "unknown variable" in line)
            self.assertIn("level=warn", line)
            self.assertIn("TOCSIN_MAIL_HOST", line)
            self.assertNotIn("KEY_OF_SHOP", line)

    def test_it_ends_well_and_remembers(self):
        with World() as world:
            world.apply(TEAM)
            alert = world.cli_json("alert", "--service", "checkout", "Disk full")["alert_id"]
            world.restart()
            self.assertEqual(world.alert(alert)["summary"], "Disk full")
            world.kill()
            world.start()
            self.assertEqual(world.alert(alert)["summary"], "Disk full")

    def test_config_is_applied_at_the_start_and_on_hangup(self):
        with World(start=False) as world:
            path = world.write("team.yaml", TEAM)
            world.settings["CONFIG"] = path
            world.start()
            self.assertIn("shown only once", world.server.log())
            more = "  - {name: second, kind: native, service: checkout}\n"
            path.write_text(TEAM.replace("Ana Wijaya", "Ana W.").replace(
                "integrations: [{name: shop, kind: native, service: checkout}]",
                "integrations:\n  - {name: shop, kind: native, service: checkout}\n" + more), "utf-8")
            world.server.send(signal.SIGHUP)
            world.wait("the new file is in force",
                       lambda: world.get("/api/v1/users/ana").json["full_name"] == "Ana W.")
            world.wait("the new key is shown", lambda: "integration second: tcn_int_" in world.server.log())
            path.write_text(TEAM.replace("policy: main", "policy: mian"), "utf-8")
            world.server.send(signal.SIGHUP)
            world.wait("the mistake is told", lambda: "team.yaml:17" in world.server.log())
            self.assertEqual(world.get("/api/v1/users/ana").json["full_name"], "Ana W.")
            world.stop()
            # A mistake stands in nobody's way who can be paged by what is in force.
            world.start()
            self.assertIn("team.yaml:17", world.server.log())
            self.assertIn("level=error", world.server.log())
            self.assertEqual(world.get("/api/v1/users/ana").json["full_name"], "Ana W.")
            world.stop()
            fresh = world.folder / "fresh"
            done = run("serve", "--data", fresh, "--listen", "127.0.0.1:0", "--config", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("team.yaml:17", done.stderr)
            path.write_text(TEAM.replace("Asia/Jakarta", "Moon/A").replace("name: budi", "name: budi\n    time_zone: Mars/B"),
                            "utf-8")
            done = run("serve", "--data", fresh, "--listen", "127.0.0.1:0", "--config", path)
            told = [line for line in done.stderr.splitlines() if re.search(r"team\.yaml:\d+: .*unknown time zone", line)]
            self.assertEqual(len(told), 2, done.stderr)
            path.unlink()
            done = run("serve", "--data", fresh, "--listen", "127.0.0.1:0", "--config", path)
            self.assertNotIn("tocsin: tocsin:", done.stderr)
            self.assertIn("cannot be read", done.stderr)

    def test_a_long_data_path(self):
        with World(start=False) as world:
            world.data = world.folder / ("d" * 60) / ("e" * 60) / "data"
            world.start()
            world.apply(TEAM)
            self.assertIn("primary", world.cli("oncall").stdout)

    def test_files_are_for_their_owner(self):
        with World() as world:
            world.cli("backup")
            for path in [world.data, *world.data.rglob("*")]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_log_lines_are_json_and_hold_no_keys(self):
        with World({"LOG_FORMAT": "json"}) as world:
            world.apply(TEAM)
            key = world.cli("integration", "rotate", "shop").stdout.strip()
            world.post("/api/v1/alerts", {"summary": "line\nbreak"}, token=key)
            alert = world.alerts()[0]["id"]
            world.wait("the page is told", lambda: "page.started" in world.server.log())
            lines = [json.loads(line) for line in world.server.log(1000).splitlines()
                     if line.startswith("{")]
            told = [line for line in lines if line.get("id") == f"alert:{alert}"]
            self.assertTrue({"alert.triggered", "page.started"} <= {line["message"] for line in told})
            self.assertNotIn(key, world.server.log(1000))

    def test_systemd_is_told(self):
        with World(start=False) as world:
            path = str(world.folder / "notify")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.bind(path)
                told.settimeout(PATIENCE_S)
                environment = world.environment
                world.environment = lambda more=None: {**environment(more), "NOTIFY_SOCKET": path}
                world.start()
                self.assertEqual(told.recv(100), b"READY=1\nSTATUS=")  # nothing is waited for
                self.assertEqual(told.recv(100), b"WATCHDOG=1")
                world.server.send(signal.SIGTERM)
                while told.recv(100) != b"STOPPING=1":
                    pass
                self.assertEqual(world.server.process.wait(PATIENCE_S), 0)

    def test_its_own_death_is_noticed(self):
        with World(start=False) as world:
            outside = world.receiver()
            world.settings["HEARTBEAT_OUT"] = outside.url + "/beat"
            world.settings["HEARTBEAT_OUT_EVERY"] = "1s"
            world.start()
            world.wait("it beats", lambda: len(outside.received("/beat")) >= 2)
            world.kill()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_becomes_somebody_else(self):
        with World({"USER": "nobody"}, start=False) as world:
            world.folder.chmod(0o711)
            world.start()
            status = pathlib.Path(f"/proc/{world.server.pid}/status").read_text(encoding="ascii")
            uid = pwd.getpwnam("nobody").pw_uid
            self.assertIn(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}", status)
            self.assertIn("NoNewPrivs:\t1", status)
            self.assertEqual(world.data.stat().st_uid, uid)
            world.apply(TEAM)
        done = run("serve", "--user", "no-such-account", "--data", "/nonexistent/data")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no-such-account", done.stderr)

    def test_an_open_stream_does_not_hold_the_end(self):
        with World() as world:
            world.apply(TEAM)
            token = world.token("read")
            with socket.create_connection(("127.0.0.1", world.port)) as stream:
                stream.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n"
                               f"Authorization: Bearer {token}\r\n\r\n".encode())
                self.assertIn(b"200", stream.recv(4096))
                began = time.monotonic()
                world.stop()
                self.assertLess(time.monotonic() - began, 4.0)
            world.start()

    def test_it_starts_fast(self):
        took = []
        with World() as world:
            world.apply(TEAM)
            for _ in range(5):
                world.restart()
                took = [float(ms) for ms in re.findall(r"start_ms=([0-9.]+)", world.server.log(100000))]
        self.assertLess(min(took), 100.0, took)


class BackupTest(unittest.TestCase):
    def alert(self, world, summary):
        return world.cli_json("alert", "--service", "checkout", summary)["alert_id"]

    def summaries(self, world):
        return sorted(alert["summary"] for alert in world.alerts())

    def test_there_and_back(self):
        with World() as world:
            world.apply(TEAM)
            self.alert(world, "before")
            copy = world.folder / "copy.db"
            self.assertIn("verified", world.cli("backup", copy).stdout)
            self.assertEqual(world.cli("backup", copy, check=False).returncode, 1)  # never over a file
            sound = world.cli_json("restore", "--verify-only", copy)
            self.assertEqual(sound["alerts"], 1)
            self.assertRegex(sound["newest_event_at"], r"^20\d\d-.*Z$")
            self.assertIn(f"schema {sound['schema']}, 1 alert,", world.cli("restore", "--verify-only", copy).stdout)
            done = world.cli("restore", "--verify-only", f"{copy}.no", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("there is no backup at", done.stderr)
            self.assertNotIn("Take another", done.stderr)
            self.alert(world, "after")
            done = world.cli("restore", copy, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("stop it first", done.stderr)
            world.stop()
            kept = world.cli_json("restore", copy)["kept"]
            with sqlite3.connect(kept) as old:
                self.assertEqual(old.execute("SELECT count(*) FROM alert").fetchone()[0], 2)
            world.start()
            self.assertEqual(self.summaries(world), ["before"])

    def test_without_a_server(self):
        with World() as world:
            world.apply(TEAM)
            self.alert(world, "here")
            world.kill()
            copy = world.folder / "copy.db"
            world.cli("backup", copy)
            shutil.rmtree(world.data)
            world.cli("restore", copy)
            world.start()
            self.assertEqual(self.summaries(world), ["here"])

    def test_a_bad_backup_replaces_nothing(self):
        with World() as world:
            world.apply(TEAM)
            self.alert(world, "here")
            copy = world.folder / "copy.db"
            world.cli("backup", copy)
            world.stop()
            whole = copy.read_bytes()
            with sqlite3.connect(world.folder / "stranger.db") as stranger:
                stranger.execute("CREATE TABLE x (y)")
            bad = world.folder / "bad.db"
            rows = [("cut", whole[:len(whole) // 2]), ("empty", b""), ("text", b"no database" * 1000),
                    ("of another program", (world.folder / "stranger.db").read_bytes()),
                    ("damaged", whole[:8192] + bytes(8192) + whole[16384:])]
            for name, content in rows:
                with self.subTest(name):
                    bad.write_bytes(content)
                    done = world.cli("restore", bad, check=False)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertEqual([p.name for p in world.data.glob("*before-restore*")], [])
            self.assertEqual(world.cli("restore", world.folder / "none.db", check=False).returncode, 1)
            os.mkfifo(world.folder / "pipe")  # nobody writes into it
            for words in (["restore", world.folder / "pipe"], ["restore", "--verify-only", world.folder / "pipe"],
                          ["restore", "--verify-only", world.folder], ["restore", "--verify-only", "/dev/null"]):
                with self.subTest(words):
                    done = world.cli(*words, check=False)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertIn("is no file but a", done.stderr)
            done = run("verify", "--file", world.folder / "pipe")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("is no file but a pipe", done.stderr)
            world.start()
            self.assertEqual(self.summaries(world), ["here"])


if __name__ == "__main__":
    unittest.main()
