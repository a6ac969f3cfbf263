"""Any JSON goes in: nothing fails a load, no field is lost, and twice is the same as once.

Records are drawn from the shape that each entity declares: https://hypothesis.readthedocs.io
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from itertools import count
from random import Random
from typing import Any

import duckdb
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.gigstack.api.responses import parse_body
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.normalize.batch import Batch
from pipelines.gigstack.normalize.normalizer import EntityNormalizer
from tests.sql.rows import Row, normalizer_of, page_of
from tests.sql.test_every_entity import every_entity

Drawn = tuple[Row, Row, list[Row]]  # an object, its part for `extra`, the `extra` of rows below it
Fitting = tuple[Any, list[Any]]  # a value, and what it may arrive as

KEYS = {  # every field that a root's key may come from; where none is named, `id`
    "cfdi_errors": ["code"],
    "sat_invoices": ["uuid", "direction"],
    "sat_lists": ["id", "key"],
    "team_integrations": ["provider"],
    "team_series": ["series", "serie"],
}
# what children, too, are told apart by, and what the tests put in themselves
RESERVED = {"id", "user_id", "team_id", "email", "name", "created_at", "createdAt", "team"}
RESERVED.update(*KEYS.values())
FIRST_SECOND = 1_790_000_000
LARGEST = 10**12 - 1  # with a fraction it may be 13 digits in a double, and goes to `extra`
FAR_OFF: Any = {"_seconds": 10**13 - 1}
ODD = [2**64, Decimal("1E400"), FAR_OFF, "x", "", True, [], [[]], [{}], {}]
TIME_FIELDS = ["1790000000", 1790000000, 1790000000000, {"_seconds": 1790000000}]
TIME_FIELDS += ["2026-09-21T14:13:20Z", "2026-09-21T08:13:20-06:00", "2026-09-21 14:13:20+00"]
NO_TIMES: list[Any] = [-1, 10**13, "soon", "2026-02-31", "2026-02-29", "2026-01-01T25:00Z", FAR_OFF]
ARRIVED = [datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC), date(2026, 9, 21), "179", "2026-09-21"]
SLOW = list(HealthCheck)
PROFILE = settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=SLOW)

keys = map("k{}".format, count())
written = msgspec.json.Encoder(decimal_format="number").encode
read = partial(json.loads, parse_float=Decimal, parse_int=Decimal)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
exponents = st.sampled_from([0, 0, 0, -1, -7, 30, 400])
numbers = st.builds(lambda n, e: Decimal(f"{n}E{e}"), st.integers(-(10**25), 10**25), exponents)
values = st.recursive(
    st.none() | st.booleans() | texts | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
objects = st.dictionaries(texts.map("zz_{}".format), values, max_size=2)
nested = st.integers(1, 150).map(lambda depth: b'{"":[' * depth + b"]}" * depth)
halves = st.sampled_from([rb'"\ud83d"', rb'"x\ude00"', rb'"\ud83d\ud83d\ude00"'])  # of characters
anything = values | (nested | halves).map(msgspec.Raw)
amounts = st.builds(
    lambda amount, spelling: (msgspec.Raw(spelling.format(amount).encode()), [amount]),
    st.integers(0, 6).flatmap(lambda n: st.decimals(1 - LARGEST, LARGEST - 1, places=n))
    | st.just(Decimal("-0")),
    st.sampled_from(["{:f}", '"{:f}"', "{:e}", "{:E}"]),
)
words = st.text("abcñé漢💥 '", max_size=8).map(lambda text: (f"x{text}x", [f"x{text}x"]))
FITTING: dict[str, st.SearchStrategy[Fitting]] = {
    "VARCHAR": words,
    "DECIMAL": amounts,
    "BIGINT": st.integers(-(2**63), 2**63 - 1).map(lambda number: (number, [number])),
    "BOOLEAN": st.booleans().map(lambda flag: (flag, [str(flag).lower()])),
    "DOUBLE": st.integers(-800, 800).map(lambda eighths: (eighths / 8, [eighths / 8])),
    "TIME": st.sampled_from(TIME_FIELDS).map(lambda sent: (sent, ARRIVED)),
    "ANY_TIME": st.sampled_from(TIME_FIELDS).map(lambda sent: (sent, ARRIVED)),
    "JSON": words,
}
no_scalars = st.lists(values, max_size=2) | objects
MISFITS: dict[str, st.SearchStrategy[Any]] = {
    "rows": texts | numbers,  # or an object
    "VARCHAR": no_scalars | st.booleans(),
    "DECIMAL": no_scalars | st.sampled_from([True, "1,000.00", "1e5", 10**12]),
    "BIGINT": no_scalars | st.sampled_from([True, "one", Decimal("1.5"), 2**63, 2**64]),
    "BOOLEAN": no_scalars | st.sampled_from([0, 1, "", "true"]),
    "DOUBLE": no_scalars | st.sampled_from([True, "", "1.5", Decimal("1E400")]),
    "TIME": st.sampled_from([*NO_TIMES, 1, "0000-01-01", "2009-12-31", "2199-12-31"]),
    "ANY_TIME": st.sampled_from([*NO_TIMES, "0000-01-01", "1899-12-30", "2200-01-02"]),
}


def with_words(shape: Row) -> Row:
    """A word in each list of words: without its documents a relation has no row."""
    return {name: ["x"] for name in shape if shape[name] in (["VARCHAR"], ["JSON"])}


@st.composite
def records(draw: st.DrawFn, shape: Row) -> Drawn:
    """Some of the fields that a shape declares, fitting or not, and some unheard of."""
    extra, below = draw(objects), []
    record = extra | with_words(shape)
    free = [n for n in shape if n not in RESERVED | set(record) and shape[n] != "IGNORED"]
    for name in draw(st.lists(st.sampled_from(free), unique=True, max_size=5)) if free else ():
        inner = shape[name]
        if inner != "JSON" and draw(st.booleans()):
            record[name] = extra[name] = draw(MISFITS[inner if isinstance(inner, str) else "rows"])
        elif isinstance(inner, str):
            record[name] = draw(FITTING[inner])[0]
        elif isinstance(inner, dict):
            record[name], rest, more = draw(records(inner))
            extra |= {name: rest} if rest else {}
            below += more
        else:
            elements = draw(st.lists(records(inner[0]), max_size=2))
            record[name] = [element for element, _, _ in elements]
            below += [row for _, rest, more in elements for row in (rest, *more)]
    return record, extra, below


@st.composite
def elements(draw: st.DrawFn, name: str, run: str) -> tuple[str | None, bytes]:
    """The key, if it has one, and the text of what a list may hold; fields may be there twice."""
    key = draw(st.sampled_from([None, f"{run}a", f"{run}b"]))
    if not key and draw(st.booleans()):
        return None, written(draw(anything))
    no_key = no_scalars | st.sampled_from([True, "", None, Decimal("1E400")])
    members = [(field, key or draw(no_key)) for field in KEYS.get(name, ["id"])]
    fields = texts | st.sampled_from(sorted(kept(name).shape.keys() - RESERVED))
    members += draw(st.lists(st.tuples(fields, anything), max_size=4))
    return key, b"{" + b",".join(written(n) + b":" + written(v) for n, v in members) + b"}"


def alone(shape: Any, fitting: dict[str, Fitting]) -> list[Fitting]:
    """Objects with one field of the shape each, and what its value may arrive as."""
    if isinstance(shape, str):
        return [fitting[shape]] if shape in fitting else []
    if isinstance(shape, dict):
        return [({n: v}, ways) for n in shape for v, ways in alone(shape[n], fitting)]
    others = with_words(shape[0]) if isinstance(shape[0], dict) else None
    return [([v if others is None else others | v], w) for v, w in alone(shape[0], fitting)]


def is_in(row: Row, way: Any) -> bool:
    texts = [str(value).lower() for value in row.values() if isinstance(value, str | bool)]
    return any(way in text for text in texts) if isinstance(way, str) else way in row.values()


def shuffled(value: Any, random: Random) -> Any:
    """The same JSON with the fields of every object in another order."""
    if isinstance(value, dict):
        return {n: shuffled(value[n], random) for n in random.sample(list(value), len(value))}
    return [shuffled(element, random) for element in value] if isinstance(value, list) else value


@cache
def kept(name: str, _number: int = 1) -> EntityNormalizer:
    """One of several normalizers of an entity. It has seen the keys of all examples before."""
    return normalizer_of(name)


entities = st.sampled_from(sorted(ENTITIES))
pages = entities.flatmap(
    lambda name: st.tuples(st.just(name), st.lists(records(kept(name).shape), max_size=6))
)


def keyed(name: str, record: Row, key: str | None = None) -> Row:
    return dict.fromkeys(KEYS.get(name, ["id"]), key or next(keys)) | record


def load(normalizer: EntityNormalizer, *pages: list[Any]) -> Batch:
    sent = [page_of(normalizer.entity.name, written(page)) for page in pages]
    return normalizer.normalize([normalizer.check_page(page) for page in sent])


@PROFILE
@given(st.data(), entities)
def test_every_element_is_a_row_or_a_reject(data: st.DataObject, name: str) -> None:
    drawn = data.draw(st.lists(elements(name, next(keys)), min_size=4, max_size=12))
    numbered = list(enumerate(drawn, FIRST_SECOND))
    sent = [b'{"created_at":%d,' % n + t[1:] if key else t for n, (key, t) in numbered]
    answer: Any = parse_body(b'{"data":[' + b",".join(sent) + b"]}")
    raws = msgspec.json.decode(answer.data, type=list[msgspec.Raw])
    batch = load(kept(name), raws[:4], raws[4:])
    firsts = {key: second for second, (key, _) in reversed(numbered) if key}
    times: list[Any] = batch.tables[name]["created_at"].to_pylist()
    assert sorted(time.timestamp() for time in times) == sorted(firsts.values())
    others = [bytes(raw).decode() for raw, (key, _) in zip(raws, drawn, strict=True) if not key]
    assert sorted(r.raw for r in batch.rejects) == sorted(raw for raw in others if raw != "null")


@every_entity
def test_no_value_in_any_field_fails_a_load(name: str) -> None:
    shape = {**kept(name).shape, "_extra": "JSON"}  # the name that drift.py gives to leftovers
    shape.pop("team", None)  # a record of another team is rejected
    cases = [case for odd in ODD for case in alone(shape, dict.fromkeys(FITTING, (odd, [])))]
    batch = load(kept(name), [record | keyed(name, {}) for record, _ in cases])
    assert batch.tables[name].num_rows == len(cases)


@PROFILE
@given(pages)
def test_what_is_unheard_of_or_ill_typed_is_in_extra(page: tuple[str, list[Drawn]]) -> None:
    name, drawn = page
    tables = load(kept(name), [keyed(name, record) for record, _, _ in drawn]).tables.values()
    extras = [row.get("extra") for rows in tables for row in rows.to_pylist()]
    found = [read(extra) for extra in extras if extra]
    for expected in (row for _, extra, below in drawn for row in (extra, *below) if row):
        assert expected in found
        found.remove(expected)
    assert not found


@every_entity
@settings(PROFILE, max_examples=2)
@given(st.fixed_dictionaries(FITTING))
def test_every_declared_field_arrives(name: str, fitting: dict[str, Fitting]) -> None:
    shape = {**kept(name).shape}
    shape.pop("team", None)  # a record of another team is rejected
    sent = {next(keys): case for case in alone(shape, fitting)}
    batch = load(kept(name), [value | keyed(name, {}, key) for key, (value, _) in sent.items()])
    key_column = (*ENTITIES[name].root.key, "team_id")[0]
    for row in (row for rows in batch.tables.values() for row in rows.to_pylist()):
        value, ways = sent[row[key_column]]
        if any(is_in(row, way) for way in ways) or value.keys() & set(KEYS.get(name, ["id"])):
            sent[row[key_column]] = {}, []
    assert not [value for value, ways in sent.values() if ways]


@PROFILE
@given(pages, st.randoms(use_true_random=False))
def test_twice_in_any_order_is_once(page: tuple[str, list[Drawn]], random: Random) -> None:
    name, drawn = page
    sent = [keyed(name, record) for record, _, _ in drawn]
    once = load(kept(name), sent)
    twice = load(kept(name, 2), [*shuffled(sent, random), *sent])
    for table in once.tables:
        ones, others = (sorted(map(str, b.tables[table].to_pylist())) for b in (once, twice))
        assert ones == others
    names = ("is_deleted", "is_rewritten", "is_newer", "is_odd")
    flags = ", ".join(("*", *(f"false as {flag}" for flag in names)))
    held = duckdb.from_arrow(once.tables[name]).project(flags).to_arrow_table()
    kept(name, 3).change_detector.remember(held, once.tables)
    again = load(kept(name, 3), sent)
    assert not again.changed
    assert not any(rows.num_rows for rows in again.tables.values())


@PROFILE
@given(st.lists(amounts, max_size=30))
def test_money_arrives_exactly(drawn: list[Fitting]) -> None:
    sent = [keyed("services", {"unit_price": text, "taxes": [{"base": text}]}) for text, _ in drawn]
    tables = load(kept("services"), sent).tables
    for column in (tables["services"]["unit_price"], tables["service_taxes"]["base"]):
        assert column.to_pylist() == [amount for _, (amount,) in drawn]
