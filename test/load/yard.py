"""A server of our own in a folder of its own, with a sink for its webhooks and a load on its door.

For the crash test and the benchmarks, which care for speed and for real kills; the scenarios have
their own world. Nothing here sleeps: a wait is always for a process, a socket or a file.
"""
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

from database import Database

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", "test")
BINARY = os.environ.get("TOCSIN") or os.path.join(BUILD, "src", "app", "tocsin")
LOAD = os.path.join(BUILD, "test", "load", "load")
SINK = os.path.join(BUILD, "test", "load", "sink")


for program in (BINARY, LOAD, SINK):
    if not os.access(program, os.X_OK):
        raise SystemExit("%s is not there; build first: ninja -C %s (or say where in TOCSIN_BUILD)" % (program, BUILD))


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=5):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def call(connection, method, path, body=None, headers=None):
    """(status, parsed body or None) of one request."""
    data = None if body is None else json.dumps(body)
    headers = dict(headers or {}, **({"Content-Type": "application/json"} if data else {}))
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    text = answer.read()
    try:
        return answer.status, json.loads(text) if text else None
    except ValueError:
        return answer.status, None


class Sink:
    """A webhook receiver with a journal."""

    def __init__(self, folder):
        self.journal = os.path.join(folder, "sink.journal")
        self.process = subprocess.Popen([SINK, "--journal", self.journal], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def arrivals(self):
        """(instant in microseconds, path, parsed body) of each request, in order of arrival."""
        found = []
        with open(self.journal, encoding="utf-8", errors="replace") as file:
            for line in file:
                at, path, body = line.rstrip("\n").split(" ", 2)
                found.append((int(at), path, json.loads(body)))
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Server:
    def __init__(self, folder, config, env=None, listen=None):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.port = listen or free_port()
        self.config = os.path.join(folder, "team.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.database = Database(os.path.join(self.data, "tocsin.db"))
        self.env = dict(os.environ, TOCSIN_ALLOW_PRIVATE="127.0.0.0/8", **(env or {}))
        self.env.update({"TOCSIN_" + key: value for key, value in self.database.settings().items()})
        self.log = open(os.path.join(folder, "server.log"), "ab")
        self.process = None

    def start(self, config=True, within=10.0):
        """Seconds until /readyz answered 200."""
        command = [BINARY, "serve", "--listen", "127.0.0.1:%d" % self.port, "--data", self.data]
        if config:
            command += ["--config", self.config]
        began = time.monotonic()
        self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        while True:
            if self.is_ready():
                return time.monotonic() - began
            try:
                status = self.process.wait(0.002)
            except subprocess.TimeoutExpired:
                status = None
            if status is not None or time.monotonic() - began > within:
                raise SystemExit("the server %s; its log ends:\n%s" % (
                    "ended with status %d" % status if status is not None else "was not ready in %g s" % within,
                    self.log_tail()))

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
            status, _ = call(connection, "GET", "/readyz")
            connection.close()
            return status == 200
        except (OSError, http.client.HTTPException):
            return False

    def local(self):
        """A connection to the local socket, which is an administrator's."""
        return UnixConnection(os.path.join(self.data, "tocsin.sock"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def resident_kb(self):
        with open("/proc/%d/status" % self.process.pid, encoding="utf-8") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def log_tail(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-30:])


def make_token(server, name, scope):
    made = subprocess.run([BINARY, "token", "create", "--name", name, "--scope", scope, "--data", server.data],
                          env=server.env, capture_output=True, text=True, check=True)
    return made.stdout.strip().splitlines()[-1]


class Load:
    def __init__(self, folder, port, keys, rate, count=0, lines=16, prefix="load", severity="critical"):
        self.ledger = os.path.join(folder, "%s.ledger" % prefix)
        open(self.ledger, "wb").close()  # so that a follower finds it at once
        keys_file = os.path.join(folder, "%s.keys" % prefix)
        with open(keys_file, "w", encoding="utf-8") as file:
            file.write("\n".join(keys) + "\n")
        self.process = subprocess.Popen(
            [LOAD, "--port", str(port), "--keys", keys_file, "--rate", str(rate), "--count", str(count),
             "--lines", str(lines), "--prefix", prefix, "--severity", severity, "--ledger", self.ledger],
            stdout=subprocess.PIPE, text=True)

    def finish(self, stop=False):
        """What it counted, as a dictionary."""
        if stop:
            self.process.terminate()
        out, _ = self.process.communicate(timeout=600)
        return json.loads(out)

    def entries(self):
        """Dictionaries of the ledger's lines."""
        found = []
        with open(self.ledger, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    found.append(entry(line))
        return found


def entry(line):
    key, sent, answered, status, alert_id, address = line.split()
    return {"key": key, "sent": int(sent), "answered": int(answered), "status": int(status), "id": alert_id,
            "address": address}


class Follower(threading.Thread):
    """Reads a ledger while it grows and hands each line to `take`; ends when told."""

    def __init__(self, path, take):
        super().__init__(daemon=True)
        self.path, self.take, self.ended = path, take, threading.Event()

    def run(self):
        with open(self.path, encoding="utf-8") as file:
            rest = ""
            while True:
                is_last = self.ended.is_set()
                chunk = file.read()
                *lines, rest = (rest + chunk).split("\n")
                for line in lines:
                    self.take(entry(line))
                if is_last:
                    return
                if not chunk:
                    self.ended.wait(0.01)

    def finish(self):
        self.ended.set()
        self.join(60)


def team(count, sink_port, steps=1, wait="10m", rules_after=("0s",)):
    """(configuration, environment with the keys, keys) of `count` services, each with its own policy,
    integration and people, who are reached at the sink under /PERSON."""
    users, policies, services, integrations, env, keys = [], [], [], [], {}, []
    for at in range(count):
        people = ["p%d-%d" % (at, step) for step in range(steps)]
        for person in people:
            users.append({"name": person, "contacts": [
                {"kind": "webhook", "to": "http://127.0.0.1:%d/%s" % (sink_port, person)}],
                "rules": {"high": [{"after": after, "contact": "webhook"} for after in rules_after],
                          "low": [{"after": "0s", "contact": "webhook"}]}})
        policies.append({"name": "policy-%d" % at, "repeat": 1, "last_resort": {"user": people[0]},
                         "steps": [{"notify": [{"user": person}], "wait": wait} for person in people]})
        services.append({"name": "service-%d" % at, "policy": "policy-%d" % at, "urgency": "by-severity"})
        keys.append("key-%04d-0123456789abcdef0123456789abcdef" % at)
        env["YARD_KEY_%d" % at] = keys[-1]
        integrations.append({"name": "integration-%d" % at, "kind": "native", "service": "service-%d" % at,
                             "key": "env:YARD_KEY_%d" % at})
    return ({"users": users, "policies": policies, "services": services, "integrations": integrations},
            env, keys)


def temporary():
    return tempfile.TemporaryDirectory(prefix="tocsin-")
