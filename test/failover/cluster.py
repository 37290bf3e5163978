"""A PostgreSQL primary with two synchronous standbys, and the cluster manager's part: who is promoted,
who is shot first, who comes back as a standby.

Written data is synced for real (into memory: the folder lies in a tmpfs). A commit is answered when one
of the two standbys has it.
"""
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import threading
import time

from ground import inside

NAMES = ("d1", "d2", "d3")
ACCOUNT = "postgres"
DATABASE, ROLE = "tocsin", "tocsin"
PATIENCE_S = 30
PAUSE = threading.Event()
OPTIONS = {
    "shared_buffers": "96MB", "max_connections": "80", "max_wal_size": "1GB", "wal_keep_size": "512MB",
    "wal_level": "replica", "max_wal_senders": "10", "wal_log_hints": "on", "hot_standby": "on",
    "autovacuum_naptime": "5s", "fsync": "on", "synchronous_commit": "on", "dynamic_shared_memory_type": "mmap", "jit": "off",
    "wal_sender_timeout": "3s", "wal_receiver_timeout": "3s", "wal_retrieve_retry_interval": "200ms",
    "wal_receiver_status_interval": "1s", "tcp_keepalives_idle": "2", "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3", "tcp_user_timeout": "4000", "timezone": "UTC", "log_line_prefix": "%m [%p] %u ",
}


if os.environ.get("STATEMENTS"):
    OPTIONS["shared_preload_libraries"] = "pg_stat_statements"


def programs():
    """The folder of the newest PostgreSQL from 15 on; None when there is none."""
    found = {}
    for path in glob.glob("/usr/lib/postgresql/*/bin/pg_rewind"):
        version = int(re.search(r"/(\d+)/bin/", path).group(1))
        if version >= 15:
            found[version] = os.path.dirname(path)
    return found[max(found)] if found else None


def as_account(*argv):
    return ["setpriv", "--reuid=" + ACCOUNT, "--regid=" + ACCOUNT, "--clear-groups"] + list(argv)


