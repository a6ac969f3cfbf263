"""What `diagnose` tells of an account, and above all what it does not."""

import asyncio
import json
import re
import stat
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pipelines.gigstack.api.responses import parse_answer
from pipelines.gigstack.diagnosis.account import diagnose_account, kind_of_address
from pipelines.gigstack.diagnosis.disclosure import (
    ERROR_CODES,
    ID_PREFIXES,
    SHAPE_NAMES,
    header_value,
    is_plain_name,
    shape_of,
    shown_header_name,
)
from pipelines.gigstack.diagnosis.document import format_diagnosis
from pipelines.gigstack.diagnosis.envelopes import describe_envelope, find_list
from pipelines.gigstack.diagnosis.fields import Facts, describe_fields
from pipelines.gigstack.diagnosis.words import words_by_path
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.accepted_values import accepted_values
from pipelines.gigstack.normalize.schema import Shape, read_shape
from pipelines.gigstack.settings import Settings
from pipelines.load.select import select_resources
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from tests.accounts import create_account
from tests.pipelines.commands import access, cli
from tests.pipelines.scripted import api, key, page, refusal, settings

MIN_LENGTH = 5  # of a text or a number that would be recognized
SHAPE: Shape = {
    "id": "VARCHAR",
    "status": "VARCHAR",
    "total": "DECIMAL",
    "created_at": "TIME",
    "metadata": "JSON",
    "files": "IGNORED",
    "emails": "JSON",
    "client": {"id": "VARCHAR", "name": "VARCHAR"},
    "items": [{"name": "VARCHAR", "taxes": [{"rate": "DECIMAL"}]}],
}
WORDS = {"status": frozenset(("valid", "cancelled"))}


def fields_of(*records: Any) -> dict[str, Facts]:
    return describe_fields(msgspec.json.encode(records), SHAPE, WORDS)


# --- no value of a whole account -----------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    path = tmp_path_factory.mktemp("diagnosis") / "account.sqlite"
    with create_account(path, clients=8, months=2, teams=2) as account:
        yield account


def diagnosis_of(
    account: Account, *variants: str, names: tuple[str, ...] = (), **changes: Any
) -> str:
    """The text about an account that is served with these variants."""
    with serving(create_app(account, variants=variants)) as url:
        its = settings(url, api_key=key_for(account), **changes)
        return text_of(its, names)


def text_of(its: Settings, names: tuple[str, ...] = ()) -> str:
    resources = select_resources(names, its.documents)
    is_for_all = its.teams is not None
    done = asyncio.run(diagnose_account(its, resources, is_for_all_teams=is_for_all))
    return format_diagnosis(done.diagnosis, its.api_key)


def document_of(account: Account, *variants: str, names: tuple[str, ...] = ()) -> dict[str, Any]:
    return json.loads(diagnosis_of(account, *variants, names=names))  # type: ignore[no-any-return]


def leaves(value: Any) -> Iterator[str]:
    """Every text and every number, as it would be written."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield str(value)


def keys_of_maps(value: Any) -> Iterator[str]:
    """The keys of what is free-form, at any depth."""
    if isinstance(value, list):
        for inner in value:
            yield from keys_of_maps(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("metadata", "extracted_data", "details") and isinstance(inner, dict):
                yield from inner
            yield from keys_of_maps(inner)


def stored(account: Account) -> list[dict[str, Any]]:
    teams = (*range(len(account.teams)), positions.SHARED_TEAM)
    return [
        record
        for team in teams
        for name in positions.NUMBERS
        for _, record in account.store.objects(team, name)
    ]


def declared_names(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        yield from declared_names(shape[0])
    if isinstance(shape, dict):
        for name, inner in shape.items():
            yield name
            yield from declared_names(inner)


def public_words() -> set[str]:
    """What the project or the API's documentation says itself."""
    words = {*RESOURCES, *ENTITIES, *SHAPE_NAMES, *ERROR_CODES}
    for entity in ENTITIES:
        words.update(declared_names(read_shape(entity)))
        words.update(*accepted_values(entity).values())
    return words


