#!/usr/bin/env python3
# timeout: 600
# by hand: yes
"""Three machines as docs/deploy/three-nodes.md describes them, with the files that stand there: etcd,
Patroni, PostgreSQL, HAProxy and Tocsin on each, every machine a set of namespaces of its own. While alerts
come in, the primary is switched, its PostgreSQL killed, and a whole machine lost. Nothing that was accepted
may be missing or there twice, and each alert has its page.

    tools/setup test && apt-get install patroni etcd-server etcd-client python3-etcd haproxy
    TOCSIN=build/test/src/app/tocsin test/failover/patroni_test.py [WORD OF A TROUBLE…]

The last lines say how many seconds nothing was accepted, and how late the first page came.
"""
import glob
import http.client
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import ground
from ground import FOLDER, Ground, inside

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FILES = os.path.join(ROOT, "docs", "deploy", "three-nodes")
TOCSIN = os.path.realpath(os.environ.get("TOCSIN") or
                          os.path.join(os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", "test"),
                                       "src", "app", "tocsin"))
NODES = ("node1", "node2", "node3")
NEEDED = ("patroni", "patronictl", "etcd", "haproxy", "setpriv", "psql")
RATE = 20.0  # alerts a second
PAUSE = threading.Event()  # nothing ever sets it
# What the first process of a machine does: buries whoever has lost its parent.
BURY = """import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
while True:
    signal.sigwait([signal.SIGCHLD])
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""
KEY = "app-0123456789abcdef0123456789abcdef"
TEAM = """
users:
  - name: ana
    contacts: [{kind: webhook, to: "%s/ana"}]
    rules: {high: [{after: 0s, contact: webhook}], low: [{after: 0s, contact: webhook}]}
policies:
  - name: all
    steps: [{notify: [{user: ana}], wait: 2h}]
    last_resort: {user: ana}
