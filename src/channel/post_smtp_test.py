#!/usr/bin/env python3
"""The real sender against a mail server that can do everything right or any one thing wrong.

usage: post_smtp_test.py PATH-OF-post_tool
"""
import base64
import collections
import json
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TOOL = sys.argv.pop(1)
EMAIL = 1
WEBHOOK = 2
PASSWORD = "correct horse"


class Hangup(Exception):
    pass


class Smtp:
    """A small SMTP server. `faults` maps a moment (banner, mail, rcpt, data, body, …) to an answer
    or to a function of the connection."""

    def __init__(self, faults=None, tls=None, auth=False, slow=()):
        self.slow = slow
        self.faults = faults or {}
        self.tls = tls
        self.auth = auth
        self.mails = []
        self.log = []
        self.asked = collections.defaultdict(threading.Event)  # of what an answer was asked for, by moment
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def url(self, host="localhost", scheme="smtp"):
        return f"{scheme}://{host}:{self.port}"

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        session = Session(self, connection)
        try:
            session.run()
        except (OSError, Hangup, ValueError):
            pass
        session.file.close()
        session.connection.close()


class Session:
    def __init__(self, server, connection):
        self.server = server
        self.connection = connection
        self.file = connection.makefile("rb")
        self.is_secure = False
        self.mail = {}

    def say(self, moment, text):
        self.server.asked[moment].set()
        if moment in self.server.slow:
            time.sleep(1)
        fault = self.server.faults.get(moment, text)
        if callable(fault):
            fault(self.connection)
            raise Hangup
        self.connection.sendall(fault.encode() + b"\r\n")
        return fault[:1]

    def run(self):
        self.say("banner", "220 mail.example.com ESMTP")
        while True:
            line = self.file.readline().decode("utf-8").rstrip("\r\n")
            if not line:
                return
            verb = line.split(" ")[0].upper()
            self.server.log.append(("tls " if self.is_secure else "") + line)
            getattr(self, "do_" + verb.lower(), self.unknown)(line)

    def unknown(self, _):
        self.say("unknown", "500 what?")

    def do_ehlo(self, _):
        offers = ["mail.example.com", "8BITMIME"]
        if self.server.tls and not self.is_secure:
            offers.append("STARTTLS")
        if self.server.auth:
            offers.append("AUTH PLAIN")
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.say("ehlo", "\r\n".join(lines))

    def do_helo(self, _):
        self.say("helo", "250 mail.example.com")

    def do_starttls(self, _):
        self.say("starttls", "220 go")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.is_secure = True

    def do_auth(self, line):
        parts = line.split(" ")
        if len(parts) == 2:
            self.say("auth", "334 ")
            parts.append(self.file.readline().decode().strip())
        given = base64.b64decode(parts[2]).decode().split("\0")
        good = given == ["", "tocsin", PASSWORD]
        self.say("auth", "235 welcome" if good else "535 5.7.8 wrong user or password")

    def do_mail(self, _):
        self.mail = {"rcpt": []}
        self.say("mail", "250 ok")

    def do_rcpt(self, line):
        if self.say("rcpt", "250 ok") == "2":
            self.mail["rcpt"].append(line[len("RCPT TO:"):])

    def do_data(self, _):
        if self.say("data", "354 go on") != "3":
            return
        if "body" in self.server.faults:
            self.say("body", "")
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.mail["data"] = b"".join(lines)
        if self.say("final", "250 2.0.0 queued as 4XYZ") == "2":
            self.server.mails.append(self.mail)

    def do_rset(self, _):
        self.say("rset", "250 ok")

    def do_quit(self, _):
        self.say("quit", "221 bye")
        raise Hangup


def hang(_):
    time.sleep(25)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangup(_):
    pass


