"""Answers that no API should give: each costs its own list or record, and nothing else."""

import asyncio
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.responses import Response, StreamingResponse

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.client import RequestStats
from pipelines.gigstack.api.responses import Redactor
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.extract import batching
from pipelines.gigstack.extract.batching import Batcher, BatchQueue
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.gigstack.normalize.normalizer import EntityNormalizer, normalizing_database
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.loads import query, run
from tests.pipelines.scripted import (
    TEAM,
    Answer,
    Scripted,
    account_script,
    api,
    key,
    page,
    refusal,
    settings,
)
from tests.sql.rows import RUN_ID, STARTED_AT, normalize

RECORD: dict[str, Any] = {"id": "client_1", "name": "Señal"}


def loaded(data_dir: Path, clients: Answer | Sequence[Answer], **changes: Any) -> LoadResult:
    """A load of clients, which answer so, and of users, which are as always."""
    script = {"/clients": clients, "/users": page([{"id": "user_1"}], has_more=False)}
    with api(account_script(script)) as (_, url):
        return run(settings(url, documents=(), **changes), data_dir, "clients", "users")


def statuses(result: LoadResult) -> dict[str, str]:
    return {resource.resource: resource.status for resource in result.resources}


def body(text: str | bytes, headers: dict[str, str] | None = None) -> Scripted:
    return 200, headers or {}, text


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


FATAL_TO_ONE_LIST: dict[str, Answer] = {
    "a deep envelope": body(f'{{"data":[{{"id":"a"}}],"x":{nested(5000)}}}'),
    "a deep record": body(f'{{"data":[{nested(5000)}],"has_more":false}}'),
    "a deep free-form object": body(f'{{"data":[{{"id":"a","metadata":{nested(5000)}}}]}}'),
    "a deep error": (400, {}, f'{{"error":{nested(5000)}}}'),
    "a cursor too long for a URL": page([RECORD], has_more=True, next="x" * 70_000),
    "no UTF-8": body(b'{"data":[{"id":"a","name":"a\xffb"}],"has_more":false}'),
    "another compression": body("{}", {"Content-Encoding": "gzip, gzip"}),
    "a cursor that is an object": page([RECORD], has_more=True, next={"id": "a"}),
    "has_more that is neither": page([RECORD], has_more="perhaps", next="c1"),
}


@pytest.mark.parametrize("answer", FATAL_TO_ONE_LIST.values(), ids=FATAL_TO_ONE_LIST)
def test_an_answer_that_cannot_be_read_costs_its_own_list(answer: Answer, data_dir: Path) -> None:
    result = loaded(data_dir, answer)
    assert statuses(result) == {"clients": "failed", "users": "ok"}
    assert result.status == "partial"
    (failed,) = [resource for resource in result.resources if resource.error]
    assert failed.error
    assert len(failed.error) < 600
    assert failed.error.isprintable()


READ_ALL_THE_SAME: dict[str, Answer] = {
    "900 levels in a free-form object": body(
        f'{{"data":[{{"id":"client_1","name":"Señal","metadata":{nested(900)}}}],"has_more":false}}'
    ),
    "a total beyond 64 bits": page([RECORD], has_more=False, total_results=2**63),
    "a date that no calendar has": (
        200,
        {"Date": "Thu, 01 Jan 2147483648 00:00:00 GMT"},
        {"data": [RECORD], "has_more": False},
    ),
    "a byte order mark": body(b"\xef\xbb\xbf" + json.dumps({"data": [RECORD]}).encode()),
    "latin-1": body(
        '{"data":[{"id":"client_1","name":"Señal"}],"has_more":false}'.encode("latin-1"),
        {"Content-Type": "application/json; charset=iso-8859-1"},
    ),
}


