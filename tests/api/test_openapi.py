"""The OpenAPI document: complete, true to what the server does, and no generated request brings the server down."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

import sitebell
from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from sitebell.web.failures import FAILURES
from support.back_end import BackEnd
from support.dialects import speak
from support.web_application import Json, parts

pytestmark = [
    pytest.mark.databases("sqlite"),  # no rule of these depends on the kind
    pytest.mark.shared_app,  # generated requests may leave behind what they like
]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# How a body that does not fit the document may be refused: schemathesis itself forgets that one can be too large.
REFUSALS = [400, 401, 404, 409, 413, 415, 422]
CONFIG = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})


@pytest.fixture(scope="module", autouse=True)
def every_module() -> None:
    """Import the whole package: Hypothesis draws from the constants of every module that any test imported."""
    for module in pkgutil.walk_packages(sitebell.__path__, "sitebell."):
        if not module.name.endswith(".__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)


@pytest.fixture(autouse=True)
def every_dialect(app: Flask, site: NewSite) -> None:
    """Let the site speak other vendors' words, or their routes would be hidden from it."""
    speak(app, site, *Dialect)


@pytest.fixture
def document(client: FlaskClient) -> Json:
    """The document as it is served."""
    response = client.get("/v1/openapi.json")
    assert response.status_code == 200
    assert response.json is not None
    return dict(response.json)


@pytest.mark.usefixtures("living_worker")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_sec_37_no_generated_request_is_answered_with_a_fault(
    app: Flask, site: NewSite, office: BackEnd, back_end: dict[str, str], message_id: str, mode: GenerationMode
) -> None:
    """Requests that fit the document, and bodies that do not; the same in each run of the same code.

    The ids in the paths are ones that exist, which lead further than invented ones.
    """
    browser = office.subscribe(match={"external_id": "ann"})
    webhook = office.ask("POST", "/v1/webhooks", {"url": "https://hooks.example.com/sitebell"})
    known = {
        **dict.fromkeys(("token", "channel_id"), site.site.token),
        "message_id": message_id,
        "kid": "2026-11",
        "database_id": str(site.database_id),
        "profile_id": browser["enrollments"][0]["profile_id"],
        "subscriber_hash": browser["subscriber_hash"],
        "webhook_id": str(webhook["id"]),
        "draft_id": message_id,
        "trigger_id": "12",
        "call_id": office.ask("POST", f"/v1/webhooks/{webhook['id']}/test")["id"],
    }
    document = schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=CONFIG)
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 10

    for operation in operations:
        if operation.body or mode is GenerationMode.POSITIVE:
            names = [parameter.name for parameter in operation.path_parameters]
            given_path = {name: known[name] for name in names}
            generate(operation.as_strategy(mode, path_parameters=given_path), back_end)


def generate(requests: SearchStrategy[schemathesis.Case[Any]], headers: dict[str, str]) -> None:
    """Send some of the requests and check what is answered."""

    @settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(requests)
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield each operation as `METHOD /path` with its description."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def bodies(document: Json) -> Iterator[tuple[str, Json, Json]]:
    """Yield each operation that takes a JSON object, with its members and an example."""
    for name, operation in operations(document):
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            [example] = content["examples"].values()
            yield name, resolve(document, content["schema"]).get("properties", {}), example["value"]


def resolve(document: Json, schema: Json) -> Json:
    """Return a schema, or the component that it refers to."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = document["components"]["schemas"][name] if name else schema
    return found


def takes_null(document: Json, schema: Json) -> bool:
    """Return whether null fits a schema, which may well be a choice of others."""
    schema = resolve(document, schema)
    if "anyOf" in schema:
        return any(takes_null(document, each) for each in schema["anyOf"])
    return None in schema["enum"] if "enum" in schema else "null" in schema.get("type", "null")


def test_the_document_is_openapi_3_1_with_every_json_route(app: Flask, document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": parts(app).config.base_url}]
    served = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith(("/docs", "/confirm/", "/sdk/", "/v1/openapi.json"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {name for name, _ in operations(document)} == served


def test_every_operation_is_described_with_its_failures_and_examples(document: Json) -> None:
    for name, operation in operations(document):
        assert operation["summary"].endswith("."), name
        assert {"405", "500", "503"} <= set(operation["responses"]), name
        if "requestBody" in operation:
            assert "examples" in operation["requestBody"]["content"]["application/json"], name
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), name
        if "/messages" in name:
            assert operation["security"] == [{"api_key": []}]
            assert {"401", "403"} <= set(operation["responses"]), name


def test_every_code_is_described_at_an_operation(document: Json) -> None:
    told = "".join(
        response.get("description", "")
        for _, operation in operations(document)
        for response in operation["responses"].values()
    )

    assert [code for code in FAILURES if f"`{code}`" not in told] == []
    assert [code for code in FAILURES if f"`{code}`" not in document["info"]["description"]] == []


def test_null_is_taken_where_the_document_says_so_and_nowhere_else(
    client: FlaskClient, document: Json, page: str, back_end: dict[str, str]
) -> None:
    """For each member of each body of ours: marshmallow takes null wherever None is the default."""
    untrue = []
    ours = [body for body in bodies(document) if " /v1/" in body[0]]  # other vendors' complaints have other shapes
    for name, members, example in ours:
        method, path = name.replace("/v1/sites/{token}", page).split()
        for member, schema in members.items():
            answer = client.open(path, method=method, json={**example, member: None}, headers=back_end)
            complaints = answer.get_json()["error"].get("details", {}) if answer.status_code == 422 else {}
            is_taken = member not in {complaint.partition(".")[0] for complaint in complaints}
            if is_taken != takes_null(document, schema):
                untrue.append((name, member))

    assert untrue == []


def test_the_examples_are_sound(client: FlaskClient, document: Json, page: str, back_end: dict[str, str]) -> None:
    """Who copies one must not meet an error: each is answered as if it were meant, if only by `not found`."""
    offers = {"topics": [{"name": "offers", "title": "Offers"}]}
    assert client.put("/v1/topics", json=offers, headers=back_end).status_code == 200
    for name, _, example in bodies(document):
        method, path = name.replace("/v1/sites/{token}", page).split()

        status = client.open(path, method=method, json=example, headers=back_end).status_code

        assert status in (200, 201, 202, 404, *([401] if "token" in example else [])), name  # a key of nobody
