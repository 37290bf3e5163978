"""The people: some acknowledge alerts, at any node; three follow the live events, each at a node of
their own, and go on at another one when it falls silent.

    people.py '{"nodes": ["10.77.1.11:8420", …], "token": …, "ledger": FILE, "journal": FILE, "goal": FILE,
               "seed": 1}'

The journal has a line per answer to an acknowledgement: alert, instant first asked, instant answered,
status, node. The first SIGTERM: works off what is left and says "acknowledged". The second: waits until
all three have seen the event whose number stands in the file "goal", prints what they saw as JSON.
"""
import asyncio
import contextlib
import json
import random
import re
import signal
import sys
import time

SHARE = 0.15
DELAY_S = (0.0, 4.0)
WORKERS_EACH = 4
PATIENCE_S = 10.0
SILENCE_S = 4.0  # after so long without an event a follower tries the next node
CATCH_UP_S = 30.0
ID = re.compile(rb"^id: (\d+)$", re.M)


async def pause(seconds):
    """For the time that people and providers take."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


def now_us():
    return time.time_ns() // 1000


class Line:
    """A connection that is kept, to one node."""

    def __init__(self, node):
        self.node, self.reader, self.writer = node, None, None

    async def ask(self, text):
        try:
            if self.writer is None:
                host, port = self.node.split(":")
                self.reader, self.writer = await asyncio.open_connection(host, int(port))
            self.writer.write(text)
            head = await self.reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"content-length: *(\d+)", head, re.I)
            body = await self.reader.readexactly(int(size.group(1)) if size else 0)
            return int(head[9:12]), body
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


class Responders:
    def __init__(self, plan):
        self.plan, self.random = plan, random.Random(plan["seed"])
        self.queue = asyncio.Queue()
        self.asked, self.left, self.is_ending = {}, 0, False
        self.statuses = {}
        self.journal = open(plan["journal"], "w", buffering=1, encoding="utf-8")
        self.delays = set()

    async def follow(self):
        """Reads the senders' ledger while it grows."""
        with open(self.plan["ledger"], encoding="utf-8") as file:
            rest = ""
            while True:
                is_last = self.is_ending
                chunk = file.read()
                *lines, rest = (rest + chunk).split("\n")
                for line in lines:
                    _, _, _, status, alert, _ = line.split()
                    if status[0] == "2" and self.random.random() < SHARE:
                        self.left += 1
                        asyncio.get_running_loop().call_later(self.random.uniform(*DELAY_S), self.queue.put_nowait,
                                                              alert)
                if is_last and not chunk:
                    return
                await pause(0.05)

    async def work(self, node):
        line = Line(node)
        while True:
            alert = await self.queue.get()
            self.asked.setdefault(alert, now_us())
            text = ("POST /api/v1/alerts/%s/acknowledge HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % (alert, node, self.plan["token"]))
            try:
                status, _ = await asyncio.wait_for(line.ask(text.encode()), PATIENCE_S)
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                status = 0
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status in (0, 503):
                # Whether it was kept is not known: somebody asks again, at another node if there is one.
                self.queue.put_nowait(alert)
                await pause(0.5)
            else:
                self.left -= 1
                self.journal.write("%s %d %d %d %s\n" % (alert, self.asked[alert], now_us(), status, node))


class Listener:
    """One client of the live events."""

    def __init__(self, plan, number):
        self.plan, self.at = plan, number
        self.first, self.last, self.count, self.moves = 0, 0, 0, 0
        self.complaints = []

    async def run(self):
        while True:
            node = self.plan["nodes"][self.at % len(self.plan["nodes"])]
            writer = None
            try:
                host, port = node.split(":")
                reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port), limit=1 << 20), 2)
                resume = "Last-Event-ID: %d\r\n" % self.last if self.last else ""
                writer.write(("GET /api/v1/stream HTTP/1.0\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n"
                              % (node, self.plan["token"], resume)).encode())
                await self.read(reader)
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                pass
            finally:
                if writer:
                    writer.close()
            self.at += 1
            self.moves += 1
            await pause(0.1)

    async def read(self, reader):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENCE_S)
        if b" 200 " not in head[:20] or b"chunked" in head.lower():
            if b" 503 " not in head[:20]:
                self.complaints.append("unexpected answer: %r" % head[:200])
            return
        rest = b""
        while True:
            chunk = await asyncio.wait_for(reader.read(1 << 18), SILENCE_S)
            if not chunk:
                return
            rest += chunk
            # Only whole events: one cut off in the middle is sent again after the break.
            end = rest.rfind(b"\n\n") + 2
            if end > 1:
                self.take([int(seq) for seq in ID.findall(rest[:end])])
                rest = rest[end:]

    def take(self, seqs):
        if not seqs:
            return
        if not self.first:
            self.first, self.last = seqs[0], seqs[0] - 1
        if seqs != list(range(self.last + 1, self.last + 1 + len(seqs))) and len(self.complaints) < 20:
            self.complaints.append("after %d came %s" % (self.last, seqs[:10]))
        self.count += len(seqs)
        self.last = seqs[-1]


async def main():
    plan = json.loads(sys.argv[1])
    responders = Responders(plan)
    listeners = [Listener(plan, number) for number in range(len(plan["nodes"]))]
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    follower = asyncio.ensure_future(responders.follow())
    tasks = [asyncio.ensure_future(listener.run()) for listener in listeners]
    tasks += [asyncio.ensure_future(responders.work(node)) for node in plan["nodes"] for _ in range(WORKERS_EACH)]
    print("ready", flush=True)
    await ending.wait()
    responders.is_ending = True
    await follower
    deadline = time.monotonic() + CATCH_UP_S
    while time.monotonic() < deadline and responders.left > 0:
        await pause(0.05)
    # Nobody asks for anything now: the log only grows by what is still paged.
    print("acknowledged", flush=True)
    ending.clear()
    await ending.wait()
    deadline = time.monotonic() + CATCH_UP_S
    with open(plan["goal"], encoding="utf-8") as file:
        goal = int(file.read())
    while time.monotonic() < deadline and min(listener.last for listener in listeners) < goal:
        await pause(0.05)
    for task in tasks:
        task.cancel()
    print(json.dumps({"left": responders.left, "statuses": responders.statuses, "listeners": [
        {"first": listener.first, "last": listener.last, "count": listener.count, "moves": listener.moves,
         "complaints": listener.complaints} for listener in listeners]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