def is_value(text: str, public: set[str]) -> bool:
    """Whether a text says something of the account, and would be recognized."""
    is_part_of_a_public_word = any(text.lower() in word for word in public)
    is_number = re.fullmatch(r"-?[\d.]+", text) is not None
    length = sum(c.isdigit() for c in text) if is_number else len(text)
    return length >= MIN_LENGTH and not is_part_of_a_public_word


def test_no_value_of_a_whole_account_is_told(small: Account) -> None:
    text = diagnosis_of(small, teams=("all",), documents=("clients", "invoices", "payments"))
    told = re.sub(r'"(date|content-length)": "[^"]*"', "", text)
    public, records = public_words(), stored(small)
    values = {leaf for leaf in leaves(records) if is_value(leaf, public)}
    assert len(values) > 1000
    assert {value for value in values if value in told} == set()
    keys = {name for name in keys_of_maps(records) if is_value(name, public)}
    assert {name for name in keys if f'"{name}"' in told or f".{name}" in told} == set()


def test_no_part_of_the_key_is_told(small: Account) -> None:
    text = diagnosis_of(small, "key-echo", names=("clients",))
    assert "key_id" not in text
    assert [part for part in key_for(small).split(".") if part in text] == []


def test_no_team_and_no_address_is_told(small: Account) -> None:
    text = diagnosis_of(small, names=("clients", "team_series"), teams=(small.teams[1],))
    assert "127.0.0.1" not in text
    assert [team for team in small.teams if team in text] == []
    asked = json.loads(text)["resources"][0]["requests"][0]
    assert (asked["path"], asked["parameters"]) == ("/teams/{team}/series", {"team": "{team}"})


def test_every_table_of_an_account_is_described(small: Account) -> None:
    document = document_of(small)
    assert {one["resource"] for one in document["resources"]} == {
        name for name, resource in RESOURCES.items() if not resource.is_optional
    }
    assert {one["status"] for one in document["resources"]} == {"ok"}
    assert max(len(one.get("requests", ())) for one in document["resources"]) <= 3
    assert document["program"]["gigstack-etl"] == version("gigstack-etl")
    assert document["base_url"] == "loopback"
    assert document["key"] == {"mode": "live", "names_team": True}
    assert document["teams"]["asked"] == 1
    assert {name: one["status"] for name, one in document["odd_requests"].items()} == {
        "unknown_parameter": 200,
        "unknown_cursor": 400,
        "page_too_large": 400,
    }


# --- no value of any record ----------------------------------------------------------------------

CHOSEN = st.text(alphabet="qzxjwkñ 7Á@.-", min_size=MIN_LENGTH, max_size=30)
PLAIN = st.from_regex(r"[qzxjk]{6,12}", fullmatch=True)  # as a programmer might have named it
SECRET = st.one_of(
    CHOSEN,
    st.from_regex(r"[A-Z]{4}\d{6}[A-Z\d]{3}", fullmatch=True),
    st.emails(),
    st.uuids().map(str),
    st.integers(min_value=10_000).map(str),
)
VALUES = st.recursive(
    st.one_of(SECRET, st.booleans(), st.none(), st.integers(min_value=10**6, max_value=10**12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcde"), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from((*SHAPE, "beta_score", "risk"))
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, max_size=6), max_size=4)


@given(RECORDS, st.dictionaries(st.one_of(CHOSEN, PLAIN), VALUES, min_size=1, max_size=3))
@examples(max_examples=60, deadline=None)
def test_no_value_of_a_record_is_told(
    records: list[dict[str, Any]], free_form: dict[str, Any]
) -> None:
    all_records = [*records, {"metadata": free_form, "items": [{"settings": free_form}]}]
    text = json.dumps(fields_of(*all_records), ensure_ascii=False)
    secrets = {leaf for leaf in leaves(all_records) if len(leaf) >= MIN_LENGTH} | set(free_form)
    assert {secret for secret in secrets if secret in text} == set()


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9]{20}", fullmatch=True), VALUES, min_size=2))
@examples(max_examples=30, deadline=None)
def test_no_key_of_a_map_by_id_is_told(by_id: dict[str, Any]) -> None:
    by_object = {name: {"value": value} for name, value in by_id.items()}
    text = json.dumps(fields_of({"by_member": by_object}))
    assert [name for name in by_id if name in text] == []


