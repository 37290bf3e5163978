"""A running Tocsin for the scenarios: started in a folder of its own on a free port, configured
through its own command line, asked through its own API, and ended with everything else it started.

    with World() as world:
        world.apply(TEAM)
        world.post("/api/v1/alerts", {...}, token=key)
        world.wait("the alert is open", lambda: world.alerts(status="open"))

Nothing here sleeps for a fixed time: `wait` asks again and again until it holds, or fails with what
the server logged. Only the standard library of Python is used.
"""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "load"))

from database import Database  # noqa: E402

PATIENCE_S = 30.0  # a wait that lasts longer has failed; generous, for machines under load
PAUSE_S = 0.02
BETWEEN_QUESTIONS = threading.Event()


def tocsin_path():
    """The program under test: $TOCSIN, or build/tocsin beside the source."""
    return os.environ.get("TOCSIN", str(ROOT / "build" / "tocsin"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(*programs):
    """Where each of the programs is; skips the test, saying which package to install, when not."""
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed")
    return [shutil.which(program) for program in programs]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"<{self.status} {self.text[:500]}>"


def request(method, url, body=None, headers=None, timeout=PATIENCE_S):
    """One HTTP request; every status is an answer, none is an exception."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    call = urllib.request.Request(url, data=body, headers=headers, method=method)
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(call, timeout=timeout) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as reply:
        with reply:
            return Answer(reply.code, reply.headers, reply.read())


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def wait(what, holds, patience_s=PATIENCE_S, explain=None):
    """Asks until `holds()` is true and gives back what it said."""
    end = time.monotonic() + patience_s
    problem = None
    while True:
        try:
            said = holds()
            if said:
                return said
            problem = said
        except (OSError, ValueError, KeyError, IndexError) as error:
            problem = error
        if time.monotonic() > end:
            more = "\n" + explain() if explain else ""
            raise AssertionError(f"waited {patience_s:g} s for: {what}; last: {problem!r}{more}")
        BETWEEN_QUESTIONS.wait(PAUSE_S)  # nothing ever sets it


def metric(text, name, **labels):
    """The sum of a metric's samples in Prometheus' text form whose labels fit; None: no sample."""
    total = None
    for line in text.splitlines():
        head, _, value = line.rpartition(" ")
        sample, _, rest = head.partition("{")
        if sample != name:
            continue
        if all(f'{key}="{wanted}"' in rest for key, wanted in labels.items()):
            total = (total or 0.0) + float(value)
    return total


class Process:
    """A program of ours or of others, with its output in a file and a certain end."""

    def __init__(self, name, argv, folder, env=None, stdout=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                            stdout=log if stdout is None else stdout, stderr=log)

    @property
    def pid(self):
        return self.process.pid

    def is_alive(self):
        return self.process.poll() is None

    def log(self, last=60):
        lines = self.log_path.read_text("utf-8", "replace").splitlines()
        return "\n".join([f"--- {self.name} ---"] + lines[-last:])

    def send(self, number):
        self.process.send_signal(number)

    def end(self, patience_s=PATIENCE_S):
        """Asks it to end, then makes it. Answers the exit code."""
        if self.is_alive():
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience_s)
        if self.is_alive():
            self.process.kill()
        return self.process.wait()


class Receiver:
    """A web server that keeps what it is sent: webhooks, chats, exporters' readers."""

    def __init__(self, status=200, pages=None):
        self.calls = []
        self.status = status
        self.pages = pages or {}  # path -> function that gives the text of a GET
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                size = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(size)
                with outer.lock:
                    outer.calls.append({"path": self.path, "headers": dict(self.headers),
                                        "body": body, "at": time.time()})
                self.answer(outer.status, b"{}")

            do_PUT = do_POST

            def do_GET(self):
                page = outer.pages.get(self.path.partition("?")[0])
                self.answer(404 if page is None else 200, b"" if page is None else page().encode())

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def received(self, path=None):
        with self.lock:
            return [call for call in self.calls if path is None or call["path"] == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class World:
    """A Tocsin server and whatever else the scenario starts.

    `settings` are TOCSIN_… variables beside those that every scenario has: {"SMTP_URL": …}.
    `disk_mib` gives the data directory a small disk of its own (tmpfs in a mount namespace), which
    the scenario can fill: `data_path()` is the way to it from outside.
    """

    def __init__(self, settings=None, start=True, disk_mib=None):
        self.disk_mib = disk_mib
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-scenario-"))
        self.data = self.folder / "data"
        self.database = Database(self.data / "tocsin.db")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"ALLOW_PRIVATE": "127.0.0.0/8", "LOG_FORMAT": "logfmt",
                         "PUBLIC_URL": self.url, **self.database.settings(), **(settings or {})}
        self.server = None
        self.others = []
        self.receivers = []
        self.tokens = {}
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        if kind is not None and not issubclass(kind, unittest.SkipTest):
            print(self.explain(), flush=True)
        try:
            if kind is None and self.server is not None and self.server.is_alive():
                self.stop()  # an end that is not clean is a failure, too: a sanitizer may complain
        finally:
            self.close()

    # --- the server ---

    def environment(self, more=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN")}
        ours = {f"TOCSIN_{key}": str(value) for key, value in self.settings.items()}
        return {**clean, **ours, **(more or {})}

    def start(self, wait_ready=True, env=None, stdout=None):
        argv = [tocsin_path(), "serve", "--listen", f"127.0.0.1:{self.port}",
                "--data", str(self.data)]
        self.server = Process("tocsin", self.on_disk(argv), self.folder, self.environment(env), stdout)
        if wait_ready:
            self.wait_ready()

    def on_disk(self, argv):
        if self.disk_mib is None:
            return argv
        need("unshare", "mount")
        if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], check=False).returncode:
            raise unittest.SkipTest("this machine gives no mount namespaces")
        mount = 'mount -t tmpfs -o size="$0"m,mode=0700 tmpfs "$1" && shift && exec "$@"'
        self.data.mkdir(mode=0o700, exist_ok=True)
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(self.disk_mib),
                str(self.data), *argv]

    def data_path(self):
        """The data directory as this process sees it."""
        if self.disk_mib is None:
            return self.data
        return pathlib.Path(f"/proc/{self.server.pid}/root{self.data}")

    def wait_ready(self):
        def is_ready():
            if not self.server.is_alive():
                raise AssertionError(f"the server ended at once\n{self.server.log()}")
            return self.get("/readyz", token=None).status == 200

        self.wait("the server is ready", is_ready)

    def stop(self):
        """SIGTERM, as an operator does; it must end by itself and well."""
        self.server.send(signal.SIGTERM)
        code = self.server.process.wait(PATIENCE_S)
        assert code == 0, f"the server ended with {code}\n{self.server.log()}"

    def kill(self):
        self.server.send(signal.SIGKILL)
        self.server.process.wait(PATIENCE_S)

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        for process in reversed(self.others):
            process.end()
        if self.server is not None:
            self.server.end()
        for receiver in self.receivers:
            receiver.close()
        self.database.drop()
        if os.environ.get("KEEP_WORLD"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def explain(self):
        processes = [self.server] if self.server else []
        return "\n".join(process.log() for process in processes + self.others)

    # --- the rest of the world ---

    def run(self, name, argv, env=None):
        """Starts another program; it ends with the world."""
        process = Process(name, [str(part) for part in argv], self.folder, env)
        self.others.append(process)
        return process

    def receiver(self, **options):
        receiver = Receiver(**options)
        self.receivers.append(receiver)
        return receiver

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def wait(self, what, holds, patience_s=PATIENCE_S):
        return wait(what, holds, patience_s, self.explain)

    # --- the command line ---

    def cli(self, *args, env=None, input=None, check=True):
        """`tocsin ARGS` on this server's data directory; the finished process."""
        argv = [tocsin_path(), *map(str, args), "--data", str(self.data_path())]
        done = subprocess.run(argv, env=self.environment(env), input=input, text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)}\nended with {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}\n{self.explain()}")
        return done

    def cli_json(self, *args, **options):
        return json.loads(self.cli(*args, "--json", **options).stdout)

    def apply(self, team, env=None, check=True):
        """Puts a team file into force. Values of `env` are what its env:NAME references mean."""
        path = self.write("team.yaml", team)
        return self.cli("apply", path, env=env, check=check)

    def token(self, scope="admin"):
        """An access token of this scope; made once."""
        if scope not in self.tokens:
            done = self.cli("token", "create", "--name", f"scenario-{scope}", "--scope", scope)
            self.tokens[scope] = done.stdout.strip().splitlines()[-1]
        return self.tokens[scope]

    # --- the API ---

    def call(self, method, path, body=None, token="admin", headers=None):
        """token: a scope ("read", "respond", "admin"), the text of a key, or None."""
        headers = dict(headers or {})
        if token in ("read", "respond", "admin"):
            token = self.token(token)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else self.url + path
        return request(method, url, body, headers)

    def get(self, path, token="admin", **options):
        return self.call("GET", path, None, token, **options)

    def post(self, path, body=None, token="admin", **options):
        return self.call("POST", path, {} if body is None else body, token, **options)

    def items(self, path, **query):
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            wanted = {key: value for key, value in {**query, "cursor": cursor}.items() if value}
            answer = self.get(path + ("?" + urllib.parse.urlencode(wanted) if wanted else ""))
            assert answer.status == 200, f"GET {path}: {answer}"
            found += answer.json["items"]
            cursor = answer.json.get("next_cursor")
            if not cursor:
                return found

    def alerts(self, **query):
        return self.items("/api/v1/alerts", **query)

    def alert(self, alert_id):
        answer = self.get(f"/api/v1/alerts/{alert_id}")
        assert answer.status == 200, answer
        return answer.json

    def events(self, after=0):
        return self.items("/api/v1/events", after=after)
