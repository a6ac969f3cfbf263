"""What a variant is, and the request and answer that it changes."""

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.sandbox.api.auth import Auth
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

DEFAULT_THROTTLE = (100, 60.0)  # requests, within so many seconds


@dataclass
class Memory:
    """What variants remember from one request to the next, and the pace that they allow."""

    throttle: tuple[int, float] = DEFAULT_THROTTLE
    counts: Counter[str] = field(default_factory=Counter)
    cursors: list[str] = field(default_factory=list)
    accepted: deque[float] = field(default_factory=deque)


@dataclass
class Exchange:
    """One request below `/v2` and its answer.

    `asked` and `asked_path` are as they were sent; `query` and `segments`, those of the path below
    `/v2`, are what the API is asked. `chunks` are sent in place of a body that has a length.
    """

    account: Account
    auth: Auth
    memory: Memory
    base: str  # scheme and host, with /v2
    segments: list[str]
    asked: dict[str, str]
    authorization: str | None
    query: dict[str, str] = field(init=False)
    asked_path: str = field(init=False)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    chunks: AsyncIterator[bytes] | None = None
    turn: int = 0  # of a list without end

    def __post_init__(self) -> None:
        self.asked_path = self.path
        self.query = dict(self.asked)

    @property
    def path(self) -> str:
        return "/" + "/".join(self.segments)

    @property
    def shown(self) -> AccountList | None:
        """The list that the path is of; None for single objects and what hangs below them."""
        return next((one for one in self.account.lists if one.path == self.path), None)

    @property
    def cursor_list(self) -> AccountList | None:
        """The list that the path is of, if it goes on by cursor."""
        return self.shown if self.shown and self.shown.paging == "cursor" else None

    @property
    def team(self) -> int:
        return self.auth.team(self.authorization, self.query.get("team"))

    @property
    def data(self) -> Any:
        return self.body.get("data") if isinstance(self.body, dict) else None

    @property
    def rows(self) -> list[Record]:
        """The records of a list's page; empty for a single object."""
        rows = self.data if isinstance(self.data, list) else []
        return [row for row in rows if isinstance(row, dict)]

    @property
    def records(self) -> list[Record]:
        """The records of a page, or the single object."""
        is_object = isinstance(self.data, dict) and self.data.keys() & {"id", "uuid"}
        return [self.data] if is_object else self.rows

    @property
    def is_empty(self) -> bool:
        """Whether the answer is a list without records, and the last page."""
        is_last = isinstance(self.data, list) and not self.body.get("has_more")
        return is_last and not self.rows

    @property
    def count(self) -> int:
        """How many objects the list has."""
        if self.shown is None:
            return len(self.rows)
        team = positions.SHARED_TEAM if self.shown.is_shared else self.team
        return self.account.store.counts.get(positions.partition(team, self.shown.name), 0)


Hook = Callable[[Exchange], None]


@dataclass(frozen=True)
class Variant:
    """One way in which the live API might answer otherwise.

    `asked` sees the request before the API does and may refuse it, `answered` changes the JSON of
    an answer with status 200, `sent` the bytes of any answer.
    """

    about: str
    asked: Hook | None = None
    answered: Hook | None = None
    sent: Callable[[Exchange, bytes], bytes] | None = None


def answered(about: str) -> Callable[[Hook], Variant]:
    """Make a variant of a function that changes the answer."""
    return lambda hook: Variant(about, answered=hook)


def asked(about: str) -> Callable[[Hook], Variant]:
    """Make a variant of a function that changes or refuses the request."""
    return lambda hook: Variant(about, asked=hook)