def make_certificates(folder):
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca-key.pem", "-out",
            "ca.pem", "-days", "30", "-subj", "/CN=Tocsin test authority")
    for host in ("localhost", "other.example.com"):
        (folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{host}-key.pem", "-out",
                "request.pem", "-subj", f"/CN={host}")
        openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
                "-CAcreateserial", "-out", f"{host}.pem", "-days", "30", "-extfile", "names")


def tls_of(folder, host="localhost"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{host}.pem", folder / f"{host}-key.pem")
    return context


def send(options, *sends):
    document = json.dumps({"options": options, "sends": list(sends) or [
        {"kind": EMAIL, "to": "ana@example.com"}]})
    done = subprocess.run([TOOL], input=document, capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted((r for r in results if "index" in r), key=lambda r: r["index"])


class Plain(unittest.TestCase):
    def check(self, faults, state, contains=""):
        with Smtp(faults) as server:
            result = send({"smtp_url": server.url()})[0]
        self.assertEqual(result["state"], state, (faults, result))
        self.assertIn(contains, result["detail"])
        self.assertEqual(len(server.mails), 1 if state == "delivered" else 0)
        return result

    def test_answers(self):
        for faults, state, contains in (
                ({}, "delivered", "queued as 4XYZ"),
                ({"banner": "421 busy"}, "retry", "421"),
                ({"banner": "554 no"}, "retry", "554"),
                ({"mail": "451 later"}, "retry", "451"),
                ({"ehlo": "504 no", "helo": "504 need a full name"}, "retry", "504"),
                ({"mail": "550 who are you"}, "retry", "550"),
                ({"rcpt": "450 greylisted"}, "retry", "450"),
                ({"rcpt": "452 mailbox full"}, "retry", "452"),
                ({"rcpt": "550 no such user"}, "refused", "550"),
                ({"rcpt": "501 5.1.3 Bad recipient address syntax"}, "refused", "501"),
                ({"rcpt": "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname"}, "retry", "504"),
                ({"rcpt": "550 5.7.1 <x>: Helo command rejected: Host not found"}, "retry", "Helo"),
                ({"rcpt": "554 5.7.1 <a@b>: Relay access denied"}, "retry", "Relay"),
                ({"rcpt": "553 5.7.1 <us@x>: Sender address rejected: not owned by user"}, "retry", "Sender"),
                ({"data": "451 later"}, "retry", "451"),
                ({"data": "554 no"}, "refused", "554"),
                ({"final": "451 disk full"}, "retry", "451"),
                ({"final": "452 4.3.1 too much"}, "retry", "452"),
                ({"final": "550 spam"}, "refused", "550"),
                ({"final": "250 ok"}, "delivered", "250")):
            with self.subTest(faults=faults):
                self.check(faults, state, contains)

    def test_greeting(self):
        """A full name, whatever this machine is called."""
        for options, name in (({"public_url": "https://pager.example.org/x"}, "pager.example.org"),
                              ({"public_url": "http://vm:8420"}, "[127.0.0.1]"),
                              ({"public_url": "http://192.0.2.7:8420"}, "[192.0.2.7]"),
                              ({"public_url": "http://[2001:db8::1]:8420"}, "[IPv6:2001:db8::1]"),
                              ({"public_url": "http://vm", "smtp_hello": "mx.example.net"},
                               "mx.example.net"),
                              ({"smtp_hello": "bücher.example"}, "xn--bcher-kva.example"),
                              ({"smtp_hello": "192.0.2.9"}, "[192.0.2.9]"),
                              ({"public_url": "https://pager.bücher.example"},
                               "pager.xn--bcher-kva.example"), ({}, "[127.0.0.1]")):
            with self.subTest(options=options), Smtp() as server:
                result = send({"smtp_url": server.url(), **options})[0]
                self.assertEqual(result["state"], "delivered", result)
                self.assertEqual(server.log[0], "EHLO " + name)

    def test_domains_and_names_that_are_not_ascii(self):
        with Smtp() as server:
            results = send({"smtp_url": server.url()},
                           {"kind": EMAIL, "to": "ana@bücher.example"},
                           {"kind": EMAIL, "to": "añá@example.com"})
        self.assertEqual([r["state"] for r in results], ["delivered", "refused"], results)
        self.assertIn("SMTPUTF8", results[1]["detail"])
        self.assertEqual(server.mails[0]["rcpt"], ["<ana@xn--bcher-kva.example>"])
        self.assertIn(b"<ana@xn--bcher-kva.example>", server.mails[0]["data"])

    def test_header_lines(self):
        """RFC 2047, 2: no line with an encoded word is longer than 76."""
        for summary in ("no-spaces-" * 100, "\u1780" * 300, "Disk full"):
            with self.subTest(summary), Smtp() as server:
                send({"smtp_url": server.url()},
                     {"kind": EMAIL, "to": "a" * 60 + "@" + "example." * 5 + "com", "summary": summary,
                      "full_name": "\uae40" * 50})
            head = server.mails[0]["data"].split(b"\r\n\r\n")[0].split(b"\r\n")
            self.assertEqual([line for line in head if b"=?" in line and len(line) > 76], [])

    def test_breaking_off(self):
        for faults, state in (({"banner": hangup}, "retry"), ({"banner": reset}, "retry"),
                              ({"mail": hangup}, "retry"), ({"rcpt": reset}, "retry"),
                              ({"data": hangup}, "retry"),
                              # The text was under way or there, and nobody said so.
                              ({"body": hangup}, "unknown"), ({"final": hangup}, "unknown"),
                              ({"final": reset}, "unknown")):
            with self.subTest(faults=faults):
                self.check(faults, state)

    def test_only_the_final_answer_counts(self):
        """A session that ends well in every other way is not a delivery."""
        self.check({"final": hangup, "quit": "221 bye"}, "unknown")

    def test_hanging(self):
        """Both at once, so that the test takes one time-out, not two."""
        outcomes = {}

        def run(moment):
            with Smtp({moment: hang}) as server:
                outcomes[moment] = send({"smtp_url": server.url(), "whole_ms": 2000})[0]

        threads = [threading.Thread(target=run, args=(m,)) for m in ("banner", "final")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(outcomes["banner"]["state"], "retry")
        self.assertEqual(outcomes["final"]["state"], "unknown")
        self.assertLess(outcomes["final"]["elapsed_ms"], 5000)

    def test_slow_ones_get_one_mail(self):
        """Longer than connecting may take, within what the whole may: one mail, told as delivered."""
        for moment in ("banner", "ehlo", "mail", "data", "final"):
            with self.subTest(moment), Smtp(slow={moment}) as server:
                result = send({"smtp_url": server.url(), "connect_ms": 300, "whole_ms": 20000})[0]
                self.assertEqual(result["state"], "delivered", result)
                self.assertGreater(result["elapsed_ms"], 900)
                self.assertEqual(len(server.mails), 1)

    def test_a_slow_final_answer_holds_up_nobody(self):
        """A webhook that answers while a mail server takes its time is heard at once."""
        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                server.asked["final"].wait(10)  # the mail's text is with its server
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        with socket.create_server(("127.0.0.1", 0)) as listener, Smtp(slow={"final"}) as server:
            threading.Thread(target=answer, daemon=True).start()
            hook = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            results = send({"smtp_url": server.url(), "allow_private": "127.0.0.0/8"},
                           {"kind": EMAIL, "to": "ana@example.com"},
                           {"kind": WEBHOOK, "to": hook})
        self.assertEqual([r["state"] for r in results], ["delivered"] * 2, results)
        self.assertLess(results[1]["elapsed_ms"], 900)
        self.assertEqual(len(server.mails), 1)

    def test_no_mail_goes_into_a_conversation_that_timed_out(self):
        with Smtp({"final": hang}) as server:
            options = {"smtp_url": server.url(), "whole_ms": 1500}
            sends = [{"kind": EMAIL, "to": f"p{i}@example.com"} for i in range(4)]
            self.assertEqual({r["state"] for r in send(options, *sends)}, {"unknown"})
        self.assertEqual(len([line for line in server.log if line.startswith("EHLO")]), 4)

    def test_one_bad_address_harms_no_other(self):
        with Smtp() as server:
            sends = [{"kind": EMAIL, "to": f"p{i}@example.com", "message_id": f"m{i}"}
                     for i in range(50)]
            self.assertEqual({r["state"] for r in send({"smtp_url": server.url()}, *sends)},
                             {"delivered"})
        self.assertEqual(sorted(m["rcpt"][0] for m in server.mails),
                         sorted(f"<p{i}@example.com>" for i in range(50)))
        self.assertTrue(all(len(m["rcpt"]) == 1 for m in server.mails))

    def test_retry_is_the_same_message(self):
        """The receiver's mail program can tell a repeat by its Message-ID."""
        ids = []
        for _ in range(2):
            with Smtp() as server:
                send({"smtp_url": server.url()})
            lines = server.mails[0]["data"].split(b"\r\n")
            ids += [line for line in lines if line.startswith(b"Message-ID:")]
        self.assertEqual(ids, [b"Message-ID: <m-12@example.com>"] * 2)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        make_certificates(cls.folder)
        cls.login = {"smtp_user": "tocsin", "smtp_password": PASSWORD}
        cls.ca = {"ca_file": str(cls.folder / "ca.pem")}

    def test_starttls_and_password(self):
        with Smtp(tls=tls_of(self.folder), auth=True) as server:
            result = send({"smtp_url": server.url(), "smtp_requires_tls": True, **self.ca,
                           **self.login})[0]
        self.assertEqual(result["state"], "delivered", result)
        self.assertTrue(any(line.startswith("tls AUTH") for line in server.log))
        self.assertFalse(any(line.startswith("AUTH") for line in server.log))

    def test_wrong_password(self):
        with Smtp(tls=tls_of(self.folder), auth=True) as server:
            result = send({"smtp_url": server.url(), **self.ca, **self.login,
                           "smtp_password": "secret-guess"})[0]
        self.assertEqual((result["state"], result["retry_after_ms"]), ("retry", 60000), result)
        self.assertIn("535", result["detail"])
        self.assertNotIn("guess", json.dumps(result))
        self.assertEqual(server.mails, [])

    def test_required_and_not_offered(self):
        with Smtp(auth=True) as server:
            result = send({"smtp_url": server.url(), "smtp_requires_tls": True, **self.login})[0]
        self.assertEqual(result["state"], "retry", result)
        self.assertFalse(any("AUTH" in line or "MAIL" in line for line in server.log))

    def test_certificates(self):
        strict = {"smtp_requires_tls": True}
        for name, host, options, state in (
                ("good", "localhost", {**strict, **self.ca}, "delivered"),
                ("unknown authority", "localhost", strict, "retry"),
                ("another host's", "other.example.com", {**strict, **self.ca}, "retry"),
                ("nobody asked for TLS", "other.example.com", {}, "delivered")):
            with self.subTest(name), Smtp(tls=tls_of(self.folder, host)) as server:
                result = send({"smtp_url": server.url(), **options})[0]
                self.assertEqual(result["state"], state, result)
                self.assertEqual(any(line.startswith("tls MAIL") for line in server.log),
                                 state == "delivered")

    def test_broken_tls(self):
        def garble(connection):
            connection.sendall(b"220 go\r\n")
            connection.recv(1000)
            connection.sendall(b"garbage" * 100)

        with Smtp({"starttls": garble}, tls=tls_of(self.folder)) as server:
            self.assertEqual(send({"smtp_url": server.url()})[0]["state"], "delivered")
            strict = {"smtp_url": server.url(), "smtp_requires_tls": True, **self.ca}
            self.assertNotEqual(send(strict)[0]["state"], "delivered")
        self.assertEqual(len(server.mails), 1)


if __name__ == "__main__":
    unittest.main()
