"""A data directory in which something is broken, or whose name cannot be used: mended, or told."""

import shutil
from pathlib import Path

import pytest

from flows.parameters import resolve_data_dir
from pipelines.foundation.errors import ConfigurationError, PublishingError
from pipelines.foundation.paths import UNUSABLE, dlt_dir, published_dir
from pipelines.load import dlt_cleanup
from pipelines.publish import versions
from pipelines.publish.publication import last_publication, publish
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.commands import access, cli
from tests.pipelines.conftest import Loaded
from tests.pipelines.loads import differences, run, settings_for, watermarks


@pytest.fixture(scope="module")
def once_published(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("published") / "data"
    shutil.copytree(loaded.data_dir, where)
    publish(where)
    return where


@pytest.fixture
def copied(once_published: Path, data_dir: Path) -> Path:
    shutil.copytree(once_published, data_dir, symlinks=True)
    return data_dir


@pytest.mark.parametrize("character", [*UNUSABLE, "\n", "\x07"])
def test_a_directory_that_cannot_be_used_is_refused_before_anything_is_asked(
    account: Account, base_url: str, tmp_path: Path, character: str
) -> None:
    done = cli(tmp_path, "load", "--data-dir", f"a{character}b", env=access(account, base_url))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The data directory ")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigurationError):
        resolve_data_dir(tmp_path / f"a{character}b" / "data")


@pytest.mark.parametrize("name", ["a b", "ñ", "a#b", "a;b", 'a"b', "{x}", "-x"])
def test_other_odd_names_work(account: Account, base_url: str, tmp_path: Path, name: str) -> None:
    for command in ("load", "load", "publish"):
        done = cli(tmp_path, command, "--data-dir", f"./{name}", env=access(account, base_url))
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b"{"], ids=repr)
@pytest.mark.parametrize("file", ["state.json", "schemas/gigstack.schema.json"])
def test_files_of_dlt_that_cannot_be_read_are_moved_away_and_made_anew(
    account: Account, base_url: str, copied: Path, file: str, content: bytes
) -> None:
    before = watermarks(copied)
    (dlt_dir(copied) / dlt_cleanup.PIPELINE / file).write_bytes(content)
    report = run(settings_for(account, base_url), copied)
    assert (report.status, report.total("rows_changed")) == ("ok", 0)
    assert differences(copied, expected(account)) == {}
    assert watermarks(copied).keys() == before.keys()
    (aside,) = dlt_dir(copied).glob("gigstack.damaged-*")
    assert (aside / file).read_bytes() == content


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_link_that_leads_nowhere_costs_no_version(copied: Path) -> None:
    publish(copied)
    published = published_dir(copied)
    (published / versions.CURRENT).unlink()
    (published / versions.CURRENT).symlink_to("versions/999999")
    publish(copied)
    assert names_in(published / versions.VERSIONS) == ["000001", "000002", "000003"]
    current = versions.current_version(published)
    assert current is not None
    assert current.name == "000003"


def test_a_lost_link_costs_no_version_and_status_still_answers(copied: Path) -> None:
    publish(copied)
    published = published_dir(copied)
    (published / versions.CURRENT).unlink()
    found = last_publication(copied)
    assert found is not None
    assert found.number == 2
    publish(copied)
    assert names_in(published / versions.VERSIONS) == ["000001", "000002", "000003"]


def test_what_is_no_link_is_told_and_left_alone(copied: Path) -> None:
    published = published_dir(copied)
    (published / versions.CURRENT).unlink()
    (published / versions.CURRENT).mkdir()
    (published / versions.CURRENT / "mine.txt").touch()
    with pytest.raises(PublishingError, match="is no link"):
        publish(copied)
    assert (published / versions.CURRENT / "mine.txt").exists()
    assert names_in(published / versions.VERSIONS) == ["000001"]
