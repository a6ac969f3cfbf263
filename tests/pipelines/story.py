"""An account that lives on, with an incremental load after every step of its life."""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.batch import Page
from pipelines.gigstack.normalize.normalizer import (
    EntityNormalizer,
    Normalizers,
    normalizing_database,
)
from pipelines.gigstack.settings import Settings
from pipelines.load.plan import Step, make_plan
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.expected.rows import Key, rows_by_list
from pipelines.sandbox.simulation.account import EPOCH, Account
from pipelines.sandbox.simulation.lists import retentions, transfers
from pipelines.warehouse.run_log import LoadResult
from tests.accounts import add_object, create_account
from tests.events import earlier_day, one_more
from tests.pipelines.loads import lookback, run, settings_for

SERVED_AS = {  # a sandbox stream: the catalogue's, where they are not named alike
    "income": "invoices_income",
    "egress": "invoices_egress",
    "complements": "invoices_payment",
    "transfers": "invoices_transfer",
    "drafts": "invoice_drafts",
}
PAGE_SIZE = 10
LOOKBACK = 90  # days
OPEN: dict[str, Any] = {  # an invoice that nothing was paid of
    "payment_method": "PPD",
    "payment_form": "99",
    "status": "valid",
    "cancellation": None,
    "payment_complements": 0,
    "payments": [],
    "invoices": [],
    "related_documents": [],
}
OF_A_DRAFT = (
    "invoice_type",
    "client",
    "currency",
    "total",
    "subtotal",
    "items",
    "livemode",
    "team",
)
SOME = ("clients", "retentions", "invoice_drafts", "receipts")
Hashes = dict[str, dict[Key, str]]  # by root table and key


@dataclass(frozen=True)
class StoryNight:
    """One load: what it was expected to ask, what it did, and the account around it."""

    plan: list[Step]
    report: LoadResult
    data_dir: Path  # as it was after this load
    before: "StoryNight | None"
    shown: Hashes
    truth: dict[str, ExpectedTable]


@dataclass(frozen=True)
class Story:
    """Forty days, and the loads after some of them.

    `first` is complete, `unchanged` was a second load of the same day. `after_5` read only `SOME`,
    and both it and `after_40` go on from the state of `after_1`.
    """

    account: Account
    url: str
    first: StoryNight
    unchanged: StoryNight
    after_1: StoryNight
    after_5: StoryNight
    after_40: StoryNight


def create(path: Path) -> Account:
    """Five months, one open invoice of each team that is older than the look-back, and some of what
    chance brings seldom.
    """
    account = create_account(path, clients=15, months=5, teams=3, now=EPOCH)
    for team in account.roster:
        _, invoice = next(account.store.objects(team.number, "income"))
        open_invoice = invoice | OPEN | {"last_balance": invoice["total"]}
        add_object(account, team.number, "income", "inv_", open_invoice, days=LOOKBACK + 20)
        draft = {name: invoice[name] for name in OF_A_DRAFT} | {"draft": True, "status": "draft"}
        for days in (1, 2, 3):
            add_object(account, team.number, "drafts", "drf_", draft, days)
        with earlier_day(account, team.number) as day:
            for number in range(2):
                transfers.issue(one_more(day, "transfers", number))
                retentions.add_retention(one_more(day, "retentions", number))
    return account


def tell(account: Account, url: str, where: Path) -> Story:
    """Live and load; every load re-reads what `LOOKBACK` says of the account's day before it."""
    first = _load(account, url, where / "first", None)
    unchanged = _load(account, url, where / "unchanged", first, with_plan=True)
    account.advance(1)
    after_1 = _load(account, url, where / "after 1", unchanged, 1)
    account.advance(4)
    after_5 = _load(account, url, where / "after 5", after_1, 4, *SOME)
    account.advance(35)
    after_40 = _load(account, url, where / "after 40", after_1, 39)
    return Story(account, url, first, unchanged, after_1, after_5, after_40)


def _load(
    account: Account,
    url: str,
    data_dir: Path,
    before: StoryNight | None,
    days: int = 0,
    *names: str,
    with_plan: bool = False,
) -> StoryNight:
    """Load into a copy of the state so many days before."""
    if before:
        shutil.copytree(before.data_dir, data_dir)
    wanted = settings_after(account, url, days)
    resources = select_resources(names, wanted.documents)
    plan = make_plan(wanted, data_dir, resources, LoadOptions()) if with_plan else []
    report = run(wanted, data_dir, *names)
    entities = {resource.entity for resource in resources}
    tables = {table.name for entity in entities for table in ENTITIES[entity].tables}
    shown = {name: of for name, of in shown_by(account).items() if name in entities}
    truth = {name: of for name, of in expected(account).items() if name in tables}
    return StoryNight(plan, report, data_dir, before, shown, truth)


def settings_after(account: Account, url: str, days: int, **changes: Any) -> Settings:
    """For a load so many days after the last; since both take place today, the look-back grows."""
    again = lookback(account, LOOKBACK + days)
    return settings_for(account, url, **{"page_size": PAGE_SIZE, "lookback_days": again} | changes)


def shown_by(account: Account) -> Hashes:
    """The hash of every object that the lists of an account hold now."""
    found: Hashes = {}
    for served, rows_of in rows_by_list().items():
        resource = RESOURCES[SERVED_AS.get(served, served)]
        normalizer = _normalizers()[resource.entity]
        for team in account.roster:
            for place, record in account.store.objects(team.number, served):
                keys: list[Key] = []
                rows_of(team.id, record, lambda _table, key, _row, keys=keys: keys.append(key))  # type: ignore[misc]
                body = account.store.body(place) or b"null"
                page = Page(resource, team.id, b"[" + body + b"]")
                (row_hash,) = normalizer.check_page(page).drift.hashes
                found.setdefault(resource.entity, {})[keys[0]] = str(row_hash)
    return found


@cache
def _normalizers() -> Normalizers:
    database = normalizing_database()
    return {
        name: EntityNormalizer(entity, "", EPOCH, database) for name, entity in ENTITIES.items()
    }
