"""Behind nginx, HAProxy and Caddy, with the files of docs/deploy/proxy, under a path of their own: links, forms, the
board, live events, large bodies, and who the client is."""

import contextlib
import http.client
import re
import socket
import unittest
import urllib.parse

from team import KEYS, apply_team
from world import ROOT, World, free_port, need, request

SAMPLES = ROOT / "docs" / "deploy" / "proxy"
ORIGIN = "https://pager.example.org"
FORM = "application/x-www-form-urlencoded"


def change(text, *pairs):
    """The sample with other ports and without TLS, and nothing else."""
    for old, new in pairs:
        if old not in text:
            raise AssertionError(f"the sample has no {old!r}")
        text = text.replace(old, new)
    return text


class Proxies:
    """How each is started on the sample; answers its port."""

    @staticmethod
    def nginx(world, **changes):
        need("nginx")
        port = free_port()
        site = change((SAMPLES / "nginx.conf").read_text("utf-8"), ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
                      ("127.0.0.1:8420", f"127.0.0.1:{world.port}"))
        site = re.sub(r"\n *ssl_certificate.*", "", site)
        for old, new in changes.get("pairs", []):
            site = change(site, (old, new))
        folder = world.folder
        paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = world.write(f"nginx-{port}.conf", f"daemon off; master_process off; pid {folder}/nginx-{port}.pid;"
                           f"error_log stderr; events {{}} http {{ access_log off; {paths} {site} }}")
        world.run(f"nginx-{port}", ["nginx", "-e", "stderr", "-p", folder, "-c", file])
        return port

    @staticmethod
    def haproxy(world, **_changes):
        need("haproxy")
        port = free_port()
        text = change((SAMPLES / "haproxy.cfg").read_text("utf-8"),
                      ("bind :443 ssl crt PATH/pager.pem", f"bind 127.0.0.1:{port}"),
                      ("127.0.0.1:8420", f"127.0.0.1:{world.port}"))
        world.run("haproxy", ["haproxy", "-db", "-f", world.write("haproxy.cfg", text)])
        return port

    @staticmethod
    def caddy(world, **_changes):
        need("caddy")
        port = free_port()
        text = change((SAMPLES / "Caddyfile").read_text("utf-8"),
                      ("\npager.example.org {", f"\nhttp://:{port} {{"),
                      ("127.0.0.1:8420", f"127.0.0.1:{world.port}"))
        file = world.write("Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n" + text)
        env = world.environment({"HOME": str(world.folder), "XDG_DATA_HOME": str(world.folder)})
        world.run("caddy", ["caddy", "run", "--adapter", "caddyfile", "--config", file], env)
        return port


