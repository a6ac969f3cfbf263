"""What is declared of an endpoint: the resource that is read, and the tables that it becomes.

API reference: https://docs.gigstack.io
"""

from dataclasses import dataclass, field
from enum import Enum


class Pagination(Enum):
    """How a list is paged (the request parameter that carries the cursor, or the page)."""

    NEXT = "next"
    STARTING_AFTER = "starting_after"
    CURSOR = "cursor"
    PAGE = "page"
    SINGLE = "single"


class WindowField(Enum):
    """What the window of an incremental load goes by: a field of the API, and how it is asked for.

    Lists without one are read whole, each time.
    """

    CREATED = "created_at"
    ISSUED = "issue_date"


class Scope(Enum):
    """How often a list is read: once for the key, once a team, or once a parent object."""

    KEY = "key"
    TEAM = "team"
    PARENT = "parent"


@dataclass(frozen=True)
class Table:
    """A warehouse table: its key columns after `team_id`, and the root whose list it holds."""

    name: str
    key: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True)
class Entity:
    """What one SQL file makes: a root table, its children, and tables of links of their own."""

    name: str
    root: Table
    children: tuple[Table, ...] = ()
    links: tuple[Table, ...] = ()
    is_short_lived: bool = False  # its objects are made to vanish soon, and many at once

    @property
    def tables(self) -> tuple[Table, ...]:
        return (self.root, *self.children, *self.links)


@dataclass(frozen=True)
class Resource:
    """One list endpoint. `{parent}` in a path is the id of an object of the `parents` list."""

    name: str
    entity: str
    paths: tuple[str, ...]  # more than one: candidates, probed in this order
    title: tuple[str, str] = field(kw_only=True)  # for people, in Spanish and in English
    pagination: Pagination = Pagination.NEXT
    scope: Scope = Scope.TEAM
    kind: str | None = None  # document_kind or parent_type of its rows
    created_filter: bool = False  # the API names a filter on the creation date
    window: WindowField | None = None  # what an incremental load reads of it
    single_path: str | None = None  # of one object, for those that are open beyond the window
    list_at: str | None = None  # the list sits below `data`, under this name
    map_key: str | None = None  # `data` may be an object: its keys become this field
    parents: str | None = None  # the list whose objects this one is read for
    own_path: str | None = None  # of the key's own object, which the list may leave out
    is_optional: bool = False  # only when configured or named
