"""Reading of `docs/openapi.json`, which the service writes and its own tests keep true."""

import json
import re
from pathlib import Path

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]


class Operation:
    """What the document says of one operation."""

    def __init__(self, path, method, operation):
        self.method = method.upper()
        self.pattern = re.sub(r"\{[^}]*\}", "[^/]+", path)
        self.bearer = any("access_token" in needed for needed in operation.get("security", []))
        content = operation.get("requestBody", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        self.body = SCHEMAS[name] if name else None

    def matches(self, path):
        return re.fullmatch(self.pattern, path) is not None

    def check_body(self, body):
        if self.body is None:
            assert body is None
        else:
            assert set(self.body["required"]) <= set(body) <= set(self.body["properties"])


def document_only(operation_id):
    """The operation of this id."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == operation_id:
                return Operation(path, method, operation)
    raise AssertionError(f"the document has no {operation_id}")
