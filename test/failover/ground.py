"""A network of our own: each machine is a network namespace, with cables that can be cut.

    front  10.77.1.0/24   the world (senders, people, the provider) and the nodes
    back   10.77.2.0/24   the nodes and the databases

`enter` runs the program again inside namespaces for everything (network, mounts, processes,
System V memory). So nothing that the test does can reach another address than these and loopback,
and everything, files included, ends with its first process, however that ends.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys

MARK = "TOCSIN_FAILOVER_GROUND"
HUB = "hub"
NETWORKS = {"front": "10.77.1", "back": "10.77.2"}
FOLDER = "/run/tocsin"  # in memory, and seen by nobody outside
NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def what_is_missing():
    """Why there can be no namespaces here; None when there can."""
    if os.geteuid() != 0:
        return "it needs root for network namespaces"
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("setpriv", "util-linux"),
                             ("ip", "iproute2"), ("tc", "iproute2")):
        if shutil.which(program) is None:
            return "%s is not installed (package %s)" % (program, package)
    script = ("mount -t tmpfs none /run && mkdir /run/netns && ip netns add a && ip link add hub0 type bridge &&"
              " ip link add p0 type veth peer name e0 netns a && tc qdisc add dev p0 root blackhole")
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "sh", "-c", script],
                           capture_output=True, text=True)
    if tried.returncode != 0:
        return "namespaces, bridges or qdiscs cannot be made here: " + tried.stderr.strip()
    return None


def enter():
    """Returns inside. The process that was called stays outside and ends with the same status."""
    if os.environ.get(MARK) != "1":
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child=SIGKILL",
                              "--mount-proc", sys.executable, "-u"] + sys.argv)
    main = os.fork()
    if main == 0:
        prepare()
        return
    # The first process of its namespace: buries whoever loses its parent, and ends everybody by ending.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        pid, status = os.wait()
        if pid == main:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def prepare():
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    os.makedirs("/run/netns")
    os.makedirs(FOLDER)
    os.chmod(FOLDER, 0o755)


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit("%s: %s" % (" ".join(argv), done.stderr.strip()))
    return done.stdout


def inside(host, *argv):
    """The command, to be run on that machine; the process that it starts is the command itself."""
    return ["nsenter", "--net=/run/netns/" + host] + list(argv)


def move_in(host):
    """Puts the calling thread, and what it starts from now on, on that machine."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/run/netns/" + host, "rb") as file:
        if libc.setns(file.fileno(), NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "setns " + host)


class Ground:
    def __init__(self):
        self.addresses, self.is_cut = {}, set()
        run("ip", "netns", "add", HUB)
        for network in NETWORKS:
            run("ip", "-n", HUB, "link", "add", "sw-" + network, "type", "bridge")
            run("ip", "-n", HUB, "link", "set", "sw-" + network, "up")

    def add(self, host, number, *networks):
        """A machine with a cable to each of the networks."""
        run("ip", "netns", "add", host)
        run("ip", "-n", host, "link", "set", "lo", "up")
        for network in networks:
            port, address = port_of(host, network), "%s.%d" % (NETWORKS[network], number)
            run("ip", "-n", HUB, "link", "add", port, "type", "veth", "peer", "name", network, "netns", host)
            run("ip", "-n", HUB, "link", "set", port, "master", "sw-" + network, "up")
            run("ip", "-n", host, "addr", "add", address + "/24", "dev", network)
            run("ip", "-n", host, "link", "set", network, "up")
            self.addresses[host, network] = address

    def address(self, host, network):
        return self.addresses[host, network]

    def cut(self, host, network, way):
        """`way`: "both" pulls the cable; "in": nothing reaches the machine; "out": nothing leaves it.
        Whatever is cut is lost in silence."""
        self.is_cut.add((host, network))
        if way == "both":
            run("ip", "-n", HUB, "link", "set", port_of(host, network), "down")
        elif way == "in":
            run("tc", "-n", HUB, "qdisc", "replace", "dev", port_of(host, network), "root", "blackhole")
        else:
            run("tc", "-n", host, "qdisc", "replace", "dev", network, "root", "blackhole")

    def heal(self, host, network):
        if (host, network) not in self.is_cut:
            return
        self.is_cut.discard((host, network))
        run("ip", "-n", HUB, "link", "set", port_of(host, network), "up")
        for namespace, device in ((HUB, port_of(host, network)), (host, network)):
            if "blackhole" in run("tc", "-n", namespace, "qdisc", "show", "dev", device):
                run("tc", "-n", namespace, "qdisc", "del", "dev", device, "root")


def port_of(host, network):
    return "%s-%s" % (host, network)


ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 9))
print("up", flush=True)
while True:
    words, back = s.recvfrom(99)
    print(words.decode(), flush=True)
    s.sendto(words, back)
"""
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.3)
s.connect((sys.argv[1], 9))
s.send(sys.argv[2].encode())
try:
    print(s.recv(99).decode())
except OSError:
    print("nothing")
"""


def check(ground, one, other, network):
    """Complaints when a cut does not cut, or a healed cable does not carry."""
    address, bad = ground.address(other, network), []
    echo = subprocess.Popen(inside(other, sys.executable, "-uc", ECHO, address), stdout=subprocess.PIPE, text=True)
    heard = [echo.stdout.readline().strip()]

    def ask(words):
        return run(*inside(one, sys.executable, "-c", ASK, address, words)).strip()

    for way, reaches in (("both", False), ("in", False), ("out", True)):
        if ask("before-" + way) != "before-" + way:
            bad.append("a whole cable carries nothing (%s)" % way)
        ground.cut(other, network, way)
        if ask("cut-" + way) != "nothing":
            bad.append("a cable cut %s still carries" % way)
        ground.heal(other, network)
        ask("after-" + way)
        echo.stdout.flush()
        while heard[-1] != "after-" + way:
            heard.append(echo.stdout.readline().strip())
        if ("cut-" + way in heard) != reaches:
            bad.append("a cable cut %s: heard %s" % (way, heard))
    echo.kill()
    echo.wait()
    return bad