@pytest.mark.parametrize("answer", READ_ALL_THE_SAME.values(), ids=READ_ALL_THE_SAME)
def test_an_odd_answer_that_can_be_read_is_read(answer: Answer, data_dir: Path) -> None:
    result = loaded(data_dir, answer)
    assert statuses(result) == {"clients": "ok", "users": "ok"}
    assert query(data_dir, "select name from gigstack.clients") == [{"name": "Señal"}]


def test_half_a_character_is_replaced_and_its_literal_text_is_not(data_dir: Path) -> None:
    text = r'{"data":[{"id":"a","name":"a\ud83d \\ud83d \ud83d\ude00"}],"has_more":false}'
    loaded(data_dir, body(text))
    rows = query(data_dir, "select name from gigstack.clients")
    assert rows == [{"name": "a\ufffd \\ud83d 😀"}]


def test_an_answer_has_a_largest_size(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.gigstack.api.client.MAX_BYTES", 100_000)
    huge = page([RECORD | {"metadata": {"blob": "x" * 200_000}}], has_more=False)
    assert statuses(loaded(data_dir, huge)) == {"clients": "failed", "users": "ok"}


def test_what_the_api_says_reaches_no_terminal_as_it_is(data_dir: Path) -> None:
    loud = refusal(400, "bad\x1b[31m", "one\r\ntwo\x07" + "m" * 5_000_000)
    result = loaded(data_dir, loud)
    (error,) = [resource.error for resource in result.resources if resource.error]
    assert error.startswith(r"GET /clients: 400 bad\x1b[31m one two\x07mmm")
    assert len(error) < 600


@pytest.mark.parametrize(
    "team",
    [{"id": TEAM}, json.loads("[" * 500 + "]" * 500), "x" * 1_000_000, "team\x1b[2J", 7, ["a"]],
    ids=["an object", "deep", "long", "a control sequence", "a number", "a list"],
)
def test_an_odd_id_of_a_team_is_one_clear_line(team: Any) -> None:
    script = account_script({"/teams": page([{"id": team}], has_more=False)})
    with api(script) as (_, url), pytest.raises(ApiError, match=r"^GET /teams: ") as raised:
        asyncio.run(find_teams(settings(url, teams=("all",)), RequestStats()))
    assert len(str(raised.value)) < 300
    assert str(raised.value).isprintable()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "quoted": lambda text: text.replace(".", "%2E"),
    "within a URL": lambda text: f"https://example.com/?key={text}&x=1",
    "its end alone": lambda text: text.rpartition(".")[2],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_key_is_in_no_file_whatever_the_api_says(
    form: Callable[[str], str], data_dir: Path
) -> None:
    shown = form(key())
    first = page([RECORD | {"metadata": {"seen": shown}, shown: 1}], has_more=True, next=shown)
    loaded(data_dir, [first, page([{"id": "client_2"}], has_more=False)])
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if b"top-secret-signature" in path.read_bytes()] == []
    kept = query(data_dir, "select metadata::varchar as text from gigstack.clients")
    assert any("[key]" in str(row["text"]) for row in kept)


def test_a_key_that_is_no_jwt_is_found_quoted_too() -> None:
    redactor = Redactor("sk live/key+1234567890")
    assert redactor.redact(b"a sk live/key+1234567890 b") == b"a [key] b"
    assert redactor.redact(b"?k=sk%20live%2Fkey%2B1234567890&x") == b"?k=[key]&x"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("999999999999.999999", Decimal("999999999999.999999")),
        ("-999999999999.999999", Decimal("-999999999999.999999")),
        ("999999999999.9999999", None),  # rounds up to what does not fit
        ("1000000000000.0", None),
        ("1000000000000", None),
    ],
)
def test_the_largest_amount_is_stored_and_a_larger_one_kept_aside(
    sent: str, stored: Decimal | None
) -> None:
    text = f'[{{"id":"service_1","unit_price":{sent}}}]'.encode()
    (row,) = normalize("services", text).tables["services"].to_pylist()
    assert row["unit_price"] == stored
    assert (row["extra"] is None) == (stored is not None)


