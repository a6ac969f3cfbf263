"""Nobody but its owner reads what is written, and a group only what is published."""

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import published_dir
from pipelines.foundation.privacy import OTHERS, check_group
from pipelines.publish import versions
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from tests.accounts import create_account
from tests.pipelines.commands import access, cli
from tests.pipelines.loads import query
from tests.pipelines.scripted import account_script, api, key, page

ALL_THE_BITS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a load, a publication and a report write where everybody's files are readable."""
    where = tmp_path_factory.mktemp("private")
    before = os.umask(0o022)
    try:
        with (
            create_account(where / "account.sqlite", clients=3, months=1) as account,
            serving(create_app(account)) as url,
        ):
            env = access(account, url)
            for command in ("load", "publish", "report", "diagnose", "check"):
                done = cli(where, command, env=env)
                assert done.returncode in (0, 3), done.stderr
    finally:
        os.umask(before)
    yield where / "data"


def open_to_others(path: Path) -> list[str]:
    found = [path, *path.rglob("*")]
    return [
        str(one.relative_to(path.parent))
        for one in found
        if not one.is_symlink() and one.stat().st_mode & ALL_THE_BITS
    ]


def test_every_file_and_directory_is_its_owners_alone(written: Path) -> None:
    assert len(list(written.rglob("*"))) > 50
    assert open_to_others(written) == []


def test_a_group_reads_what_is_published_and_nothing_else(written: Path) -> None:
    own = grp.getgrgid(os.getegid()).gr_name
    done = cli(written.parent, "publish", env={"PUBLISH__GROUP": own})
    assert done.returncode == 0, done.stderr
    current = versions.current_version(published_dir(written))
    assert current is not None
    for path in (current, *current.rglob("*")):
        mode = path.stat().st_mode
        assert mode & stat.S_IRGRP
        assert not mode & (stat.S_IWGRP | stat.S_IRWXO)
        assert not path.is_dir() or mode & stat.S_IXGRP
    way = written.stat().st_mode
    assert (way & stat.S_IXGRP, way & stat.S_IRGRP) == (stat.S_IXGRP, 0)
    others = {name.partition("/published")[0] for name in open_to_others(written)}
    assert others == {"data"}


def test_what_an_earlier_release_left_open_is_closed(written: Path) -> None:
    for path in (written / "warehouse.duckdb", written / "pipelines", written / "journal"):
        path.chmod(path.stat().st_mode | ALL_THE_BITS)
    done = cli(written.parent, "publish")
    assert done.returncode == 0, done.stderr
    for path in (written / "warehouse.duckdb", written / "pipelines", written / "journal"):
        assert not path.stat().st_mode & ALL_THE_BITS


def test_a_group_that_there_is_not_is_refused_before_anything_is_written(written: Path) -> None:
    before = versions.current_version(published_dir(written))
    done = cli(written.parent, "publish", env={"PUBLISH__GROUP": "no_such_group"})
    assert (done.returncode, "There is no group 'no_such_group'" in done.stderr) == (2, True)
    assert versions.current_version(published_dir(written)) == before


def test_a_group_of_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", list)
    with pytest.raises(ConfigurationError, match="is none of yours"):
        check_group(grp.getgrgid(0).gr_name)


def test_the_mask_leaves_the_owner_everything() -> None:
    assert OTHERS == ALL_THE_BITS


CURP = "MAAR790213HMNRLF03"


@pytest.mark.parametrize("policy", ["drop", "hash", "keep"])
def test_the_policy_for_personal_data_holds_for_what_is_printed(
    tmp_path: Path, policy: str
) -> None:
    """An unknown field may hold anything; its value stays in the warehouse."""
    script = {"/clients": page([{"id": "client_1", "curp": CURP}], has_more=False)}
    with api(account_script(script)) as (_, url):
        env = {"GIGSTACK_API_KEY": key(), "GIGSTACK_API_BASE_URL": url, "PUBLISH__PII": policy}
        for command in (("load", "--resource", "clients"), ("status",)):
            for form in ((), ("--json",)):
                done = cli(tmp_path, *command, *form, env=env)
                assert done.returncode in (0, 3), done.stderr
                is_there = CURP in done.stdout + done.stderr
                is_news = "curp" in done.stdout
                assert is_there == (policy == "keep" and is_news)
    assert query(tmp_path / "data", "select extra->>'curp' as curp from gigstack.clients") == [
        {"curp": CURP}
    ]
