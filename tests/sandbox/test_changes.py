"""The variant with a filter on changes shows what changed, and nothing else is lost by it."""

from typing import Any

import httpx

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.sandbox.conftest import ReadAll

PATHS = {"/clients": "next", "/invoices/income": "next", "/payments": "next"}
PATHS["/invoices/sat"] = "starting_after"


def test_a_filter_on_changes_shows_all_that_changed(
    own_account: Account, read_all: ReadAll
) -> None:
    headers = {"Authorization": f"Bearer {key_for(own_account)}"}
    with (
        serving(create_app(own_account, variants=("updated-filter",))) as url,
        httpx.Client(base_url=url, headers=headers, timeout=10) as api,
    ):
        before = {path: _by_id(read_all(api, path, asks=asks)) for path, asks in PATHS.items()}
        since = int(own_account.now.timestamp())
        own_account.advance(10)
        found = 0
        for path, asks in PATHS.items():
            after = _by_id(read_all(api, path, asks=asks))
            new = {key: row for key, row in after.items() if before[path].get(key) != row}
            shown = _by_id(read_all(api, path, asks=asks, limit=3, **{"updated[gte]": since}))
            assert new.items() <= shown.items()
            found += len(new)
            assert len(shown) < len(after)
            assert read_all(api, path, asks=asks, **{"updated[gte]": 4_000_000_000}) == []
    assert found


def test_changes_outlive_the_process(own_account: Account, tmp_path: Any) -> None:
    changes = own_account.store.changes(0, 1 << 62)
    with Account.open(tmp_path / "own.sqlite") as again:
        assert again.store.changes(0, 1 << 62) == changes != {}
        assert max(changes.values()) < again.now.timestamp()


def _by_id(rows: list[Any]) -> dict[Any, Any]:
    return {(row.get("id"), row.get("uuid"), row.get("direction")): row for row in rows}
