"""An account that lives on, with an incremental load after every step of its life."""

import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipelines.gigstack.batch import Page
from pipelines.gigstack.catalogue import ENTITIES, STREAMS
from pipelines.gigstack.normalize import EntityNormalizer, Normalizers, normalizing_database
from pipelines.ledger import RunReport
from pipelines.load import Order
from pipelines.plan import Step, make_plan
from pipelines.sandbox.account import EPOCH, Account
from pipelines.sandbox.rows import ROWS, Key
from pipelines.sandbox.truth import TableTruth, expected
from pipelines.selection import select_streams
from tests.pipelines.loads import lookback, run, settings_for

SERVED_AS = {  # a sandbox stream: the catalogue's, where they are not named alike
    "income": "invoices_income",
    "egress": "invoices_egress",
    "complements": "invoices_payment",
    "transfers": "invoices_transfer",
    "drafts": "invoice_drafts",
}
PAGE_SIZE = 10
LOOKBACK = 90  # days before the account's own today
Hashes = dict[str, dict[Key, str]]  # by root table and key


@dataclass(frozen=True)
class Night:
    """One load: what it was expected to ask, what it did, and the account around it."""

    plan: list[Step]
    report: RunReport
    data_dir: Path  # as it was after this load
    shown_before: Hashes
    shown: Hashes
    truth: dict[str, TableTruth]


@dataclass
class Story:
    """`first` is the complete load, `nights` the incremental ones, by the days before each."""

    account: Account
    url: str
    first: Night
    nights: dict[int, Night] = field(default_factory=dict)


def create(path: Path) -> Account:
    """Five months, so that some of what is open is older than the look-back."""
    return Account.create(path, clients=15, months=5, teams=3, now=EPOCH)


def tell(account: Account, url: str, where: Path, *steps: int) -> Story:
    """Load, and again after each step of so many days; the plan is made when none has passed."""
    data_dir = where / "data"

    def night(days: int, shown_before: Hashes) -> Night:
        wanted = settings_for(
            account, url, page_size=PAGE_SIZE, lookback_days=lookback(account, LOOKBACK)
        )
        account.advance(days)
        streams = select_streams((), wanted.documents)
        plan = [] if days else make_plan(wanted, data_dir, streams, Order())
        report = run(wanted, data_dir)
        kept = shutil.copytree(data_dir, where / f"after {report.run_id}")
        return Night(plan, report, kept, shown_before, shown_by(account), expected(account))

    story = Story(account, url, night(0, {}))
    shown = story.first.shown
    for days in steps:
        story.nights[days] = night(days, shown)
        shown = story.nights[days].shown
    return story


def shown_by(account: Account) -> Hashes:
    """The hash of every object that the lists of an account hold now."""
    found: Hashes = {}
    for served, rows_of in ROWS.items():
        stream = STREAMS[SERVED_AS.get(served, served)]
        normalizer = _normalizers()[stream.entity]
        for team in account.roster:
            for place, record in account.store.walk(team.number, served):
                keys: list[Key] = []
                rows_of(team.id, record, lambda _table, key, _row, keys=keys: keys.append(key))  # type: ignore[misc]
                body = account.store.body(place) or b"null"
                page = Page(stream, team.id, b"[" + body + b"]")
                (row_hash,) = normalizer.inspect(page).repair.hashes
                found.setdefault(stream.entity, {})[keys[0]] = str(row_hash)
    return found


@cache
def _normalizers() -> Normalizers:
    database = normalizing_database()
    return {
        name: EntityNormalizer(entity, "", EPOCH, database) for name, entity in ENTITIES.items()
    }
