"""A client that believes the OpenAPI document: it sends a request to an operation and holds what is answered
against what the document says of it, status, content type and body, and keeps every complaint."""

import http.client
import itertools
import json
import re
import urllib.parse

import jsonschema

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FORMATS = jsonschema.FormatChecker(formats=())
NEVER_SENT = 70_000_000  # more than is read and forgotten
TYPED = {"type", "enum", "const", "anyOf", "oneOf", "allOf"}
METHODS = ("get", "post", "put", "patch", "delete")


@FORMATS.checks("date-time")
def is_instant(value):
    return not isinstance(value, str) or INSTANT.fullmatch(value) is not None


class Said:
    """An answer, read to its end or, of a stream, as far as its header."""

    def __init__(self, reply):
        self.status, self.headers = reply.status, reply.headers
        self.type = (reply.headers.get("Content-Type") or "").partition(";")[0]
        self.body = b"" if self.type == "text/event-stream" else reply.read()

    @property
    def json(self):
        return json.loads(self.body)


class Described:
    addresses = itertools.count(1)  # of clients: wrong keys are counted by address

    def __init__(self, world, document):
        self.world, self.document = world, document
        self.complaints = []
        self.seen = {}     # operation -> statuses that were answered
        self.filled = set()  # operations that answered a list with something in it
        self.operations = {(method.upper(), path): operation for path, item in document["paths"].items()
                           for method, operation in item.items() if method in METHODS}

    def complain(self, name, text):
        self.complaints.append(f"{' '.join(name)}: {text}")

    # --- asking ---

    def call(self, method, path, body=None, bearer=None, query="", headers=None, **names):
        """`path` as in the document. body: JSON, or bytes. names: what stands for {name} in it."""
        name = (method, path)
        if name not in self.operations:
            self.complain(name, "is not in the document")
            return None
        headers = {"X-Forwarded-For": f"198.51.{next(self.addresses) // 250}.{next(self.addresses) % 250}",
                   **(headers or {})}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        address = re.sub(r"\{(\w+)\}", lambda at: urllib.parse.quote(str(names[at[1]]), safe=""), path)
        link = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=30)
        try:
            link.request(method, address + query, body, headers)
            said = Said(link.getresponse())
        finally:
            link.close()
        self.judge(name, said)
        return said

    def good(self, method, path, status, body=None, **how):
        """What must be taken; and so the document must not forbid it."""
        said = self.call(method, path, body, **how)
        if said is not None and said.status != status:
            self.complain((method, path), f"{status} was due, not {said.status}: {said.body[:300]}")
        if said is not None and status < 400 and body is not None and not isinstance(body, bytes):
            self.judge_body((method, path), body)
        return said

    # --- judging ---

    def resolve(self, thing):
        while "$ref" in thing:
            found = self.document
            for part in thing["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            thing = found
        return thing

    def check(self, name, what, value, schema):
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(whole, format_checker=FORMATS)
        for error in itertools.islice(validator.iter_errors(value), 3):
            self.complain(name, f"{what} at /{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")

    def judge(self, name, said):
        answers = self.operations[name]["responses"]
        self.seen.setdefault(name, set()).add(said.status)
        if str(said.status) not in answers:
            self.complain(name, f"{said.status} is not documented: {said.body[:200]}")
            return
        answer = self.resolve(answers[str(said.status)])
        for header in answer.get("headers", {}):
            if header not in said.headers:
                self.complain(name, f"{said.status} without {header}")
        content = answer.get("content", {})
        if not content:
            if said.body:
                self.complain(name, f"{said.status} has a body that is not documented: {said.body[:200]}")
            return
        media = content.get(said.type) or content.get("*/*")
        if media is None:
            self.complain(name, f"{said.status} as {said.type or 'nothing'}, documented is {', '.join(content)}")
        elif said.type.endswith("json"):
            value = said.json
            self.check(name, f"{said.status}", value, media["schema"])
            items = value.get("items", ()) if isinstance(value, dict) else value
            if isinstance(items, list) and items and said.status < 300:
                self.filled.add(name)

    def judge_body(self, name, body):
        request = self.operations[name].get("requestBody")
        if request is None:
            self.complain(name, "takes a body that is not documented")
            return
        self.check(name, "body", body, request["content"]["application/json"]["schema"])

    def is_list(self, name):
        """Does it answer a list? Then what it is a list of is to be seen."""
        for status, answer in self.operations[name]["responses"].items():
            for media in self.resolve(answer).get("content", {}).values():
                schema = self.resolve(media["schema"])
                if status.startswith("2") and (schema.get("type") == "array" or "items" in schema.get("properties", {})):
                    return True
        return False

    # --- is everything said? ---

    def left_open(self, schema, seen, at=""):
        """Places of a schema that do not say what may stand there."""
        if "$ref" in schema:
            if schema["$ref"] not in seen:
                seen.add(schema["$ref"])
                yield from self.left_open(self.resolve(schema), seen, schema["$ref"].rpartition("/")[2])
            return
        if not TYPED & schema.keys():
            yield at
        for word in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(word, ()):
                yield from self.left_open(one, seen, at)
        kinds = schema.get("type", ())
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        for name, member in schema.get("properties", {}).items():
            yield from self.left_open(member, seen, f"{at}.{name}")
        if "object" in kinds and not {"properties", "additionalProperties"} & schema.keys():
            yield at
        if "array" in kinds:
            yield from self.left_open(schema.get("items", {}), seen, f"{at}[]")
        if isinstance(schema.get("additionalProperties"), dict):
            yield from self.left_open(schema["additionalProperties"], seen, f"{at}.*")

    def all_said(self):
        """Every parameter has a type, every answer of our own API a schema that leaves nothing open."""
        for name, operation in self.operations.items():
            for parameter in operation.get("parameters", ()):
                for _ in self.left_open(parameter.get("schema", {}), set()):
                    self.complain(name, f"parameter {parameter['name']} has no type")
            bodies = {status: self.resolve(answer).get("content", {}) for status, answer in operation["responses"].items()}
            if "requestBody" in operation:
                bodies["body"] = operation["requestBody"]["content"]
            for status, content in bodies.items() if name[1].startswith("/api/v1/") else ():
                if not content and status not in ("204", "304"):
                    self.complain(name, f"{status} has no schema")
                for media in content.values():
                    for at in self.left_open(media.get("schema", {}), set()):
                        self.complain(name, f"{status} does not say what {at or 'it'} is")

    # --- what every operation refuses ---

    def refuse_all(self, scopes):
        """`scopes`: a token for each scope."""
        for name in self.operations:
            self.refuse(*name, scopes)

    def refuse(self, method, path, scopes):
        operation = self.operations[method, path]
        wanted = next((one["token"] for one in operation["security"] if "token" in one), [])
        token = scopes[wanted[0]] if wanted else None
        names = {name: "999999999" for name in re.findall(r"\{(\w+)\}", path)}

        def ask(status=None, body=None, **how):
            said = self.call(method, path, body, **{"bearer": token, **names, **how})
            if status is not None and said.status != status:
                self.complain((method, path), f"{status} was due, not {said.status}: {said.body[:200]}")

        ask(431, headers={"X-Much": "x" * 20000})
        if wanted and {"key": []} not in operation["security"]:
            ask(401, bearer=None)
            ask(401, bearer="tcn_nonsense")
            ask(400, query="?no_such_parameter=1")
            ask(400, query="?limit=%zz")
            if wanted != ["read"]:
                ask(403, bearer=scopes["read"])
        if names:
            ask()
            ask(headers={"Accept": "text/html"})
        if "requestBody" in operation:
            for body in (b"", b"{\"a", b"[]", b"{\"no_such_field\": 1}", b"\xff"):
                ask(body=body)
            ask(headers={"Content-Encoding": "br"}, body=b"{}")
            if {"key": []} not in operation["security"]:  # alerts of a known sender are waited for, however many
                ask(headers={"Content-Length": str(NEVER_SENT)})

    # --- at the end ---

    def left_out(self):
        """What is documented and was not tried: complaints, too."""
        for name, operation in self.operations.items():
            seen = self.seen.get(name, set())
            due = {int(status) for status in operation["responses"] if int(status) < 400}
            if not due <= seen:
                self.complain(name, f"was never answered {sorted(due - seen)}, only {sorted(seen)}")
            if not any(status >= 400 for status in seen):
                self.complain(name, "was never refused")
            if self.is_list(name) and name not in self.filled:
                self.complain(name, "never listed anything")
