"""Who intake is measured against, and the load: prometheus-alertmanager, an empty nginx answer, wrk."""
import http.client
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "test", "load"))
import yard

NGINX = """
worker_processes auto;
daemon off;
pid %(folder)s/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
    uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
    server { listen 127.0.0.1:%(port)d backlog=1024; location / { return 202 "{}"; } }
}
"""
ALERTMANAGER = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def program(name):
    for folder in os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/usr/bin", "/usr/local/bin"]:
        if os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    raise SystemExit("bench: %s is not installed; run: tools/setup bench" % name)


class Other:
    """A program that is not ours, started in a folder of its own."""

    def __init__(self, folder, port, command, ready_path):
        self.port = port
        self.log = open(os.path.join(folder, "other.log"), "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(4000):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
                connection.request("GET", ready_path)
                if connection.getresponse().status < 300:
                    return
            except OSError:
                pass
            try:
                self.process.wait(0.005)
                break
            except subprocess.TimeoutExpired:
                pass
        raise SystemExit("bench: %s did not start; see %s" % (command[0], self.log.name))

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def nginx(folder):
    port = yard.free_port()
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NGINX % {"folder": folder, "port": port})
    return Other(folder, port, [program("nginx"), "-p", folder, "-c", path], "/")


def alertmanager(folder):
    port = yard.free_port()
    path = os.path.join(folder, "alertmanager.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(ALERTMANAGER)
    return Other(folder, port, [
        program("prometheus-alertmanager"), "--config.file=" + path, "--storage.path=" + os.path.join(folder, "am"),
        "--web.listen-address=127.0.0.1:%d" % port, "--cluster.listen-address=", "--log.level=error"], "/-/ready")


def tocsin(folder):
    """(server, sink, key of its integration)"""
    sink = yard.Sink(folder)
    config, env, keys = yard.team(1, sink.port)
    server = yard.Server(folder, config, env)
    server.start()
    return server, sink, keys[0]


def wrk(port, kind, key, prefix, different, seconds, connections):
    out = subprocess.run(
        [program("wrk"), "-t2", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "10s",
         "-s", os.path.join(HERE, "alerts.lua"), "http://127.0.0.1:%d" % port, "--", kind, key, prefix, str(different)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60)
    for line in out.stdout.splitlines():
        if line.startswith("{"):
            found = json.loads(line)
            found["rate"] = found["requests"] / found["seconds"]
            return found
    raise SystemExit("bench: wrk gave no result:\n%s%s" % (out.stdout, out.stderr))


def one_round(kind, seconds, connections, different):
    with yard.temporary() as folder:
        if kind == "tocsin":
            server, sink, key = tocsin(folder)
            try:
                return wrk(server.port, "native", key, "bench", different, seconds, connections)
            finally:
                server.stop()
                sink.stop()
        other = alertmanager(folder) if kind == "alertmanager" else nginx(folder)
        try:
            return wrk(other.port, "alertmanager" if kind == "alertmanager" else "empty", "none", "bench", different,
                       seconds, connections)
        finally:
            other.stop()


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def compare(kinds, rounds, seconds, connections, different):
    """Alternating rounds, each on a fresh server; prints and answers the medians by kind."""
    results = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            results[kind].append(one_round(kind, seconds, connections, different))
    medians = {}
    for kind in kinds:
        medians[kind] = {name: median([r[name] for r in results[kind]]) for name in results[kind][0]}
        errors = sum(r["errors"] for r in results[kind])
        print("  %-14s %9.0f/s   p50 %6.2f ms   p99 %6.2f ms   rounds %s%s" % (
            kind, medians[kind]["rate"], medians[kind]["p50_ms"], medians[kind]["p99_ms"],
            " ".join("%.0f" % r["rate"] for r in results[kind]), "   ERRORS %d" % errors if errors else ""))
        medians[kind]["errors"] = errors
    return medians
