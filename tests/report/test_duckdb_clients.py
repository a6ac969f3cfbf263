"""The published snapshot in the DuckDB that BI tools bring along: 1.2 and later read all of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import published_dir
from pipelines.publish.personal import storage_version
from tests.report.seeing import Reported

LOCKS = sorted((Path(__file__).parent / "clients").glob("duckdb-*.lock"))
INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")

# rows and a sum of hashes of every column, so that each value is read
READ = """
import json, sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
names = connection.execute(
    "select table_schema, table_name from information_schema.tables "
    "where table_schema in ('gigstack', 'core', 'marts', 'reportes', 'ops')"
).fetchall()
rows = {
    f"{schema}.{name}": connection.execute(
        f'select count(*), bit_xor(hash(each)) from "{schema}"."{name}" as each'
    ).fetchone()[0]
    for schema, name in names
}
print(json.dumps({"version": duckdb.__version__, "rows": rows}))
"""


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.stem for lock in LOCKS])
def test_every_relation_is_read_by_it(lock: Path, modelled: Reported, tmp_path: Path) -> None:
    locked = ("--require-hashes", "--target", str(tmp_path), "-r", str(lock))
    subprocess.run([sys.executable, *INSTALL, *locked], check=True, timeout=300)
    snapshot = published_dir(modelled.data_dir) / "analytics.duckdb"
    told, newest = read_by(str(tmp_path), snapshot), read_by("", snapshot)
    assert told["version"] == lock.stem.removeprefix("duckdb-")
    assert told["rows"] == newest["rows"]
    assert {"gigstack.invoices", "marts.mart_alerts", "reportes.alertas"} <= told["rows"].keys()


def read_by(packages: str, snapshot: Path) -> dict[str, Any]:
    """What the DuckDB in a directory of packages reads; in none, the project's own."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(snapshot)],
        env=os.environ | {"PYTHONPATH": packages},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_format_must_name_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISH__STORAGE_VERSION", "old")
    with pytest.raises(ConfigurationError, match=r"storage_version is 'old'.*such as v1\.2\.0"):
        storage_version()
