"""What goes wrong, how long, and how it is put right again.

Each kind is a function that breaks something, waits, and mends it, noting the instants. The manager
of the database is in here, too: it shoots a primary that it gave up before it promotes another.
"""
import signal
import threading
import time

PAUSE = threading.Event()  # never set: waiting for time to pass is what a fault is


def now_us():
    return time.time_ns() // 1000


class Fault:
    def __init__(self, kind, number):
        self.kind, self.number, self.what = kind, number, ""
        self.at = self.mended = self.writable = self.calm = 0
        self.node, self.lanes = None, []  # whose work others have to go on with
        self.within_s = None              # how soon
        self.blind = []                   # nodes that cannot answer while it lasts
        self.mute = None                  # the node whose messages its cable holds back until it is mended
        self.is_database = False          # nothing can be committed while it lasts


class Scene:
    """Everything that faults happen to."""

    def __init__(self, ground, cluster, nodes, rng):
        self.ground, self.cluster, self.nodes, self.rng = ground, cluster, nodes, rng
        self.by_hand = set()  # nodes that we ended ourselves

    def some_node(self):
        return self.rng.choice(sorted(self.nodes.values(), key=lambda node: node.name))

    def some_standby(self):
        return self.rng.choice(self.cluster.standbys())

    def wait(self, low, high):
        PAUSE.wait(self.rng.uniform(low, high))

    def lanes_of(self, node):
        said = self.cluster.primary.ask("SELECT lane FROM lane l JOIN node n ON n.id = l.holder WHERE n.name = '%s'"
                                        " AND n.state = 1" % node.name, "tocsin")
        return [int(word) for word in (said or "").split()]


def strike_node(scene, fault, within_s):
    """Picks a node whose work others must go on with."""
    node = scene.some_node()
    fault.what, fault.node, fault.within_s = node.name, node, within_s
    fault.lanes = scene.lanes_of(node)
    fault.at = now_us()
    return node


def restart(scene, node):
    scene.by_hand.discard(node.name)
    node.start()


def node_kill(scene, fault):
    """Killed; the kernel closes its connections."""
    node = strike_node(scene, fault, 5)
    scene.by_hand.add(node.name)
    fault.blind = [node]
    node.kill()
    scene.wait(5, 6)
    restart(scene, node)


def node_crash(scene, fault):
    """The machine is gone: nobody is told that its connections ended."""
    node = strike_node(scene, fault, 5)
    scene.by_hand.add(node.name)
    fault.blind, fault.mute = [node], node
    for network in ("front", "back"):
        scene.ground.cut(node.name, network, "both")
    node.kill()
    scene.wait(5, 6)
    for network in ("front", "back"):
        scene.ground.heal(node.name, network)
    restart(scene, node)


def node_blink(scene, fault):
    """Killed and started again at once, as a supervisor does."""
    node = strike_node(scene, fault, 5)
    scene.by_hand.add(node.name)
    fault.blind = [node]
    node.kill()
    restart(scene, node)


def node_stop(scene, fault):
    node = strike_node(scene, fault, 1)
    scene.by_hand.add(node.name)
    fault.blind = [node]
    status = node.stop()
    if status != 0:
        fault.what += " (exit status %d)" % status
    scene.wait(1.5, 2)
    restart(scene, node)


def node_freeze(scene, fault):
    """Long enough to be counted as dead; it wakes into a world that went on."""
    node = strike_node(scene, fault, 5)
    fault.blind = [node]
    node.signal(signal.SIGSTOP)
    scene.wait(6, 8)
    node.signal(signal.SIGCONT)


def node_nap(scene, fault):
    """Too short to be counted as dead."""
    node = strike_node(scene, fault, None)
    fault.blind = [node]
    node.signal(signal.SIGSTOP)
    scene.wait(1, 2)
    node.signal(signal.SIGCONT)


def cut_node(scene, fault, network, way):
    node = strike_node(scene, fault, 5)
    if network == "front":
        fault.blind, fault.mute = [node], node
    scene.ground.cut(node.name, network, way)
    scene.wait(6, 8)
    scene.ground.heal(node.name, network)


def node_back_both(scene, fault):
    cut_node(scene, fault, "back", "both")


def node_back_in(scene, fault):
    cut_node(scene, fault, "back", "in")


def node_back_out(scene, fault):
    cut_node(scene, fault, "back", "out")


def node_front(scene, fault):
    """It beats, and can reach nobody."""
    cut_node(scene, fault, "front", scene.rng.choice(("both", "in", "out")))
    fault.within_s = None


def fail_over(scene, fault):
    fault.is_database = True
    scene.cluster.fail_over()
    fault.what += ", %s promoted" % scene.cluster.primary.name


def strike_primary(scene, fault):
    fault.what, fault.at, fault.is_database = scene.cluster.primary.name, now_us(), True
    return scene.cluster.primary


