"""Two runs on one warehouse: the second waits for its turn, and no longer than it is told."""

import threading
from pathlib import Path

import pytest

from flows.locking import locked
from flows.refresh_documents import refresh_documents
from pipelines.foundation.errors import WarehouseBusyError
from pipelines.foundation.lock import exclusive_run
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account
from tests.flows.conftest import configure


@pytest.mark.usefixtures("prefect")
def test_a_second_run_at_once_fails_clearly_and_asks_for_nothing(
    account: Account, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(account)
    with serving(app) as url, locked(data_dir, 0):
        configure(monkeypatch, account, url)
        state = refresh_documents(data_dir=data_dir, wait_minutes=0, return_state=True)
    assert state.name == "Failed"
    assert f"Another flow run is using {data_dir}" in str(state.message)
    assert "the next run will load it" in str(state.message)


@pytest.mark.usefixtures("reach")
def test_a_run_that_waits_has_its_turn(data_dir: Path) -> None:
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(data_dir, 0):
            is_held.set()
            may_end.wait(60)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    assert is_held.wait(60)
    threading.Timer(0.5, may_end.set).start()
    state = refresh_documents(data_dir=data_dir, wait_minutes=5, return_state=True)
    holder.join(60)
    assert may_end.is_set()
    assert state.name == "Completed", state.message


def test_a_load_of_the_command_line_is_waited_for_as_well(tmp_path: Path) -> None:
    with (
        exclusive_run(tmp_path),
        pytest.raises(WarehouseBusyError, match="Another load is using"),
        locked(tmp_path, 0),
    ):
        pass
    with locked(tmp_path, 0):
        pass