services: [{name: shop, policy: all}]
integrations: [{name: app, kind: native, service: shop, key: env:APP_KEY}]
"""


def wait(what, holds, patience_s=90.0):
    end, said = time.monotonic() + patience_s, None
    while True:
        try:
            said = holds()
            if said:
                return said
        except (OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError,
                http.client.HTTPException) as error:
            said = error
        if time.monotonic() > end:
            raise AssertionError("waited %g s for: %s; last: %r" % (patience_s, what, said))
        PAUSE.wait(0.05)


class Machine:
    """Namespaces, and folders of its own in the places where the packages keep theirs."""

    def __init__(self, net, name, number):
        self.name, self.number, self.processes = name, number, {}
        net.add(name, number, "back")
        self.address = net.address(name, "back")
        self.folder = os.path.join(FOLDER, name)
        self.make_folders()
        self.boot()

    def make_folders(self):
        for path in ("var/lib/postgresql", "var/lib/etcd", "var/lib/tocsin", "var/lib/haproxy", "bin",
                     "run/postgresql", "run/haproxy", "var/log"):
            os.makedirs(os.path.join(self.folder, path))
        shutil.copytree("/etc", os.path.join(self.folder, "etc"), symlinks=True)
        for path, owner in (("var/lib/postgresql", "postgres"), ("run/postgresql", "postgres"),
                            ("var/lib/etcd", "etcd"), ("run/haproxy", "haproxy")):
            shutil.chown(os.path.join(self.folder, path), owner, owner)
        shutil.copy(TOCSIN, os.path.join(self.folder, "bin", "tocsin"))
        with open(os.path.join(self.folder, "etc/hosts"), "w", encoding="ascii") as hosts:
            hosts.write("127.0.0.1 localhost\n")
            hosts.writelines("10.77.2.%d %s\n" % (number + 1, name) for number, name in enumerate(NODES))
        with open(os.path.join(self.folder, "etc/passwd"), "a", encoding="ascii") as accounts:
            accounts.write("tocsin:x:950:950::/var/lib/tocsin:/usr/sbin/nologin\n")
        with open(os.path.join(self.folder, "etc/group"), "a", encoding="ascii") as groups:
            groups.write("tocsin:x:950:\n")
        os.chown(os.path.join(self.folder, "var/lib/tocsin"), 950, 950)

    def boot(self):
        mounts = " && ".join("mount --bind %s/%s %s" % (self.folder, ours, theirs) for ours, theirs in
                             (("etc", "/etc"), ("var/lib", "/var/lib"), ("bin", "/usr/local/bin"), ("run", "/run")))
        script = "hostname %s && %s && exec %s -c '%s'" % (self.name, mounts, sys.executable, BURY)
        self.holder = subprocess.Popen(
            inside(self.name, "unshare", "--mount", "--uts", "--pid", "--ipc", "--fork", "--mount-proc",
                   "--kill-child=SIGKILL", "sh", "-c", script), stdin=subprocess.DEVNULL)
        self.first = wait(self.name + " is up", self.find_first)

    def find_first(self):
        with open("/proc/%d/task/%d/children" % (self.holder.pid, self.holder.pid), encoding="ascii") as file:
            first = int(file.read().split()[0])
        with open("/proc/%d/comm" % first, encoding="ascii") as file:
            return first if file.read().startswith("python") else 0

    def at(self, *argv, user=None):
        away = ["nsenter", "-t", str(self.first), "-n", "-m", "-u", "-p", "-i"]
        who = ["setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups"] if user else []
        return away + who + list(argv)

    def run(self, *argv, user=None, check=True, **options):
        done = subprocess.run(self.at(*argv, user=user), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError("%s: %s ended with %d\n%s%s" % (self.name, " ".join(argv), done.returncode,
                                                               done.stdout, done.stderr))
        return done.stdout

    def serve(self, name, *argv, user=None, env=None):
        """What systemd does with the service of that name."""
        with open(os.path.join(self.folder, "var/log", name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.at(*argv, user=user), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/var/lib/postgresql", **(env or {})})

    def install(self, file, path, mode=0o644, owner=0, change=lambda text: text):
        """As the page says: copy, and put this machine's name for THIS."""
        with open(os.path.join(FILES, file), encoding="utf-8") as source:
            text = change(source.read().replace("THIS", self.name))
        target = os.path.join(self.folder, path.lstrip("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(target, mode)
        os.chown(target, owner, owner)

    def variables(self, path):
        with open(os.path.join(self.folder, path.lstrip("/")), encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def start_etcd(self):
        self.serve("etcd", "/usr/bin/etcd", user="etcd", env=self.variables("/etc/default/etcd"))

    def start_patroni(self):
        self.serve("patroni", "/usr/bin/patroni", "/etc/patroni/config.yml", user="postgres")

    def start_rest(self):
        self.serve("tocsin", "/usr/local/bin/tocsin", "serve", "--data", "/var/lib/tocsin", user="tocsin",
                   env=self.variables("/etc/tocsin/tocsin.env"))
        self.serve("haproxy", "/usr/sbin/haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg")

    def tocsin(self, *argv, env=None):
        return self.run("/usr/local/bin/tocsin", *argv, "--data", "/var/lib/tocsin", user="tocsin",
                        env={**os.environ, **(env or {})})

    def lose(self, net):
        """The cable first, so that nobody is told of the end."""
        net.cut(self.name, "back", "both")
        self.holder.kill()
        self.holder.wait(30)

    def log(self, name, last=15):
        path = os.path.join(self.folder, "var/log", name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return "--- %s %s\n%s" % (self.name, name, "".join(file.readlines()[-last:]))


class Phone:
    """Where pages arrive."""

    def __init__(self):
        self.calls, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                outer.calls.append((time.monotonic(), json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("10.77.2.200", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://10.77.2.200:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Sender(threading.Thread):
    """Sends alert after alert to any of the addresses, each again until it is accepted."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.number, self.accepted, self.is_over = number, [], threading.Event()
        self.at, self.connection = number % len(NODES), None

    def run(self):
        count = 0
        while not self.is_over.is_set():
            count += 1
            key = "s%d-%d" % (self.number, count)
            while not self.post(key) and not self.is_over.is_set():
                self.is_over.wait(0.1)
            self.is_over.wait(4 / RATE)

    def post(self, key):
        body = json.dumps({"summary": "down " + key, "dedup_key": key, "severity": "critical"})
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + KEY}
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("10.77.2.%d" % (self.at + 1), 80, timeout=8)
            self.connection.request("POST", "/api/v1/alerts", body, headers)
            answer = self.connection.getresponse()
            answer.read()
            if answer.status == 202:
                self.accepted.append((time.monotonic(), key))
                return True
        except (OSError, http.client.HTTPException):
            pass
        self.connection = None
        self.at = (self.at + 1) % len(NODES)  # as a sender with three addresses does
        return False


class House:
    def __init__(self):
        self.net = Ground()
        self.machines = [Machine(self.net, name, number + 1) for number, name in enumerate(NODES)]
        self.net.add("people", 200, "back")
        ground.move_in("people")
        self.phone = Phone()

    def build(self):
        postgres = os.stat(os.path.join(self.machines[0].folder, "var/lib/postgresql")).st_uid
        for machine in self.machines:
            machine.install("etcd", "/etc/default/etcd")
            machine.install("patroni.yml", "/etc/patroni/config.yml", 0o600, postgres)
            machine.install("haproxy.cfg", "/etc/haproxy/haproxy.cfg")
            more = "TOCSIN_ALLOW_PRIVATE=10.77.2.0/24\n"
            machine.install("tocsin.env", "/etc/tocsin/tocsin.env", change=lambda text: text + more)
            machine.install("database-url", "/etc/tocsin/database-url", 0o600, 950)
            machine.start_etcd()
        for machine in self.machines:
            machine.start_patroni()
        leader = wait("a primary with a synchronous standby", self.settled)
        for sql in ("CREATE ROLE tocsin LOGIN PASSWORD 'CHANGE-ME-3'", "CREATE DATABASE tocsin OWNER tocsin",
                    "GRANT pg_read_all_stats TO tocsin"):
            leader.run("psql", "-XAtqc", sql, user="postgres")
        for machine in self.machines:
            machine.start_rest()
        wait("all are ready", lambda: all(self.is_ready(machine) for machine in self.machines))
        team = os.path.join(self.machines[0].folder, "etc", "team.yaml")
        with open(team, "w", encoding="utf-8") as file:
            file.write(TEAM % self.phone.url)
        os.chmod(team, 0o644)
        self.machines[0].tocsin("apply", "/etc/team.yaml", env={"APP_KEY": KEY})

    def living(self):
        return [machine for machine in self.machines if machine.holder.poll() is None]

    def members(self):
        said = self.living()[0].run("patronictl", "-c", "/etc/patroni/config.yml", "list", "-f", "json",
                                    user="postgres")
        return {row["Member"]: row for row in json.loads(said)}

    def leader(self):
        for name, row in self.members().items():
            if row["Role"] == "Leader" and row["State"] == "running":
                return next((machine for machine in self.living() if machine.name == name), None)
        return None

    def settled(self):
        """The primary, once another one keeps what it commits and every living machine has its part."""
        members = self.members()
        roles = [row["Role"] for row in members.values() if row["State"] in ("running", "streaming")]
        whole = len(roles) >= len(self.living()) and "Sync Standby" in roles
        return self.leader() if whole else None

    @staticmethod
    def is_ready(machine):
        connection = http.client.HTTPConnection(machine.address, 8420, timeout=3)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200

    def explain(self):
        return "\n".join(machine.log(name) for machine in self.machines
                         for name in ("etcd", "patroni", "haproxy", "tocsin"))


def longest_gap(instants, begin, end):
    """The longest time in which nothing happened, of what happened from `begin` to `end`."""
    inner = [begin] + sorted(at for at in instants if begin < at < end) + [end]
    return max(later - earlier for earlier, later in zip(inner, inner[1:]))


def switch_over(house, leader):
    leader.run("patronictl", "-c", "/etc/patroni/config.yml", "switchover", "--force", user="postgres")


def kill_postgres(house, leader):
    del house
    pids = leader.run("pgrep", "-u", "postgres", "-x", "postgres").split()
    leader.run("kill", "-9", *pids, check=False)


def lose_machine(house, leader):
    leader.lose(house.net)


def is_primary(machine):
    said = machine.run("psql", "-XAtqc", "SELECT NOT pg_is_in_recovery()", user="postgres", check=False)
    return said.strip() == "t"


def trouble(house, senders, what, how):
    """Does it to the primary's machine and waits until another one is the primary and all are ready."""
    leader = wait("a primary with a standby", house.settled)
    accepted = lambda: [at for sender in senders for at, _ in list(sender.accepted)]
    began = time.monotonic()
    how(house, leader)
    wait("another primary", lambda: any(machine is not leader and is_primary(machine) for machine in house.living()))
    primary_after = time.monotonic() - began
    wait("the nodes that are left are ready", lambda: all(house.is_ready(machine) for machine in house.living()))
    count = len(accepted())
    wait("alerts are accepted again", lambda: len(accepted()) > count + 20)
    gap = longest_gap(accepted(), began - 1, time.monotonic())
    print("%-36s %5.1f s nothing was accepted (another primary after %.1f s)" % (what, gap, primary_after),
          flush=True)
    return gap


def consult(house, level):
    """What the doctor says of the replication is this, and no other check finds fault with the server."""
    machine = house.living()[0]
    said = json.loads(machine.run("/usr/local/bin/tocsin", "doctor", "--json", "--data", "/var/lib/tocsin",
                                  user="tocsin", check=False))["findings"]
    ours = [row for row in said if row["check"] in ("replication", "server", "fsync", "connections", "database-host")]
    assert [(row["check"], row["level"]) for row in ours] == [("replication", level)], ours
    print("the doctor: " + ours[0]["what"], flush=True)


def judge(house, senders):
    """Everything that was accepted is there, and was told of."""
    accepted = {key for sender in senders for _, key in sender.accepted}
    leader = wait("a primary", house.leader)
    said = leader.run("psql", "-XAtqd", "tocsin", "-c", "SELECT dedup_key FROM alert", user="postgres")
    lost = accepted - set(said.split())
    assert not lost, "%d accepted alerts are lost: %s" % (len(lost), sorted(lost)[:5])
    doubled = leader.run("psql", "-XAtqd", "tocsin", "-c",
                         "SELECT count(*) - count(DISTINCT dedup_key) FROM alert", user="postgres")
    assert doubled.strip() == "0", doubled
    pages = leader.run("psql", "-XAtqd", "tocsin", "-c", "SELECT count(*) FROM alert a WHERE NOT EXISTS"
                       " (SELECT 1 FROM page p WHERE p.subject_id = a.id)", user="postgres")
    assert pages.strip() == "0", "%s alerts have no page" % pages
    print("%d alerts were accepted, none is lost, none is doubled, each has its page" % len(accepted), flush=True)


def main():
    missing = [program for program in NEEDED if shutil.which(program) is None] or ground.what_is_missing()
    if missing or not glob.glob("/usr/lib/postgresql/15/bin/postgres"):
        print("skipped: %s" % (missing or "PostgreSQL 15 is not installed"))
        print("0 passed, 0 failed")
        return 0
    ground.enter()
    house = House()
    senders = [Sender(number) for number in range(4)]
    began = time.monotonic()
    try:
        house.build()
        print("%-36s %5.1f s" % ("three machines are up after", time.monotonic() - began), flush=True)
        for sender in senders:
            sender.start()
        wait("somebody was told", lambda: house.phone.calls)
        troubles = (("patronictl switchover", switch_over), ("kill -9 of the primary's PostgreSQL", kill_postgres),
                    ("the primary's machine is gone", lose_machine))
        chosen = [row for row in troubles if not sys.argv[1:] or any(word in row[0] for word in sys.argv[1:])]
        wait("a primary with a standby", house.settled)
        consult(house, "note")  # one standby is named, and Patroni names the other one when it must
        gaps = [trouble(house, senders, what, how) for what, how in chosen]
        if len(house.living()) < len(NODES):
            wait("the last standby is named", house.settled)
            consult(house, "warning")  # there is none left to be named
        for sender in senders:
            sender.is_over.set()
        for sender in senders:
            sender.join(30)
        judge(house, senders)
        assert max(gaps) < 40, gaps
    except BaseException:
        print(house.explain(), flush=True)
        raise
    finally:
        for machine in house.living():
            machine.holder.kill()
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
