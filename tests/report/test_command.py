"""`gigstack-etl report`: where it writes, and what it says when there is nothing to write about."""

import json
import shutil
from pathlib import Path

from pipelines import warehouse
from pipelines.publish.publication import publish
from pipelines.report import write_report
from tests.pipelines.commands import cli
from tests.report.seeing import Reported, asked


def test_it_writes_beside_the_data_or_where_it_is_told(calm: Reported, tmp_path: Path) -> None:
    shutil.copytree(calm.published, tmp_path / "data/published", symlinks=True)
    done = cli(tmp_path, "report")
    assert (done.returncode, done.stdout) == (0, "Report: data/report.html\n"), done.stderr
    done = cli(tmp_path, "report", "--to", "a new place/night.html", "--json")
    assert json.loads(done.stdout) == {"report": "a new place/night.html"}, done.stderr
    for path in ("data/report.html", "a new place/night.html"):
        assert (tmp_path / path).read_text(encoding="utf-8").endswith("</html>\n")


def test_before_the_first_publication_it_says_what_to_do(tmp_path: Path) -> None:
    done = cli(tmp_path, "report")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Error: data/published: nothing is published yet. Run `gigstack-etl publish`."
    ]
    assert list(tmp_path.iterdir()) == []


def test_it_is_one_file_of_about_two_megabytes(calm: Reported) -> None:
    assert calm.page.stat().st_size < 2_500_000
    assert not list(calm.page.parent.glob(".*.new"))


def test_a_reader_has_the_old_page_until_the_new_one_is_whole(
    calm: Reported, tmp_path: Path
) -> None:
    page = tmp_path / "night.html"
    page.write_text("the old page", encoding="utf-8")
    with page.open(encoding="utf-8") as reader:
        assert write_report(calm.data_dir, page) == page
        assert reader.read() == "the old page"


def test_without_personal_data_it_is_written_as_well(calm: Reported, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(calm.data_dir, data_dir, ignore=shutil.ignore_patterns("published"))
    with warehouse.connect(data_dir) as connection:
        connection.execute(
            "insert into ops.rejects select run_id, team_id, 'clients', 'no key', 'id', '{}', "
            "loaded_at, null from gigstack.teams"
        )
    names = {name for (name,) in asked(calm, "select brand_alias from gigstack.teams")}
    assert len(names) == 2
    for policy, shown in (("keep", names), ("hash", set()), ("drop", set())):
        publish(data_dir, policy)
        text = write_report(data_dir).read_text(encoding="utf-8")
        assert {name for name in names if name in text} == shown, policy