# --- the rules, one by one -----------------------------------------------------------------------


def test_a_field_has_its_types_and_how_many_records_have_it() -> None:
    facts = fields_of({"total": 1}, {"total": "2.50"}, {"total": None}, {})["total"]
    assert facts["types"] == {"number": 1, "string": 1, "null": 1}
    assert facts["records"] == 3


def test_elements_count_once_a_record() -> None:
    facts = fields_of({"items": [{"taxes": [{"rate": 0.16}, {"rate": 0}]}]}, {"items": []})
    assert facts["items"] == {"records": 2, "types": {"array": 2}, "elements": [0, 1]}
    assert facts["items[].taxes[].rate"]["records"] == 1
    assert facts["items[].taxes[].rate"]["types"] == {"number": 2}


def test_of_a_number_only_its_digits_are_told() -> None:
    records = b'[{"total":1160.50},{"total":-7},{"total":0},{"total":1e400},{"total":1' + b"0" * 40
    facts = describe_fields(records + b"}]", SHAPE, WORDS)["total"]
    assert facts == {
        "records": 5,
        "types": {"number": 5},
        "digits": [1, 30],
        "decimals": [0, 2],
    }


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("", "empty"),
        ("0123", "digits"),
        ("-12.50", "decimal"),
        ("2026-01-31", "iso-date"),
        ("2026-01-31T10:00:00.000Z", "iso-time"),
        ("2026-01-31 10:00", "iso-time"),
        ("0B7C4f1e-9d2a-4c3b-8f5e-1a2b3c4d5e6f", "uuid"),
        ("XAXX010101000", "rfc"),
        ("ana@example.com", "e-mail"),
        ("https://example.com/a?b=c", "url"),
        ("client_a1b2c3d4", "client_…"),
        ("juanita_a1b2c3d4", "other"),
        ("payment_proof", "other"),
        ("Ana María", "other"),
    ],
)
def test_of_a_text_only_its_shape_is_told(text: str, shape: str) -> None:
    assert shape_of(text) == shape
    facts = fields_of({"id": text})["id"]
    assert (facts["shapes"], facts["length"]) == ({shape: 1}, [len(text)] * 2)


def test_only_accepted_words_are_counted_by_name() -> None:
    records = [{"status": word} for word in ("valid", "VALID ", "secreto", "", "cancelled")]
    words = fields_of(*records)["status"]["words"]
    assert words == {"valid": 2, "cancelled": 1, "unknown word of 7 characters": 1}


def test_every_column_with_accepted_values_has_a_field() -> None:
    for entity in ENTITIES:
        vocabularies = accepted_values(entity).values()
        assert sorted(map(sorted, words_by_path(entity, read_shape(entity)).values())) == sorted(
            map(sorted, vocabularies)
        )


def test_keys_of_free_form_fields_are_only_counted() -> None:
    facts = fields_of(
        {
            "metadata": {"vendedor": "Ana", "more": {"deep": 1}},
            "files": {"pdf": "https://example.com"},
            "emails": ["ana@example.com", None],
            "client": {"settings": {"color": "red"}},
            "items": [{"customFields": {"shade": 1}}],
        }
    )
    assert facts["metadata"]["keys"] == [2, 2]
    assert facts["metadata"]["unnamed"] == {"string": 1, "object": 1}
    assert facts["emails"]["unnamed"] == {"string": 1, "null": 1}
    below = ("vendedor", "more", "deep", "pdf", "color", "shade")
    assert [path for path in facts if path.rpartition(".")[2] in below] == []


@pytest.mark.parametrize(
    ("name", "is_shown"),
    [
        ("beta_score", True),
        ("nextCursor", True),
        ("clientID", True),
        ("line2", True),
        ("Beta", False),
        ("ana@example.com", False),
        ("año", False),
        ("with blank", False),
        ("a" * 41, False),
        ("a1234", False),
        ("xKqPzLmNbVcRtYwEabcd", False),
    ],
)
def test_an_undeclared_name_is_told_if_a_programmer_gave_it(name: str, is_shown: bool) -> None:
    assert is_plain_name(name) == is_shown
    facts = fields_of({name: 1})
    assert (name in facts) == is_shown
    assert is_shown or facts["[]"]["unnamed"] == {"number": 1}


