"""The declaration of an endpoint: the resource that is read, and the tables that it becomes.

API: https://docs.gigstack.io
"""

from dataclasses import dataclass, field
from enum import Enum


class Pagination(Enum):
    """How a list is paged; the values name the request parameter of the cursor or the page."""

    NEXT = "next"
    STARTING_AFTER = "starting_after"
    CURSOR = "cursor"
    PAGE = "page"
    SINGLE = "single"


class WindowField(Enum):
    """The API's field by which an incremental load limits what it reads of a list.

    A list without such a field is read whole every time.
    """

    CREATED = "created_at"
    ISSUED = "issue_date"


class Scope(Enum):
    """How often a resource is read: once per key, once per team, or once per parent object."""

    KEY = "key"
    TEAM = "team"
    PARENT = "parent"


@dataclass(frozen=True)
class Table:
    """A warehouse table. `key` comes after `team_id`; `parent` is the root table of a child."""

    name: str
    key: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True)
class Entity:
    """The tables that one SQL file makes: a root, its children, and links to other entities."""

    name: str
    root: Table
    children: tuple[Table, ...] = ()
    links: tuple[Table, ...] = ()
    is_short_lived: bool = False  # many of its objects may disappear at once
    is_in_both_modes: bool = False  # a live key and a test key list the same objects

    @property
    def tables(self) -> tuple[Table, ...]:
        return (self.root, *self.children, *self.links)


@dataclass(frozen=True)
class Resource:
    """One list endpoint. In a path, `{team}` is the team's id and `{parent}` that of a parent."""

    name: str
    entity: str
    paths: tuple[str, ...]  # several are candidates, probed in this order
    title: tuple[str, str] = field(kw_only=True)  # for people, in Spanish and in English
    pagination: Pagination = Pagination.NEXT
    scope: Scope = Scope.TEAM
    kind: str | None = None  # document_kind or parent_type of its rows
    created_filter: bool = False  # the API documents a filter on the creation date
    window: WindowField | None = None  # limits what an incremental load reads
    single_path: str | None = None  # of one object, for open items outside the window
    needed_field: str | None = None  # a page none of whose records has it is not believed
    list_at: str | None = None  # the name below `data` that holds the list
    map_key: str | None = None  # `data` may be an object: its keys become this field
    parents: str | None = None  # the entity whose objects are the parents
    own_path: str | None = None  # of the team's own object, which the list may leave out
    is_silent_on_team: bool = False  # ids belong to one team, and records do not say to which
    is_optional: bool = False  # read only if the settings or the command name it
