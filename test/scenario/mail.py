"""A real mail server for the scenarios: Debian's OpenSMTPD on a free port of this machine, with a
mailbox (Maildir) per person that the test reads.

OpenSMTPD needs root (it changes to the reader of each mailbox) and runs once per machine: its queue
and control socket have fixed places. Where that cannot be had, the tests skip and say why.
"""

import contextlib
import email
import email.policy
import fcntl
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from world import Process, free_port, need, wait

LOCK = pathlib.Path(tempfile.gettempdir()) / "tocsin-opensmtpd.lock"
NOBODY = 65534

# Without TLS: OpenSMTPD 6.8 cannot complete a handshake with the OpenSSL 3 of Debian 12. STARTTLS and
# passwords are tested in src/channel/post_smtp_test.py.
CONFIG = """
table people file:{folder}/people
listen on 127.0.0.1 port {port} hostname localhost
action "mailbox" maildir "{folder}/mail/%{{dest.user}}" userbase <people>
match from any for domain "example.com" action "mailbox"
"""

# OpenSMTPD asks the machine's name server three things of each client before it greets, and waits 5 s for an
# answer: one that drops some of many questions would make it greet too slowly for what is tested. Its resolver
# reads these options as a line of resolv.conf, and what follows as the next line.
NO_NAME_SERVER = {"RES_OPTIONS": "ndots:1\nlookup file"}


class MailServer:
    """with MailServer(["ana", "budi"]) as mail: … mail.url … mail.messages("ana")"""

    def __init__(self, people):
        self.people = people
        self.process = None
        self.lock = None
        self.folder = None

    def __enter__(self):
        if shutil.which("smtpctl") is None and shutil.which("sendmail") is not None:
            raise unittest.SkipTest("another mail server is installed here, so that opensmtpd cannot be")
        smtpd, _ = need("smtpd", "smtpctl")
        if os.geteuid() != 0:
            raise unittest.SkipTest("OpenSMTPD needs root")
        self.lock = open(LOCK, "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # one at a time on this machine
        if pathlib.Path("/var/run/smtpd.sock").exists() and self.somebody_elses():
            self.lock.close()
            raise unittest.SkipTest("an OpenSMTPD is running on this machine already")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-mail-"))
        try:
            self.prepare()
            self.process = Process("smtpd", [smtpd, "-d", "-f", str(self.folder / "smtpd.conf")],
                                   self.folder, env=os.environ | NO_NAME_SERVER)
            wait("the mail server answers", self.answers, explain=self.process.log)
        except BaseException:
            self.close()
            raise
        return self

    @staticmethod
    def somebody_elses():
        return subprocess.run(["smtpctl", "show", "status"], capture_output=True,
                              check=False).returncode == 0

    def prepare(self):
        self.port = free_port()
        self.folder.chmod(0o755)
        lines = [f"{name} {NOBODY}:{NOBODY}:{self.folder}/mail\n" for name in self.people]
        (self.folder / "people").write_text("".join(lines))
        config = CONFIG.format(folder=self.folder, port=self.port)
        (self.folder / "smtpd.conf").write_text(config)
        (self.folder / "mail").mkdir()
        os.chown(self.folder / "mail", NOBODY, NOBODY)

    def answers(self):
        if not self.process.is_alive():
            raise AssertionError(f"the mail server ended\n{self.process.log()}")
        with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
            return probe.recv(3) == b"220"

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def messages(self, person):
        """What lies in the mailbox, oldest first, as email.message.EmailMessage."""
        folder = self.folder / "mail" / person / "new"
        paths = sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime_ns) if folder.exists() else []
        return [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in paths]

    def wait_for(self, person, count=1):
        def has_come():
            found = self.messages(person)
            return found if len(found) >= count else None
        return wait(f"{count} message(s) for {person}", has_come, explain=self.process.log)

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(Exception):
            if self.process is not None:
                self.process.end()
        if self.folder is not None and not os.environ.get("KEEP_WORLD"):
            shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()
