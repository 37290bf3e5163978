#!/usr/bin/env python3
"""Rooms that a bot writes into, in Slack and in Mattermost: the messages that told of an alert say who has it, and how it
ended. Where the latest cannot be changed any more, a message of its own says that it is over, once."""

import http.server
import json
import threading
import unittest

from world import World

SLACK_TOKEN, MATTERMOST_TOKEN = "xoxb-0123456789", "0123456789abcdefghijklmnop"
SLACK_CHANNEL, MATTERMOST_CHANNEL = "C0123456789", "4xp9fdt77pncbef59f4k1qe83o"

TEAM = """
users: [{name: ana, contacts: [{kind: log, watched: true}]}]
channels:
  - {name: slack, kind: slack, to: "%(url)s/api/chat.postMessage?channel=C0123456789", secret: "env:TOCSIN_SECRET_SLACK"}
  - {name: mattermost, kind: mattermost, to: "%(url)s/api/v4/posts?channel_id=4xp9fdt77pncbef59f4k1qe83o",
     secret: "env:TOCSIN_SECRET_MATTERMOST"}
policies:
  - {name: p, last_resort: {user: ana}, repeat: 3,
     steps: [{notify: [{channel: slack}, {channel: mattermost}], wait: 1h}]}
services: [{name: shop, policy: p}]
"""


