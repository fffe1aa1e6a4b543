"""The models against the OpenAPI document: the same members, of the same types, equally required."""

import typing
from datetime import datetime

import pytest
from pydantic import ValidationError

from devauth import _models
from devauth._errors import BY_STATUS

from ..fake import TOKENS, USER
from .openapi import DOCUMENT, SCHEMAS

MODELS = [
    "User",
    "UserAnswer",
    "Tokens",
    "Session",
    "SessionList",
    "ActiveToken",
    "InactiveToken",
    "FieldError",
    "Problem",
]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_what_the_document_says(name):
    fields, schema = getattr(_models, name).model_fields, SCHEMAS[name]
    assert set(fields) == set(schema["properties"])
    required = {field for field, info in fields.items() if info.is_required()}
    assert required == set(schema["required"])
    for field, info in fields.items():
        assert written(info.annotation) == described(schema["properties"][field]), field


def test_the_problems_of_the_document_have_a_class_or_are_named_in_the_tree():
    """A status that appears in the document needs a decision here."""
    statuses = {
        int(status)
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if int(status) >= 400
    }
    assert statuses - set(BY_STATUS) == {408, 413, 415, 431, 500, 503}


def test_reprs_hold_neither_tokens_nor_personal_data():
    tokens = _models.Tokens.model_validate_json(__import__("json").dumps(TOKENS))
    text = repr(tokens) + str(tokens)
    for secret in ("access-1", "refresh-1", "ada@", "free"):
        assert secret not in text
    assert "usr_1" in text


def test_an_answer_that_does_not_fit_does_not_show_up_in_the_error():
    with pytest.raises(ValidationError) as caught:
        _models.User.model_validate({**USER, "email": ["ada@example.org"]})
    assert "ada@" not in str(caught.value)


def test_models_are_frozen():
    session = _models.FieldError(pointer="/a", code="b", message="c")
    with pytest.raises(ValidationError):
        session.code = "d"


JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    datetime: "date-time",
    type(None): "null",
}


def written(annotation):
    """A Python annotation as a set of words."""
    origin = typing.get_origin(annotation)
    if origin is typing.Union:
        return set().union(*(written(part) for part in typing.get_args(annotation)))
    if origin is typing.Literal:
        return {JSON_TYPES[type(value)] for value in typing.get_args(annotation)}
    if origin is list:
        return {"array of " + next(iter(written(typing.get_args(annotation)[0])))}
    if origin is dict:
        return {"object"}
    return {JSON_TYPES.get(annotation, annotation.__name__)}


def described(schema):
    """A JSON schema as a set of the same words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"string"} if SCHEMAS[name]["type"] == "string" else {name}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = set()
    for word in types:
        if word == "array":
            word = "array of " + next(iter(described(schema["items"])))
        elif word == "string" and schema.get("format") == "date-time":
            word = "date-time"
        words.add(word)
    return words
