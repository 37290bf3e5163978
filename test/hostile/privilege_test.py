"""--user as root: the data directory is given to the account, and never what a link in its place points to."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import tocsin_path  # noqa: E402


@unittest.skipUnless(os.geteuid() == 0, "only root can give a directory away")
class PrivilegeTest(unittest.TestCase):
    def test_a_link_is_not_followed(self):
        with tempfile.TemporaryDirectory() as folder:
            victim, link = pathlib.Path(folder, "victim"), pathlib.Path(folder, "data")
            victim.mkdir(mode=0o700)
            link.symlink_to(victim)
            argv = [tocsin_path(), "serve", "--user", "nobody", "--data", str(link), "--listen", "127.0.0.1:0"]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("not a link to it", done.stderr)
            self.assertEqual(victim.stat().st_uid, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