def test_an_undeclared_field_is_marked() -> None:
    facts = fields_of({"risk": {"level": "low"}, "total": 1}, {"risk": {"level": "high"}})
    assert [path for path, of_field in facts.items() if "is_undeclared" in of_field] == [
        "risk",
        "risk.level",
    ]


def test_an_undeclared_object_whose_keys_differ_is_a_map() -> None:
    facts = fields_of({"risk": {"ana": 1}}, {"risk": {"eva": 1}}, {"risk": {"luz": 1}})
    assert facts["risk"]["unnamed"] == {"number": 3}
    assert "risk.ana" not in facts


def test_a_firestore_time_is_declared() -> None:
    facts = fields_of({"created_at": {"_seconds": 1759276800, "_nanoseconds": 0}})
    assert facts["created_at._seconds"]["digits"] == [10, 10]


def test_records_that_are_no_objects_are_counted() -> None:
    facts = fields_of({"id": "a"}, None, "ghost")["[]"]
    assert facts["types"] == {"object": 1, "null": 1, "string": 1}


def test_what_is_nested_without_end_or_no_json_has_no_fields() -> None:
    assert describe_fields(b"[" * 5000 + b"]" * 5000, SHAPE, WORDS) == {}
    assert describe_fields(b"[", SHAPE, WORDS) == {}


# --- envelopes and headers -----------------------------------------------------------------------