class Chat:
    """Both chats behind one door, as their references and servers have it: Slack answers 200 whatever it did; Mattermost
    201 to what is new, 200 to what is changed, and an error's id otherwise. `moods` go first: one answer each."""

    def __init__(self):
        self.lock = threading.Lock()
        self.slack, self.mattermost = {}, {}  # id -> what a reader of the room sees
        self.posts, self.updates = [], []     # of (chat, answer)
        self.moods = []                       # of (path's end, status, headers, body)
        chat = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with chat.lock:
                    status, headers, answer = chat.answer(self.command, self.path, self.headers.get("Authorization"), body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(text)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(text)

            do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, path, token, body):
        is_update = path.endswith(("/chat.update", "/patch"))
        for at, (end, status, headers, answer) in enumerate(self.moods):
            if path.endswith(end):
                del self.moods[at]
                break
        else:
            status, headers = 200, {}
            if path.startswith("/api/v4/"):
                status, answer = self.to_mattermost(method, path, token, body)
            else:
                answer = self.to_slack(path, token, body)
        (self.updates if is_update else self.posts).append((path, status, answer))
        return status, headers, answer

    def to_slack(self, path, token, body):
        if token != "Bearer " + SLACK_TOKEN:
            return {"ok": False, "error": "invalid_auth"}
        if body["channel"] != SLACK_CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        ts = body.get("ts") if path == "/api/chat.update" else "1503435956.%06d" % len(self.posts)
        if path == "/api/chat.update" and ts not in self.slack:
            return {"ok": False, "error": "message_not_found"}
        self.slack[ts] = body
        return {"ok": True, "channel": SLACK_CHANNEL, "ts": ts, "message": {"type": "message", "text": body["text"]}}

    def to_mattermost(self, method, path, token, body):
        if token != "Bearer " + MATTERMOST_TOKEN:
            return 401, {"id": "api.context.session_expired.app_error", "status_code": 401}
        if method == "POST" and path == "/api/v4/posts":
            if body.get("channel_id") != MATTERMOST_CHANNEL:
                return 403, {"id": "api.context.permissions.app_error", "status_code": 403}
            name = "%026d" % len(self.posts)
            self.mattermost[name] = body
            return 201, {"id": name, **body}
        name = path.split("/")[4]
        if method != "PUT" or name not in self.mattermost:
            return 404, {"id": "app.post.get.app_error", "status_code": 404}
        self.mattermost[name] = {**self.mattermost[name], **body}
        return 200, {"id": name, **self.mattermost[name]}

    def rooms(self):
        """What stands in each room, as one text a message, oldest first."""
        with self.lock:
            return [json.dumps(body) for _, body in sorted(self.slack.items())], \
                   [json.dumps(body) for _, body in sorted(self.mattermost.items())]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Rooms(unittest.TestCase):
    def setUp(self):
        self.chat = Chat()
        self.addCleanup(self.chat.close)
        self.world = self.enterContext(World(settings={
            "SECRET_SLACK": SLACK_TOKEN, "SECRET_MATTERMOST": MATTERMOST_TOKEN}))
        self.world.apply(TEAM % {"url": self.chat.url}, env={
            "TOCSIN_SECRET_SLACK": SLACK_TOKEN, "TOCSIN_SECRET_MATTERMOST": MATTERMOST_TOKEN})

    def told(self, summary):
        """An alert that both rooms were told of."""
        answer = self.world.post("/api/v1/alerts", {"service": "shop", "summary": summary, "severity": "critical"})
        self.assertEqual(answer.status, 202, answer)
        before = len(self.chat.posts)
        self.world.wait("both rooms were told", lambda: all(
            any(summary in message for message in room) for room in self.chat.rooms()))
        self.world.wait("the record has it", lambda: len(self.delivered(answer.json["alert_id"])) == 2)
        self.assertLessEqual(len(self.chat.posts) - before, 2)
        return answer.json["alert_id"]

    def delivered(self, alert_id):
        """The attempts that arrived, of pages and of the end, as the record has them."""
        explained = self.world.get(f"/api/v1/alerts/{alert_id}/explain").json
        told = [each for page in explained["pages"] for each in page["notifications"]] + explained["endings"]
        return [attempt for each in told for attempt in each["attempts"] if attempt["state"] == "delivered"]

    def resolve(self, alert_id):
        self.assertEqual(self.world.post(f"/api/v1/alerts/{alert_id}/resolve").status, 200)

    def test_the_message_that_told_says_how_it_ended(self):
        alert_id = self.told("The shop is down")
        self.resolve(alert_id)
        self.world.wait("both messages say it", lambda: len(self.delivered(alert_id)) == 4)
        for room in self.chat.rooms():
            self.assertEqual(len(room), 1, room)
            self.assertIn("The shop is down", room[0])
            self.assertIn("Resolved", room[0])
            self.assertNotIn('"Acknowledge"', room[0])
        self.assertEqual((len(self.chat.posts), len(self.chat.updates)), (2, 2))
        ids = {attempt["provider_id"] for attempt in self.delivered(alert_id)}
        self.assertEqual(len(ids), 2, ids)

    def shown(self, word):
        """How many messages of both rooms say that, of all that stand there."""
        rooms = [message for room in self.chat.rooms() for message in room]
        return sum(word in message for message in rooms), len(rooms)

    def test_the_message_says_who_has_it(self):
        alert_id = self.told("The shop is down")
        self.assertEqual(self.world.post(f"/api/v1/alerts/{alert_id}/acknowledge").status, 200)
        self.world.wait("both messages say it", lambda: self.shown("Acknowledged by") == (2, 2))
        self.assertEqual(self.shown("The shop is down"), (2, 2))
        self.assertEqual(self.shown("token scenario-admin"), (2, 2))
        self.assertEqual(self.shown('"Acknowledge"'), (0, 2))
        self.assertEqual((len(self.chat.posts), len(self.chat.updates)), (2, 2))
        self.resolve(alert_id)
        self.world.wait("both messages say that it is over", lambda: self.shown("Resolved by") == (2, 2))

    def test_who_has_it_is_no_message_of_its_own(self):
        alert_id = self.told("The shop is down")
        self.chat.moods += [("/chat.update", 200, {}, {"ok": False, "error": "edit_window_closed"}),
                            ("/patch", 403, {}, {"id": "api.post.update_post.permissions_time_limit.app_error"})]
        self.assertEqual(self.world.post(f"/api/v1/alerts/{alert_id}/acknowledge").status, 200)
        self.world.wait("both were asked", lambda: len(self.chat.updates) == 2)
        self.told("Something else")  # both rooms count as rooms that work
        self.assertEqual(self.shown("Acknowledged by"), (0, 4))

    def test_every_message_of_it_says_how_it_ended(self):
        alert_id = self.told("The shop is down")
        self.assertEqual(self.world.post(f"/api/v1/alerts/{alert_id}/escalate").status, 200)
        self.world.wait("both were told again", lambda: len(self.delivered(alert_id)) == 4)
        self.assertEqual(self.shown("The shop is down"), (4, 4))
        self.resolve(alert_id)
        self.world.wait("all four say it", lambda: self.shown("Resolved by") == (4, 4))
        self.assertEqual((len(self.chat.posts), len(self.chat.updates)), (4, 4))

    def test_what_cannot_be_changed_is_followed_up_once(self):
        alert_id = self.told("The shop is down")
        self.chat.moods.append(("/chat.update", 200, {}, {"ok": False, "error": "edit_window_closed"}))
        with self.chat.lock:
            gone = self.chat.mattermost.popitem()  # somebody has deleted it
        self.resolve(alert_id)
        self.world.wait("both say it", lambda: len(self.delivered(alert_id)) == 4)
        slack, mattermost = self.chat.rooms()
        self.assertEqual([len(slack), len(mattermost)], [2, 1], gone)
        self.assertNotIn("Resolved", slack[0])
        self.assertIn("Resolved", slack[1])
        self.assertIn("Resolved", mattermost[0])
        self.assertEqual((len(self.chat.posts), len(self.chat.updates)), (4, 2))
        self.told("Something else")  # both rooms count as rooms that work
        explained = self.world.cli("explain", alert_id).stdout
        self.assertIn("edit_window_closed", explained)

    def test_a_busy_chat_is_asked_again_and_gets_no_second_message(self):
        alert_id = self.told("The shop is down")
        self.chat.moods += [("/chat.update", 429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"}),
                            ("/patch", 503, {}, {})]
        self.resolve(alert_id)
        self.world.wait("both messages say it", lambda: len(self.delivered(alert_id)) == 4)
        for room in self.chat.rooms():
            self.assertEqual(len(room), 1, room)
            self.assertIn("Resolved", room[0])
        self.assertEqual((len(self.chat.posts), len(self.chat.updates)), (2, 4))


if __name__ == "__main__":
    unittest.main()