@pytest.mark.parametrize("price", [1_000_000, 999_999_999_999])
def test_lines_beyond_any_amount_leave_the_effective_total_unknown(price: int) -> None:
    payment = {"id": "payment_1", "items": [{"quantity": price, "unit_price": price}] * 2}
    (row,) = normalize("payments", [payment]).tables["payments"].to_pylist()
    assert row["total_effective"] is None


REPEATED = {
    "a column": ('"name":"first","name":"last"', "name", "last"),
    "with other spaces": ('"name":"first","name":"last","email" : null', "name", "last"),
    "with spaces": ('"name" : "first", "name" :"last"', "name", "last"),
    "an id": ('"id":"client_2"', "client_id", "client_2"),
    "in an object": ('"address":{"zip":"06600","zip":"06700"}', "address_zip", "06700"),
    "an object": ('"address":{"zip":"06600"},"address":{"zip":"06700"}', "address_zip", "06700"),
    "free-form": ('"metadata":{"a":{"b":1,"b":2}}', "metadata", '{"a":{"b":2}}'),
    "with an amount": (
        '"name":"first","name":"last","metadata":{"m":1.25}',
        "metadata",
        '{"m":1.25}',
    ),
    "only in a text": ('"name":"\\"name\\":1"', "name", '"name":1'),
}


@pytest.mark.parametrize(("fields", "column", "last"), REPEATED.values(), ids=REPEATED)
def test_of_a_name_that_comes_twice_the_last_value_is_stored_and_hashed(
    fields: str, column: str, last: str
) -> None:
    """And so a change of it, and of it alone, is a change."""
    text = f'[{{"id":"client_0"}},null,{{"id":"client_1",{fields}}}]'.encode()
    *_, row = normalize("clients", text).tables["clients"].to_pylist()
    assert row[column] == last
    once = msgspec.json.encode(msgspec.json.decode(text))
    *_, same = normalize("clients", once).tables["clients"].to_pylist()
    assert row["row_hash"] == same["row_hash"]


def test_a_list_that_is_cancelled_while_it_waits_leaves_the_pages_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "BATCH_PAGES", 1)
    names = [f"client_{number}" for number in range(8)]
    assert sorted(asyncio.run(_cancel_the_last(names))) == names[:-1]


async def _cancel_the_last(names: list[str]) -> list[str]:
    """Add a page for each name; nobody takes batches out until the last one waits and is ended."""
    found: list[str] = []
    queue = BatchQueue()
    normalizers: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    database = normalizing_database()
    normalizers.set_result(
        {"clients": EntityNormalizer(ENTITIES["clients"], RUN_ID, STARTED_AT, database)}
    )
    batcher = Batcher(normalizers, queue, lambda batch: found.extend(_ids(batch)))
    pages = [
        Page(RESOURCES["clients"], TEAM, json.dumps([{"id": name}]).encode()) for name in names
    ]
    tasks = [asyncio.create_task(batcher.add_page(one)) for one in pages]
    await asyncio.sleep(1)
    tasks[-1].cancel()
    taken = asyncio.create_task(asyncio.to_thread(lambda: len([*queue.batches()])))
    await asyncio.gather(*tasks, return_exceptions=True)
    await batcher.finish()
    await asyncio.to_thread(queue.put, None)
    assert await taken == len(found)
    return found


def _ids(batch: Batch) -> list[str]:
    return [str(name) for name in batch.tables["clients"]["client_id"].to_pylist()]


def test_a_body_without_end_costs_its_own_list(data_dir: Path) -> None:
    async def drip(_: Any) -> Response:
        async def chunks() -> Any:
            yield b'{"data":['
            while True:
                await asyncio.sleep(0.1)
                yield b" "

        return StreamingResponse(chunks(), media_type="application/json")

    result = loaded(data_dir, drip, timeout_seconds=1)
    assert statuses(result) == {"clients": "failed", "users": "ok"}