def envelope_of(body: Any, name: str = "clients") -> tuple[dict[str, Any], str | None, bool]:
    """The description of an envelope, where its list is, and whether a load reads it there."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer = parse_answer("/x", httpx.Response(200), content)
    found = find_list(answer, RESOURCES[name])
    return describe_envelope(answer, RESOURCES[name]), found.place, found.is_read


def test_only_words_of_paging_have_values() -> None:
    told, place, is_read = envelope_of(
        {
            "data": [{}, {}],
            "message": "Hola",
            "livemode": True,
            "has_more": True,
            "next": "abcdef",
            "next_cursor": 1764547200000,
            "total_results": 2,
            "total": "17",
            "Ana María": 1,
        }
    )
    assert told == {
        "data": "array of 2",
        "message": "string",
        "livemode": "boolean",
        "has_more": True,
        "next": "text of 6 characters",
        "next_cursor": "number",
        "total_results": 2,
        "total": "text of 2 characters",
        "unnamed": {"number": 1},
    }
    assert (place, is_read) == ("data", True)


def test_nested_words_of_paging_are_told_by_their_path() -> None:
    told, place, _ = envelope_of(
        {"data": {"data": [{}], "pagination": {"hasMore": False, "page": 1}}, "meta": {"total": 9}}
    )
    assert told["data.pagination.hasMore"] is False
    assert (told["data.pagination.page"], told["meta.total"]) == (1, 9)
    assert place == "data.data"


def test_the_total_of_an_object_is_no_word_of_paging() -> None:
    bare, *_ = envelope_of({"id": "a", "total": 116000, "items": [{}]})
    inner, *_ = envelope_of({"data": {"id": "a", "total": 116000, "items": [{}]}})
    assert (bare["total"], inner["data.total"]) == ("number", "number")


@pytest.mark.parametrize("second", [{"a": 1}, None])
def test_the_keys_of_a_map_are_not_told(second: Any) -> None:
    told, place, is_read = envelope_of({"data": {"ana": {"a": 1}, "eva": second}}, "team_series")
    assert envelope_of({"data": {"ana": {"a": 1}, "eva": second}})[0] == told
    assert told == {"data": "object of 2"}
    assert (place, is_read) == ("data, an object of objects", True)


@pytest.mark.parametrize(
    ("body", "name", "place", "is_read"),
    [
        ([{}], "clients", "the body itself", True),
        (b' {"data": null}', "clients", None, True),
        ({"data": None}, "sat_lists", None, False),
        ({"clients": [{}]}, "clients", "clients", False),
        ({"data": {"rows": [{}]}}, "clients", "data.rows", False),
        ({"data": {"series": [{}]}}, "team_series", "data.series", True),
        ({"data": {"history": [{}]}}, "sat_download_requests", "data.history", True),
        ({"a": [], "b": []}, "clients", None, False),
    ],
)
def test_the_file_says_where_a_list_is(
    body: Any, name: str, place: str | None, is_read: bool
) -> None:
    assert envelope_of(body, name)[1:] == (place, is_read)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("content-type", "application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("content-type", "text/ana-maria=1", "text of 16 characters"),
        ("date", "Mon, 30 Nov 2026 18:34:01 GMT", "Mon, 30 Nov 2026 18:34:01 GMT"),
        ("retry-after", "30", "30"),
        ("x-ratelimit-remaining", "99", "99"),
        ("ratelimit-policy", "100;w=60", "100;w=60"),
        ("x-rate-limit-key", "team_a1b2c3", "text of 11 characters"),
        ("set-cookie", "session=abc", None),
        ("x-request-id", "12345", None),
    ],
)
def test_only_headers_about_transfer_and_limits_have_values(
    name: str, value: str, told: str | None
) -> None:
    assert header_value(name, value) == told


def test_a_header_is_named_unless_its_name_has_an_id() -> None:
    assert shown_header_name("x-request-id") == "x-request-id"
    assert shown_header_name("x-team-a1b2c3d4") == "name of 15 characters"


def test_id_prefixes_end_at_their_first_underscore() -> None:
    assert all(re.fullmatch("[a-z]+_", prefix) for prefix in ID_PREFIXES)


# --- refusals, and what the API may do otherwise -------------------------------------------------


def scripted(answers: dict[str, Any], *names: str) -> dict[str, Any]:
    with api(answers) as (_, url):
        return json.loads(text_of(settings(url, documents=("clients",)), names))  # type: ignore[no-any-return]


def test_of_an_error_only_a_documented_code_is_told() -> None:
    told = scripted(
        {
            "/clients": refusal(403, "insufficient_permissions", "Ana may not"),
            "/services": refusal(404, "Ana may not", "Ana may not"),
            "/receipts": page([]),
        },
        *("clients", "services", "receipts"),
    )
    clients, services, receipts = told["resources"]
    assert clients["requests"][0].pop("headers")["content-type"] == "application/json"
    assert clients["requests"] == [
        {
            "path": "/clients",
            "parameters": {"limit": 100},
            "status": 403,
            "error_code": "insufficient_permissions",
        }
    ]
    assert services["requests"][0]["error_code"] == "text of 11 characters"
    assert [one["status"] for one in told["resources"]] == ["unavailable", "unavailable", "ok"]
    assert receipts["requests"][0]["records"] == 0


def test_a_refused_page_size_is_followed_by_smaller_ones() -> None:
    def at_most_50(request: Any) -> Any:
        if int(request.query_params["limit"]) > 50:
            return refusal(400, "invalid_field_value", "limit")
        return page([{"id": "client_1"}])

    clients = scripted({"/clients": at_most_50}, "clients")["resources"][0]
    assert [one["status"] for one in clients["requests"]] == [400, 200]
    assert clients["requests"][1]["parameters"] == {"limit": 50}


def test_a_word_of_paging_that_cannot_be_read_is_named() -> None:
    odd = {"/clients": page([], next={"ana": 1}), "/services": page([])}
    clients, _ = scripted(odd, "clients", "services")["resources"]
    assert clients["status"] == "failed"
    assert clients["requests"][0]["problem"] == "next cannot be read"


def test_documents_are_asked_for_until_a_parent_has_some() -> None:
    told = scripted(
        {
            "/clients": page([{"id": f"client_{n}"} for n in range(5)]),
            "/clients/client_0/support-documents": page([]),
            "/clients/client_1/support-documents": page([{"id": "doc_1"}]),
        },
        "support_documents",
    )
    documents = told["resources"][1]
    assert [one["records"] for one in documents["requests"]] == [0, 1]
    assert {one["path"] for one in documents["requests"]} == {"/clients/{parent}/support-documents"}


def test_only_get_requests_are_sent_and_few_of_them() -> None:
    with api({"/clients": page([{"id": "client_1"}])}) as (script, url):
        text_of(settings(url), ("clients",))
        paths = [asked.path for asked in script.asked]
    assert paths == ["/clients"] * 4  # one page, and what should be refused


def test_new_fields_are_told(small: Account) -> None:
    clients = document_of(small, "new-fields", names=("clients",))["resources"][0]
    new = ["beta_score", "risk", "risk.level", "risk.checks", "labels", "labels[]"]
    assert set(new) <= set(clients["undeclared"])
    assert clients["fields"]["beta_score"]["types"].keys() == {"number"}


def test_a_renamed_list_is_found_and_said_to_be_unread(small: Account) -> None:
    clients = document_of(small, "renamed-list", names=("clients",))["resources"][0]
    asked = clients["requests"][-1]
    assert clients["status"] == "failed"
    assert asked["list_at"] == "clients"
    assert asked["is_list_where_a_load_reads_it"] is False
    assert asked["envelope"]["clients"].startswith("array of ")
    assert clients["fields"]["id"]["shapes"]


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        ("https://api.gigstack.io/v2", "https://api.gigstack.io/v2"),
        ("http://[::1]:8000/v2", "loopback"),
        ("http://localhost/v2", "loopback"),
        ("https://proxy.ana.example/v2", "another"),
    ],
)
def test_a_host_is_named_only_if_it_is_the_documented_one(base_url: str, told: str) -> None:
    assert kind_of_address(base_url) == told


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty"
    path.mkdir()
    return path


def test_the_command_writes_a_file_of_its_owner_alone(small: Account, empty: Path) -> None:
    with serving(create_app(small)) as url:
        done = cli(empty, "diagnose", "--resource", "clients", env=access(small, url))
    assert (done.returncode, done.stderr) == (0, "")
    where, *contents = done.stdout.splitlines()
    assert where == "data/diagnosis.json"
    assert len(contents) == 4
    assert "no personal data" in contents[-1]
    assert "before you send it" in contents[-1]
    assert stat.S_IMODE((empty / where).stat().st_mode) == 0o600
    assert json.loads((empty / where).read_text(encoding="utf-8"))["resources"][0]["status"] == "ok"


def test_the_command_prints_json_and_writes_where_it_is_told(small: Account, empty: Path) -> None:
    arguments = ("diagnose", "--resource", "clients", "--json", "--output", "api.json")
    with serving(create_app(small, variants=("list-forbidden",))) as url:
        done = cli(empty, *arguments, env=access(small, url))
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads((empty / "api.json").read_text(encoding="utf-8"))
    assert not (empty / "data").exists()


def test_the_command_ends_with_3_if_a_list_failed(small: Account, empty: Path) -> None:
    with serving(create_app(small, variants=("renamed-list",))) as url:
        names = ("--resource", "clients", "--resource", "team_series")
        done = cli(empty, "diagnose", *names, env=access(small, url))
    assert done.returncode == 3
    assert "clients: the list is not where a load reads it" in done.stderr


def test_the_command_ends_with_1_if_nothing_can_be_read(small: Account, empty: Path) -> None:
    with serving(create_app(small)) as url:
        wrong = access(small, url) | {"GIGSTACK_API_KEY": key()}
        done = cli(empty, "diagnose", "--resource", "clients", env=wrong)
        gone = access(small, url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert "401" in done.stderr
    done = cli(empty, "diagnose", "--resource", "clients", env=gone)
    assert (done.returncode, "Nothing could be read" in done.stderr) == (1, True)


def test_wrong_usage_of_the_command_ends_with_2(empty: Path) -> None:
    assert cli(empty, "diagnose").returncode == 2
    unknown = cli(empty, "diagnose", "--resource", "invoces", env={"GIGSTACK_API_KEY": key()})
    assert unknown.returncode == 2
    assert "Did you mean 'invoices'?" in unknown.stderr


def test_the_help_of_the_command_has_an_example(empty: Path) -> None:
    done = cli(empty, "diagnose", "--help")
    assert "gigstack-etl diagnose" in done.stdout.partition("Example:")[2]
    assert {"--json", "--output", "--team", "--resource"} <= set(done.stdout.split())
