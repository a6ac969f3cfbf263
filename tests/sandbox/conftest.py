"""A small account, served on loopback for the session; tests that change one make their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.accounts import add_object, create_account
from tests.sandbox.pages import Answering

ReadAll = Callable[..., list[Any]]
SMALL = {"clients": 24, "months": 3, "teams": 3, "invoices": 500}


@contextmanager
def asking(account: Account) -> Iterator[httpx.Client]:
    """A client with the key of an account, which is served meanwhile."""
    headers = {"Authorization": f"Bearer {key_for(account)}"}
    with (
        serving(create_app(account)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=10) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Shared: read it, never advance it."""
    path = tmp_path_factory.mktemp("sandbox") / "account.sqlite"
    with create_account(path, **SMALL) as made:
        yield made


@pytest.fixture(scope="session")
def busy_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """With so much in it that no account lacks what is rare. Shared: read it, never advance it."""
    path = tmp_path_factory.mktemp("busy") / "account.sqlite"
    with create_account(path, **SMALL | {"invoices": 3000}) as made:
        yield made


@pytest.fixture(scope="session")
def busy_api(busy_account: Account) -> Iterator[httpx.Client]:
    with asking(busy_account) as client:
        yield client


@pytest.fixture
def own_account(tmp_path: Path) -> Iterator[Account]:
    """One that the test may change."""
    path = tmp_path / "own.sqlite"
    with create_account(path, clients=6, months=1, teams=2, invoices=80) as made:
        yield made


@pytest.fixture(scope="session")
def base_url(account: Account) -> Iterator[str]:
    with serving(create_app(account)) as url:
        yield url


@pytest.fixture(scope="session")
def api(account: Account, base_url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {key_for(account)}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=10) as client:
        yield client


@pytest.fixture(scope="session")
def read_all() -> ReadAll:
    """Every record of a cursor-paged list, nulls left out."""

    def read(
        api: httpx.Client, path: str, asks: str = "next", answers: str = "next", **params: Any
    ) -> list[Any]:
        found: list[Any] = []
        cursor = None
        for _ in range(1000):
            more: dict[str, Any] = {asks: cursor} if cursor else {}
            page = api.get(path, params={"limit": 100} | params | more).raise_for_status().json()
            found += [record for record in page["data"] if record is not None]
            cursor = page.get(answers)
            if not page["has_more"] or not cursor:
                return found
        raise AssertionError(f"{path} has no end")

    return read


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """For variants; one of its clients has no documents. Shared: read it, never advance it."""
    path = tmp_path_factory.mktemp("variants") / "account.sqlite"
    with create_account(path, clients=8, months=1, teams=2, invoices=80) as made:
        add_object(made, 0, "clients", "client_", next(made.store.objects(0, "clients"))[1])
        yield made


@pytest.fixture(scope="session")
def served(small: Account) -> Iterator[httpx.Client]:
    with asking(small) as client:
        yield client


@pytest.fixture
def answering(served: httpx.Client) -> Iterator[Answering]:
    """Sets the variants of the one server of this session."""
    control = str(served.base_url).replace("/v2/", "/_sandbox/variants")

    def set_variants(*names: str, **more: Any) -> httpx.Client:
        served.post(control, json={"names": names, **more}).raise_for_status()
        return served

    yield set_variants
    set_variants()
