"""What two loads make of an API that answers otherwise: the first load, and the one a day later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.foundation.errors import GigstackError
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.settings import Settings
from pipelines.load.run import load
from pipelines.load.select import select_resources
from pipelines.monitoring.result import errors_in, warnings_in
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.api.variants.access import key_with
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.loads import (
    TABLES,
    differences,
    live,
    lookback,
    query,
    settings_for,
    tables_in,
)

THROTTLE = (100, 2.0)  # requests, within so many seconds
PAGE_SIZE = 20
WINDOW_DAYS = 10
# an API that never says whether a list goes on has no empty page before the first record, as the
# sandbox's webhooks do
SILENT, NOT_SILENT = {"silent-paging-without-total", "bare-array"}, {"webhooks", "webhook_events"}
OTHER_IDS = "odd-ids"  # then rows and amounts are those of the account, and keys are not


@dataclass(frozen=True)
class Outcome:
    """How one load ended: its status, what it said, and the tables that differ from the account.

    `unavailable` are lists that the account lacks, as the API says.
    """

    status: str
    lines: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    is_over: bool = False  # nothing was loaded, and one line says why

    @property
    def unsaid(self) -> set[str]:
        """The tables that differ although their lists are neither named nor unavailable."""
        if self.is_over:
            return set()
        said = " ".join(self.lines) if self.status not in ("ok", "warn") else ""
        said += " ".join(self.unavailable)
        return {table for table in self.wrong if not any(n in said for n in _lists_of(table))}


def _lists_of(table: str) -> list[str]:
    """The resources that deliver a table."""
    entity = next(e.name for e in ENTITIES.values() if TABLES[table] in e.tables)
    return [resource.name for resource in RESOURCES.values() if resource.entity == entity]


def outcomes(
    account: Account,
    variants: Sequence[str],
    data_dir: Path,
    names: Sequence[str] = (),
    loads: int = 2,
) -> list[Outcome]:
    """The first load of an account, and incremental ones after its next days. Of these resources,
    or of all.
    """
    found = []
    for number in range(loads):
        if number:
            account.advance(1)
        found.append(outcome(account, variants, data_dir, names))
    return found


def outcome(
    account: Account, variants: Sequence[str], data_dir: Path, names: Sequence[str] = ()
) -> Outcome:
    """One load of an account whose API has these variants."""
    app = create_app(account, variants=tuple(variants), throttle=THROTTLE)
    with serving(app) as url:
        settings = settings_for(
            account,
            url,
            api_key=key_with(account, tuple(variants)),
            page_size=PAGE_SIZE,
            timeout_seconds=1,
            lookback_days=lookback(account, WINDOW_DAYS),
        )
        found = _load(account, settings, data_dir, names, is_by_count=OTHER_IDS in variants)
    is_silent = bool(SILENT & set(variants))
    return replace(found, wrong=found.wrong - NOT_SILENT) if is_silent else found


def _load(
    account: Account,
    settings: Settings,
    data_dir: Path,
    names: Sequence[str],
    *,
    is_by_count: bool,
) -> Outcome:
    resources = select_resources(names, settings.documents)
    try:
        result = load(settings, data_dir, resources, lambda _: None)
    except GigstackError as error:
        return Outcome("failed", (str(error),), is_over=True)
    there = tables_in(data_dir)
    truth = {name: table for name, table in expected(account).items() if name in there}
    wrong = _wrong_counts(truth, data_dir) if is_by_count else _wrong(truth, data_dir)
    lines = (*errors_in(result), *warnings_in(result))
    return Outcome(result.status, lines, _unavailable(result), frozenset(wrong))


def _unavailable(result: LoadResult) -> tuple[str, ...]:
    return tuple(
        f"{stats.team_id} {stats.resource}: not available ({stats.error})"
        for stats in result.resources
        if stats.status == "unavailable"
    )


def _wrong(truth: Mapping[str, ExpectedTable], data_dir: Path) -> set[str]:
    return {name.partition(".")[0] for name in differences(data_dir, truth)}


def _wrong_counts(truth: Mapping[str, ExpectedTable], data_dir: Path) -> set[str]:
    (counted,) = query(
        data_dir,
        "select " + ", ".join(f"(select count(*) from {live(TABLES[n])}) as {n}" for n in truth),
    )
    return {name for name, table in truth.items() if counted[name] != len(table.keys)}
