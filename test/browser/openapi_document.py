#!/usr/bin/env python3
"""Prints the OpenAPI document of the program under test ($TOCSIN), which it starts for that."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from world import World  # noqa: E402

if __name__ == "__main__":
    with World() as world:
        print(json.dumps(world.call("GET", "/api/v1/openapi.json").json))
