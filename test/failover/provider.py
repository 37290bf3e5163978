"""Whoever brings the messages to the people: a webhook receiver that keeps a journal and misbehaves.

    provider.py ADDRESS PORT COUNT JOURNAL SEED        listens on COUNT ports from PORT on

A line per request, written before it is answered: instant of arrival (microseconds UTC), what was done
with it, path, body. What was done: "ok"; "slow" (taken, answered late); "refused" (500: nobody was
told); "cut" (taken, but the connection ended without an answer).
"""
import asyncio
import contextlib
import random
import sys
import time

# Of a thousand requests; the rest is answered at once.
SLOW, REFUSED, CUT = 15, 15, 10
SLOW_S = (0.2, 2.5)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


async def pause(seconds):
    """For the time that people and providers take."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


class Provider:
    def __init__(self, journal, seed):
        self.journal = open(journal, "wb", buffering=0)
        self.random = random.Random(seed)

    def judge(self):
        draw = self.random.randrange(1000)
        for what, share in (("slow", SLOW), ("refused", REFUSED), ("cut", CUT)):
            if draw < share:
                return what
            draw -= share
        return "ok"

    async def serve(self, reader, writer):
        try:
            while await self.serve_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # they were shot
        finally:
            writer.close()

    async def serve_one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1]
        size = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                size = int(line[15:])
        body = await reader.readexactly(size)
        what = self.judge()
        self.journal.write(b"%d %s %s %s\n" % (time.time_ns() // 1000, what.encode(), path,
                                               body.replace(b"\n", b" ").replace(b"\r", b" ")))
        if what == "cut":
            return False
        if what == "slow":
            await pause(self.random.uniform(*SLOW_S))
        writer.write(FAILED if what == "refused" else OK)
        await writer.drain()
        return True


async def main():
    address, port, count, journal, seed = sys.argv[1:]
    provider = Provider(journal, int(seed))
    servers = [await asyncio.start_server(provider.serve, address, int(port) + at, backlog=1024)
               for at in range(int(count))]
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
