"""A node: one server process on a machine of its own."""
import http.client
import json
import os
import signal
import subprocess
import threading
import time

from ground import inside

PORT = 8420
COULD_NOT_START = 1
PAUSE = threading.Event()


class Node:
    def __init__(self, name, ground, folder, binary, env):
        self.name, self.ground, self.binary = name, ground, binary
        self.address = ground.address(name, "front")
        self.data = os.path.join(folder, name)
        self.log = open(os.path.join(folder, name + ".log"), "ab")
        self.env = dict(os.environ, TOCSIN_ALLOW_PRIVATE="10.77.1.0/24", TOCSIN_NODE_NAME=name, **env)
        self.process = None

    def at(self):
        return "%s:%d" % (self.address, PORT)

    def start(self, config=None):
        argv = [self.binary, "serve", "--listen", self.at(), "--data", self.data]
        if config:
            argv += ["--config", config]
        self.process = subprocess.Popen(inside(self.name, *argv), env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def is_ready(self, seconds=1.0):
        """Takes alerts and commits them, as a load balancer asks."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=seconds)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, seconds=30.0):
        """One that could not start is started again, as a supervisor does; a missing database it waits for."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > deadline:
                return False
            if not self.is_running():
                if self.process.returncode != COULD_NOT_START:
                    return False
                self.start()
            PAUSE.wait(0.1)
        return True

    def token(self):
        """An access token that may act on alerts and read."""
        done = subprocess.run(inside(self.name, self.binary, "token", "create", "--name", "people", "--scope", "respond",
                                     "--data", self.data, "--json"), env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit("no token could be made: " + done.stderr)
        return json.loads(done.stdout)["token"]

    def fate(self):
        return "" if self.is_running() else " (it ended by itself with status %s)" % self.process.returncode

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        """Politely; its exit status."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def log_tail(self, lines=25):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
