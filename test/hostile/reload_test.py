"""SIGHUP while --config names a pipe that nobody writes to: the server says so and goes on."""

import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import World  # noqa: E402


class ReloadTest(unittest.TestCase):
    def test_a_pipe_does_not_hang(self):
        world = self.enterContext(World(start=False))
        path = world.write("config.yaml", "users: []\n")
        world.settings["CONFIG"] = path
        world.start()
        path.unlink()
        os.mkfifo(path)
        world.server.send(signal.SIGHUP)
        world.wait("it is told", lambda: "no regular file" in world.server.log())
        self.assertEqual(world.get("/readyz", token=None).status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