class ProxyTest(unittest.TestCase):
    """The same walk through each of them."""

    def walk(self, start, **changes):
        settings = {"PUBLIC_URL": ORIGIN + "/tocsin", "TRUSTED_PROXIES": "127.0.0.1"}
        with World(settings) as world:
            self.receiver = apply_team(world)
            port = start(world, **changes)
            self.base = f"http://127.0.0.1:{port}"
            world.wait("the proxy passes requests on", lambda: self.get("/tocsin/healthz").status == 200)
            self.links(world)
            self.board(world)
            self.interface()
            self.live(world, port)
            self.large(world)
            self.client(world, port)

    def get(self, path, **headers):
        return request("GET", self.base + path, None, {"Host": "pager.example.org", **headers})

    def post(self, path, body, **headers):
        return request("POST", self.base + path, body, {"Host": "pager.example.org", **headers})

    def form(self, path, fields, **headers):
        return self.post(path, urllib.parse.urlencode(fields), **{"Content-Type": FORM, "Origin": ORIGIN, **headers})

    def addresses(self, page):
        found = re.findall(r' (?:href|src|action)="(/[^"]*)"', page.text)
        self.assertTrue(found, page)
        for address in found:
            self.assertTrue(address.startswith("/tocsin/"), address)
        return found

    def links(self, world):
        """The link of a message leads to its page, the page's form to the acknowledgement."""
        alert = self.post("/tocsin/api/v1/alerts", {"summary": "by way of a proxy", "severity": "critical"},
                          Authorization=f"Bearer {KEYS['APP_KEY']}")
        self.assertEqual(alert.status, 202, alert)
        told = world.wait("ana is told", lambda: self.receiver.received("/ana"))[0]["body"].decode()
        link = re.search(re.escape(ORIGIN) + r"(/tocsin/l/[A-Za-z0-9_.~-]+)", told).group(1)
        page = self.get(link)
        self.assertEqual(page.status, 200, page)
        static = [one for one in self.addresses(page) if "/static/" in one]
        self.assertTrue(static)
        for address in static:
            self.assertEqual(self.get(address).status, 200, address)
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text).group(1)
        self.assertEqual(action, link)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        button = re.search(r'<button[^>]* name="([^"]+)" value="([^"]*)"', page.text)
        fields = {**hidden, **({button.group(1): button.group(2)} if button else {})}
        done = self.form(action, fields)
        self.assertIn(done.status, (200, 303), done)
        if done.status == 303:
            self.assertTrue(done.headers["Location"].startswith("/tocsin/l/"), done.headers["Location"])
        self.assertEqual(world.alert(alert.json["alert_id"])["status"], "acknowledged")

    def board(self, world):
        """Signing in gives a cookie for our path; the board's button is not another site's."""
        token = world.token("respond")
        alert = self.post("/tocsin/api/v1/alerts", {"summary": "for the board", "severity": "critical"},
                          Authorization=f"Bearer {KEYS['APP_KEY']}").json["alert_id"]
        signed = self.form("/tocsin/login", {"token": token})
        self.assertEqual((signed.status, signed.headers["Location"]), (303, "/tocsin/board"), signed)
        self.assertIn("; Path=/tocsin/;", signed.headers["Set-Cookie"])
        cookie = signed.headers["Set-Cookie"].partition(";")[0]
        page = self.get("/tocsin/board", Cookie=cookie, Accept="text/html")
        self.assertEqual(page.status, 200, page)
        actions = [one for one in self.addresses(page) if one.endswith("/acknowledge")]
        self.assertTrue(actions, page)
        parts = self.get("/tocsin/board/parts", Cookie=cookie)
        self.assertIn('"/tocsin/', parts.text)
        self.assertNotRegex(parts.text, r' (?:href|src|action)="/(?!tocsin/)')
        one = next(action for action in actions if f"/{alert}/" in action or len(actions) == 1)
        foreign = self.form(one, {"alert": alert}, Cookie=cookie, Origin="https://evil.example")
        self.assertEqual(foreign.status, 403, foreign)
        done = self.form(one, {"alert": alert}, Cookie=cookie)
        self.assertEqual((done.status, done.headers["Location"]), (303, "/tocsin/board"), done)
        self.assertEqual(world.alert(alert)["status"], "acknowledged")

    def interface(self):
        """Its page names its files below the path; they come packed through the proxy."""
        page = self.get("/tocsin/alerts/7", Accept="text/html")
        for address in self.addresses(page) if page.status == 200 else []:
            self.assertEqual(self.get(address, **{"Accept-Encoding": "gzip"}).status, 200, address)

    def live(self, world, port):
        """An event comes through while the stream is open."""
        with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
            stream.sendall(f"GET /tocsin/api/v1/stream HTTP/1.1\r\nHost: pager.example.org\r\n"
                           f"Authorization: Bearer {world.token('read')}\r\n\r\n".encode())
            seen = stream.recv(65536)
            while b"retry:" not in seen:
                seen += stream.recv(65536)
            self.assertIn(b"text/event-stream", seen)
            self.post("/tocsin/api/v1/alerts", {"summary": "seen live"}, Authorization=f"Bearer {KEYS['APP_KEY']}")
            while b"seen live" not in seen:
                more = stream.recv(65536)
                self.assertTrue(more, "the stream ended")
                seen += more

    def large(self, world):
        """A storm's body, and cookies of a single sign-on."""
        alerts = [{"status": "firing", "labels": {"alertname": "Large", "n": str(i)},
                   "annotations": {"description": "x" * 8000}} for i in range(300)]
        answer = self.post(f"/tocsin/in/alertmanager/{KEYS['AM_KEY']}", {"version": "4", "alerts": alerts})
        self.assertEqual((answer.status, answer.json["accepted"]), (202, 300), answer)
        cookies = "; ".join(f"sso{i}=" + "c" * 3500 for i in range(2))
        self.assertEqual(self.get("/tocsin/healthz", Cookie=cookies).status, 200)

    def client(self, world, port):
        """What a client writes itself does not count; the address that the proxy saw does."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=("127.0.0.2", 0))
        with contextlib.closing(connection):
            connection.request("GET", "/tocsin/api/v1/alerts",
                               headers={"Host": "pager.example.org", "Authorization": "Bearer wrong",
                                        "X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"})
            self.assertEqual(connection.getresponse().status, 401)
        line = [one for one in world.server.log(2000).splitlines() if 'message="wrong key"' in one][-1]
        self.assertIn("address=127.0.0.2", line)
        self.assertNotIn("192.0.2.1", line)

    def test_nginx(self):
        self.walk(Proxies.nginx)

    def test_nginx_that_passes_the_path_on_and_no_host(self):
        self.walk(Proxies.nginx, pairs=[("/;\n        proxy_http_version", ";\n        proxy_http_version"),
                                        ("        proxy_set_header Host $host;\n", "")])

    def test_haproxy(self):
        self.walk(Proxies.haproxy)

    def test_caddy(self):
        self.walk(Proxies.caddy)


if __name__ == "__main__":
    unittest.main()
