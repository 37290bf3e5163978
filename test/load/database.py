"""Where the server of a test keeps its data: a file, or with TOCSIN_TEST_ENGINE=postgresql a database
of its own on the server at TOCSIN_TEST_POSTGRESQL (tools/with-postgresql makes one)."""

import atexit
import contextlib
import itertools
import json
import os
import sqlite3
import subprocess

NUMBERS = itertools.count(1)
PATIENCE_S = 30


def engine():
    name = os.environ.get("TOCSIN_TEST_ENGINE") or "sqlite"
    if name not in ("sqlite", "postgresql"):
        raise SystemExit("TOCSIN_TEST_ENGINE=%s is neither sqlite nor postgresql" % name)
    return name


def psql(url, sql):
    """What psql prints for one statement."""
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_S)
    if done.returncode != 0:
        raise SystemExit("psql: %s\n%s" % (sql, done.stderr))
    return done.stdout.strip()


def rows(where, sql):
    """The rows that one SELECT answers, as tuples. `where`: a file or postgresql://…"""
    if where.startswith("postgresql:"):
        said = psql(where, "SELECT json_agg(found) FROM (%s) AS found" % sql)
        return [tuple(map(from_json, row.values())) for row in json.loads(said or "null") or []]
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % where, uri=True)) as db:
        return db.execute(sql).fetchall()


def from_json(value):
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("\\x") else value


class Database:
    def __init__(self, file):
        """`file`: where the server puts it when it is a file."""
        self.url, self.where = None, str(file)
        if engine() == "sqlite":
            return
        self.server = os.environ.get("TOCSIN_TEST_POSTGRESQL")
        if not self.server:
            raise SystemExit("TOCSIN_TEST_POSTGRESQL is not set; run this by tools/with-postgresql")
        self.name = "tocsin_program_%d_%d" % (os.getpid(), next(NUMBERS))
        psql(self.server, "CREATE DATABASE %s TEMPLATE template0" % self.name)
        # The last word of a connection string counts.
        self.url = "%s%sdbname=%s" % (self.server, "&" if "?" in self.server else "?", self.name)
        self.where = self.url
        atexit.register(self.drop)

    def settings(self):
        """What the server is told: nothing for the file, which is where it looks."""
        return {"DATABASE_URL": self.url} if self.url else {}

    def rows(self, sql):
        return rows(self.where, sql)

    def drop(self):
        """At the latest at the end of the program."""
        if self.url:
            atexit.unregister(self.drop)
            psql(self.server, "DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name)