def family(pid):
    """The process and its children."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [pid] + [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return [pid]


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Server:
    def __init__(self, name, ground, folder):
        self.name, self.ground = name, ground
        self.address = ground.address(name, "back")
        self.data, self.socket = os.path.join(folder, name), os.path.join(folder, name + ".socket")
        self.bin = programs()
        account = pwd.getpwnam(ACCOUNT)
        for path in (self.data, self.socket):
            os.mkdir(path, 0o700)
            os.chown(path, account.pw_uid, account.pw_gid)
        self.log = open(os.path.join(folder, name + ".log"), "ab")
        self.process, self.is_frozen = None, False

    def tool(self, name, *argv):
        done = subprocess.run(as_account(os.path.join(self.bin, name), *argv), stdin=subprocess.DEVNULL,
                              stdout=self.log, stderr=subprocess.STDOUT, cwd="/", timeout=120)
        return done.returncode == 0

    def must(self, name, *argv):
        if not self.tool(name, *argv):
            raise SystemExit("%s failed; see %s" % (name, self.log.name))

    def create(self):
        self.must("initdb", "-D", self.data, "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="utf-8") as file:
            file.write("host all all 10.77.2.0/24 trust\nhost replication all 10.77.2.0/24 trust\n")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.writelines("%s = '%s'\n" % option for option in OPTIONS.items())

    def copy_of(self, source):
        """An empty folder becomes a copy of the running `source`, to be started as its standby."""
        shutil.rmtree(self.data)
        os.mkdir(self.data, 0o700)
        account = pwd.getpwnam(ACCOUNT)
        os.chown(self.data, account.pw_uid, account.pw_gid)
        self.must("pg_basebackup", "-h", source.socket, "-U", ACCOUNT, "-D", self.data, "-c", "fast", "-X", "stream",
                  "--no-sync")

    def follow(self, source):
        """Streams from `source` from its next start on, or at once when it runs."""
        self.write("postgresql.auto.conf",
                   "primary_conninfo = 'host=%s user=%s application_name=%s connect_timeout=2 keepalives_idle=2"
                   " keepalives_interval=1 keepalives_count=3'\n" % (source.address, ACCOUNT, self.name))
        self.write("standby.signal", "")
        if self.is_running():
            self.process.send_signal(signal.SIGHUP)

    def write(self, name, text):
        path = os.path.join(self.data, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        shutil.chown(path + ".new", ACCOUNT, ACCOUNT)
        os.replace(path + ".new", path)

    def start(self):
        others = ", ".join(name for name in NAMES if name != self.name)
        options = {"listen_addresses": self.address, "unix_socket_directories": self.socket,
                   "cluster_name": self.name, "synchronous_standby_names": "ANY 1 (%s)" % others}
        argv = [os.path.join(self.bin, "postgres"), "-D", self.data]
        for name, value in options.items():
            argv += ["-c", "%s=%s" % (name, value)]
        self.process = subprocess.Popen(inside(self.name, *as_account(*argv)), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT, cwd="/")
        self.is_frozen = False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def is_up(self):
        """Takes queries."""
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(self.process.pid) and len(lines) > 7 and lines[7].strip() in ("ready", "standby")

    def wait_up(self):
        deadline = time.monotonic() + PATIENCE_S
        while not self.is_up():
            if not self.is_running() or time.monotonic() > deadline:
                return False
            PAUSE.wait(0.02)
        return True

    def ask(self, sql, database="postgres", seconds=PATIENCE_S):
        """What psql prints; None when it failed."""
        try:
            done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", ACCOUNT, "-d",
                                   database, "-c", sql], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    def rows(self, sql, database=DATABASE):
        """Every row of a large answer, as tuples of texts; None for NULL."""
        done = subprocess.run(["psql", "-XAtq", "-h", self.socket, "-U", ACCOUNT, "-d", database, "-c",
                               "COPY (%s) TO STDOUT" % sql], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            raise SystemExit("the database cannot be read: " + done.stderr)
        for line in done.stdout.split("\n")[:-1]:
            yield tuple(None if field == "\\N" else unescape(field) for field in line.split("\t"))

    def kill(self):
        """As if the machine had stopped: no process of it does anything any more."""
        pids = family(self.process.pid)
        send(pids, signal.SIGSTOP)
        send(family(self.process.pid), signal.SIGKILL)
        self.process.wait(10)
        self.is_frozen = False

    def freeze(self):
        self.is_frozen = True
        send([self.process.pid], signal.SIGSTOP)  # first, so that it has no more children
        send(family(self.process.pid), signal.SIGSTOP)

    def thaw(self):
        send(reversed(family(self.process.pid)), signal.SIGCONT)
        self.is_frozen = False

    def stop(self, how=signal.SIGINT):
        """SIGINT: at once, with a checkpoint; what was committed has been sent to the standbys."""
        if self.is_running():
            self.process.send_signal(how)
            self.process.wait(60)


ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\", "\\b": "\b", "\\f": "\f", "\\v": "\v"}


def unescape(field):
    return re.sub(r"\\[tnr\\bfv]", lambda match: ESCAPES[match.group()], field) if "\\" in field else field


class Cluster:
    def __init__(self, ground, folder):
        self.servers = {name: Server(name, ground, folder) for name in NAMES}
        self.ground = ground
        self.primary = self.servers["d1"]
        self.builder = None
        self.rewinds, self.copies = 0, 0

    def create(self):
        self.primary.create()
        self.primary.start()
        if not self.primary.wait_up():
            raise SystemExit("PostgreSQL did not start; see " + self.primary.log.name)
        for server in self.standbys():
            server.copy_of(self.primary)
            server.follow(self.primary)
            server.start()
        for sql in ("CREATE ROLE %s LOGIN" % ROLE, "CREATE DATABASE %s OWNER %s" % (DATABASE, ROLE),
                    "CREATE TABLE probe (at BIGINT)"):
            if self.primary.ask(sql) is None:
                raise SystemExit("PostgreSQL refused: " + sql)
        if os.environ.get("STATEMENTS"):
            self.primary.ask("CREATE EXTENSION pg_stat_statements")

    def statements(self):
        """What the primary spent its time on: milliseconds, calls, rows, text."""
        return self.primary.ask("SELECT round(total_exec_time), calls, rows, regexp_replace(left(query, 150), '\\s+', ' ', 'g')"
                                " FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 40") or ""

    def standbys(self):
        return [server for server in self.servers.values() if server is not self.primary]

    def url(self):
        """For the nodes: whoever of the three can be written."""
        return "postgresql://%s@%s/%s?target_session_attrs=read-write" % (
            ROLE, ",".join(server.address for server in self.servers.values()), DATABASE)

    def wait_writable(self, seconds=PATIENCE_S):
        """The instant (monotonic) at which a commit was synchronously replicated; None: it never was."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.primary.ask("SET statement_timeout = '5s'; INSERT INTO probe VALUES (1)", seconds=10) is not None:
                return time.monotonic()
            PAUSE.wait(0.05)
        return None

    def streaming(self):
        """How many standbys have what the primary has."""
        said = self.primary.ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", seconds=5)
        return int(said or 0)

    def wait_whole(self, seconds=PATIENCE_S):
        """Everybody is back and streams."""
        if self.builder:
            self.builder.join(120)
        deadline = time.monotonic() + seconds
        while self.streaming() < 2:
            if time.monotonic() > deadline:
                return False
            PAUSE.wait(0.1)
        return True

    def fail_over(self):
        """What a cluster manager does: shoots the old primary, promotes the standby that has most, points
        the other one at it. Then the old one is made a standby in the background."""
        old = self.primary
        if old.is_running():
            old.kill()
        best = max(self.standbys(), key=received)
        if best.ask("SELECT pg_promote(true, 20)") != "t":
            raise SystemExit("%s could not be promoted; see %s" % (best.name, best.log.name))
        self.primary = best
        for other in self.standbys():
            if other is not old:
                other.follow(best)
        self.builder = threading.Thread(target=self.rebuild, args=(old,), daemon=True)
        self.builder.start()

    def rebuild(self, old):
        """From whatever the old primary has to a standby of the new one."""
        self.ground.heal(old.name, "back")
        self.primary.ask("CHECKPOINT")  # pg_rewind reads the new timeline from the control file
        source = "host=%s user=%s dbname=postgres" % (self.primary.socket, ACCOUNT)
        if old.tool("pg_rewind", "-D", old.data, "--source-server", source, "--no-sync"):
            self.rewinds += 1
        else:
            self.copies += 1
            old.copy_of(self.primary)
        old.follow(self.primary)
        old.start()
        if not old.wait_up():
            old.stop()
            self.copies += 1
            old.copy_of(self.primary)
            old.follow(self.primary)
            old.start()

    def end(self):
        for server in self.servers.values():
            if server.is_running():
                server.kill()


def received(server):
    """The end of the log that the standby has, as a number."""
    said = server.ask("SELECT pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')",
                      seconds=5)
    return int(said) if said else -1
