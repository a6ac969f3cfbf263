"""An invented gigstack account in one SQLite file, in which days go by.

Everything follows from the seed and the parameters: the same account has the same bytes. The
file holds all of it, so an account that is opened again goes on as if it had never been closed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pipelines.sandbox.simulation.account_list import AccountList, account_lists
from pipelines.sandbox.simulation.day import YEARS_BEFORE, Day, Team
from pipelines.sandbox.simulation.day_simulator import DaySimulator
from pipelines.sandbox.simulation.dice import Dice, origin_of
from pipelines.sandbox.simulation.lists import receipts, reference, teams
from pipelines.sandbox.simulation.local_time import DAY
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.quirks import Quirk
from pipelines.sandbox.storage.store import Event, Store

EPOCH = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Account:
    """Open with `Account.create` or `Account.open`; close, or use as a context manager."""

    def __init__(self, store: Store, lists: Iterable[AccountList]) -> None:
        self.store = store
        self.lists = tuple(lists)
        self._simulator = DaySimulator(self.lists)
        self.seed: int = store.load("seed")
        self._clock: int = store.load("clock")
        self._teams = [
            Team(number, record, store.load(f"team {number}"))
            for number, (_, record) in enumerate(store.objects(positions.SHARED_TEAM, "teams"))
        ]
        for team in self._teams:
            team.read_people(store)

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        seed: int = 7,
        clients: int = 60,
        months: int = 6,
        teams: int = 2,
        invoices: int | None = None,
        now: datetime | None = None,
        lists: Iterable[AccountList] | None = None,
    ) -> "Account":
        """Invent an account that began `months` (of 30 days) before `now`.

        `clients` and `invoices` (income, roughly; 4 a client and month unless given) are for all
        teams together; team k gets a share of 1 / (k + 1). `lists` are those that are declared,
        unless given. A file at `path` is replaced.
        """
        if not 1 <= teams <= positions.TEAM_LIMIT:
            raise ValueError(f"teams is {teams}; it has to be 1 to {positions.TEAM_LIMIT}")
        days = months * 30
        if invoices is None:
            invoices = clients * months * 4
        clock = int((now or EPOCH).timestamp()) - days * DAY
        known = tuple(account_lists() if lists is None else lists)
        store = Store(Path(path), _quirks(known), is_new=True)
        store.begin()
        store.save("seed", seed)
        store.save("clock", clock)
        _found(store, seed, clock, teams, clients, invoices / max(days, 1))
        store.commit()
        account = cls(store, known)
        account._furnish()
        account.advance(days)
        return account

    @classmethod
    def open(cls, path: Path | str) -> "Account":
        if not Path(path).is_file():
            raise FileNotFoundError(f"no account at {path}; make one with Account.create")
        known = account_lists()
        account = cls(Store(Path(path), _quirks(known)), known)
        account.store.today = range(account._clock - DAY, account._clock)
        return account

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock, UTC)

    @property
    def teams(self) -> list[str]:
        """The ids of the teams, the biggest first; the key's own team is the first."""
        return [team.id for team in self._teams]

    @property
    def roster(self) -> list[Team]:
        """The teams themselves, in the order of `teams`."""
        return self._teams

    def team_number(self, team_id: str) -> int | None:
        return next((team.number for team in self._teams if team.id == team_id), None)

    def advance(self, days: int = 1) -> None:
        """Simulate the next days; what happens follows from the seed and the clock."""
        with self.store.lock:
            self.store.begin()
            for _ in range(days):
                self._simulate_day()
            self._save()

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> "Account":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _simulate_day(self) -> None:
        """The day of every team, then the month's end if it is today: that takes today's sales."""
        self.store.start_day()
        self.store.today = range(self._clock, self._clock + DAY)
        due = self.store.pop_due(self._clock + DAY)
        days = [self._day(team.number, self._clock) for team in self._teams]
        for day in days:
            self._simulator.simulate(day, _of_team(day.team.number, due, is_gather=False))
        due += self.store.pop_due(self._clock + DAY)
        for day in days:
            closing = _of_team(day.team.number, due, is_gather=True)
            receipts.gather(day, [event.subject for event in closing])
            self.store.flush()
        self._clock += DAY

    def _furnish(self) -> None:
        """What is there before the first day."""
        self.store.begin()
        self.store.start_day()
        for team in self._teams:
            self._simulator.furnish(self._day(team.number, self._clock - DAY))
        self._save()

    def _day(self, number: int, start: int) -> Day:
        return Day(self.store, self._teams, number, start, self.seed)

    def _save(self) -> None:
        for team in self._teams:
            self.store.save(f"team {team.number}", team.state())
        self.store.save("clock", self._clock)
        self.store.commit()


def _quirks(lists: Iterable[AccountList]) -> dict[str, tuple[Quirk, ...]]:
    return {one.name: one.quirks for one in lists}


def _of_team(number: int, due: list[Event], *, is_gather: bool) -> list[Event]:
    return [
        event
        for event in due
        if positions.team_of(event.subject) == number and (event.action == "gather") == is_gather
    ]


def _found(
    store: Store, seed: int, clock: int, teams_wanted: int, clients: int, per_day: float
) -> None:
    """The teams themselves, each with its share of clients and invoices."""
    shares = [1 / (number + 1) for number in range(teams_wanted)]
    for number, share in enumerate(shares):
        part = share / sum(shares)
        dice = Dice(origin_of(f"{seed}:{number}"))
        store.add(*teams.new_team(dice, number, clock - YEARS_BEFORE - DAY))
        state = {
            "folios": {},
            "clients": max(3, round(clients * part)),
            "invoices_per_day": str(per_day * part),
        }
        store.save(f"team {number}", state)
    reference.add_reference(store, clock - DAY)
    store.flush()