def primary_kill(scene, fault):
    strike_primary(scene, fault).kill()
    scene.wait(1, 2)
    fail_over(scene, fault)


def primary_crash(scene, fault):
    """The machine is gone: nobody is told that its connections ended."""
    primary = strike_primary(scene, fault)
    scene.ground.cut(primary.name, "back", "both")
    primary.kill()
    scene.wait(1, 2)
    fail_over(scene, fault)


def primary_alone(scene, fault):
    """Both standbys hear nothing any more, then its machine is gone: whatever it kept by itself is lost."""
    primary = strike_primary(scene, fault)
    standbys = scene.cluster.standbys()
    for standby in standbys:
        scene.ground.cut(standby.name, "back", "both")
    scene.wait(1, 2)
    # Cut off first: what its system still has to send must not reach them when they hear again.
    scene.ground.cut(primary.name, "back", "both")
    primary.kill()
    for standby in standbys:
        scene.ground.heal(standby.name, "back")
    fail_over(scene, fault)


def primary_freeze(scene, fault):
    """Given up, shot, replaced."""
    strike_primary(scene, fault).freeze()
    scene.wait(2, 4)
    fail_over(scene, fault)


def primary_nap(scene, fault):
    primary = strike_primary(scene, fault)
    primary.freeze()
    scene.wait(1, 3)
    primary.thaw()


def cut_primary(scene, fault, way, is_given_up):
    primary = strike_primary(scene, fault)
    scene.ground.cut(primary.name, "back", way)
    scene.wait(2, 4)
    if is_given_up:
        fail_over(scene, fault)
    else:
        scene.ground.heal(primary.name, "back")


def primary_cut(scene, fault):
    cut_primary(scene, fault, "both", True)


def primary_cut_in(scene, fault):
    cut_primary(scene, fault, "in", False)


def primary_cut_out(scene, fault):
    cut_primary(scene, fault, "out", scene.rng.choice((True, False)))


def switch_over(scene, fault):
    """A standby is promoted on purpose, after the primary was stopped in order."""
    strike_primary(scene, fault).stop()
    fail_over(scene, fault)


def standby_kill(scene, fault):
    """The other one still answers for what is committed."""
    standby = scene.some_standby()
    fault.what, fault.at = standby.name, now_us()
    standby.kill()
    scene.wait(2, 3)
    standby.start()
    standby.wait_up()


def standby_cut(scene, fault):
    standby = scene.some_standby()
    way = scene.rng.choice(("both", "in", "out"))
    fault.what, fault.at = "%s %s" % (standby.name, way), now_us()
    scene.ground.cut(standby.name, "back", way)
    scene.wait(2, 4)
    scene.ground.heal(standby.name, "back")


def standbys_nap(scene, fault):
    """Both: nothing can be committed, and nothing says so."""
    fault.what, fault.at, fault.is_database = "both", now_us(), True
    for standby in scene.cluster.standbys():
        standby.freeze()
    scene.wait(2, 4)
    for standby in scene.cluster.standbys():
        standby.thaw()


def primary_and_node(scene, fault):
    """The primary and a node at once."""
    node = strike_node(scene, fault, None)
    scene.by_hand.add(node.name)
    fault.blind = [node]
    fault.is_database = True
    fault.what = "%s, %s" % (node.name, scene.cluster.primary.name)
    scene.cluster.primary.kill()
    node.kill()
    scene.wait(1, 2)
    restart(scene, node)
    fail_over(scene, fault)


KINDS = {function.__name__.replace("_", "-"): function for function in (
    node_kill, node_crash, node_blink, node_stop, node_freeze, node_nap, node_back_both, node_back_in, node_back_out,
    node_front, primary_kill, primary_crash, primary_alone, primary_freeze, primary_nap, primary_cut, primary_cut_in,
    primary_cut_out, switch_over, standby_kill, standby_cut, standbys_nap, primary_and_node)}
# The ones that a short run begins with, so that each way of failing is seen.
FIRST = ("node-kill", "primary-kill", "primary-alone", "node-freeze", "primary-freeze", "node-back-both",
         "node-back-in", "primary-cut", "primary-cut-out", "switch-over", "node-stop")


def draw(count, rng):
    """The names of `count` faults: each kind once before any comes again."""
    chosen = []
    while len(chosen) < count:
        rest = sorted(set(KINDS) - set(FIRST))
        rng.shuffle(rest)
        first = list(FIRST)
        rng.shuffle(first)
        bag = (first + rest)[:count - len(chosen)]
        rng.shuffle(bag)
        chosen += bag
    return chosen


def run(scene, kind, number):
    fault = Fault(kind, number)
    KINDS[kind](scene, fault)
    fault.mended = now_us()
    if scene.cluster.wait_writable() is None:
        raise SystemExit("fault %d, %s: the database never became writable again" % (number, kind))
    fault.writable = now_us() if fault.is_database else fault.at
    return fault
