"""The wheel holds all that a run needs, and its demo works away from this checkout."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipelines.commands import PATIENCE, cli, environment

ROOT = Path(__file__).parents[2]


def call(*arguments: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        arguments,
        cwd=cwd,
        env=environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; its dependencies are those of this environment.

    They come by a .pth file, which makes this environment's packages visible without its own .pth
    files, one of which is the editable install. It is written after the wheel is installed, so
    that pip sees no other installation.
    """
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    python = home / "bin/python"
    call(
        *(sys.executable, "-m", "pip", "--python", python),
        *("install", "--quiet", "--no-deps", "--no-index", wheel),
        cwd=home,
    )
    packages = call(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home
    )
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def test_it_contains_the_code_and_the_sql(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "pipelines").rglob("*.*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert "pipelines/report/page.html.jinja" in code
    sql = {
        f"pipelines/{path.relative_to(ROOT)}"
        for path in (ROOT / "sql").rglob("*")
        if path.suffix in (".sql", ".json", ".yml", ".csv", ".md")
        and not path.is_relative_to(ROOT / "sql" / "target")
    }
    assert {
        "pipelines/sql/loader/run_log.sql",
        "pipelines/sql/loader/normalize/shared.json",
        "pipelines/sql/loader/normalize/invoices.sql",
    } <= sql
    assert {
        "pipelines/sql/dbt_project.yml",
        "pipelines/sql/profiles.yml",
        "pipelines/sql/seeds/c_FormaPago.csv",
    } <= sql
    assert (code | sql) - names == set()
    assert not [name for name in names if name.startswith("pipelines/sql/target")]
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pipelines", "flows"}


def test_one_made_of_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    """The source distribution also holds what a contributor needs: tests, docs, make's verbs."""
    build = (sys.executable, "-m", "hatchling", "build")
    call(*build, "-t", "sdist", "-d", tmp_path / "dist", cwd=ROOT)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    assert {"Makefile", "requirements.lock", "README.md", "DECISIONS.md", "tests", "docs"} <= {
        path.name for path in source.iterdir()
    }
    call(*build, "-t", "wheel", "-d", tmp_path / "again", cwd=source)
    (again,) = (tmp_path / "again").glob("*.whl")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_an_editable_install_copies_no_code_and_no_sql(tmp_path: Path) -> None:
    code = "from hatchling.build import build_editable as b; import sys; b(sys.argv[1])"
    call(sys.executable, "-c", code, tmp_path, cwd=ROOT)
    (built,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(built).namelist() if ".dist-info/" not in name}
    assert {Path(name).suffix for name in names} <= {".pth", ".py"}
    assert not any(name.startswith(("pipelines", "flows", "sql")) for name in names)


def test_what_it_runs_is_its_own(installed: Path, tmp_path: Path) -> None:
    for module in ("pipelines", "pipelines.gigstack.normalize.schema"):
        origin = call(
            installed / "bin/python",
            *("-c", f"import {module} as m; print(m.__file__)"),
            cwd=tmp_path,
        )
        assert Path(origin).is_relative_to(installed)


@dataclass(frozen=True)
class Demo:
    """A demo run by the installed command in an empty directory, and the package around it."""

    where: Path
    done: subprocess.CompletedProcess[str]
    package_before: list[Path]
    package_after: list[Path]


@pytest.fixture(scope="module")
def demo(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    where = tmp_path_factory.mktemp("empty")
    code = "from pipelines.foundation.paths import SQL; print(SQL)"
    sql = Path(call(installed / "bin/python", "-c", code, cwd=where))
    assert sql.is_relative_to(installed)
    before = sorted(sql.rglob("*"))
    done = cli(where, "demo", "--json", command=(str(installed / "bin/gigstack-etl"),))
    return Demo(where, done, before, sorted(sql.rglob("*")))


def test_its_demo_works_and_prints_one_document(demo: Demo) -> None:
    assert demo.done.returncode in (0, 3), demo.done.stderr
    found = json.loads(demo.done.stdout)
    assert found["tables"]["invoices"] > 500
    assert len(found["rows"]) == 5
    assert "select" in found["query"]
    assert (demo.where / found["warehouse"]).is_file()
    assert [path.name for path in demo.where.iterdir()] == ["data"]


def test_it_builds_the_models_and_writes_nothing_into_the_package(demo: Demo) -> None:
    assert json.loads(demo.done.stdout)["transform"]["models"] > 80
    assert demo.package_after == demo.package_before


def test_it_builds_a_part_of_what_the_demo_built(demo: Demo, installed: Path) -> None:
    command = (str(installed / "bin/gigstack-etl"),)
    part = ("transform", "--data-dir", "data/demo", "--select", "dim_team", "--json")
    done = cli(demo.where, *part, command=command)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["models"], found["is_full_refresh"]) == (1, False)
