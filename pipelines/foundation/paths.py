"""Paths: this project's SQL files, and every file that it writes below a data directory."""

from pathlib import Path

from pipelines.foundation.errors import ConfigurationError

_ROOT = Path(__file__).parents[1]
_INSTALLED = _ROOT / "sql"  # in the wheel

SQL = _INSTALLED if _INSTALLED.is_dir() else _ROOT.parent / "sql"
LOADER_SQL = SQL / "loader"
NORMALIZE_SQL = LOADER_SQL / "normalize"
CHANGE_DETECTION_SQL = LOADER_SQL / "change_detection"
STILL_OPEN_SQL = LOADER_SQL / "still_open"
ALERTS_SQL = LOADER_SQL / "alerts"
REPORT_SQL = SQL / "report"
LOADER_COLUMNS = LOADER_SQL / "columns.csv"  # written by make generate
PUBLISHED_COLUMNS = SQL / "published_columns.csv"


def read_sql(path: Path) -> str:
    return path.read_text(encoding="utf-8")


UNUSABLE = "'?%\\"  # DuckDB, or an address made of the path, takes them for something else


def check_data_dir(data_dir: Path) -> Path:
    """Refuse a directory whose name, or that of one above it, would lead elsewhere.

    Raises:
        ConfigurationError: It has such a name.
    """
    path = str(data_dir.absolute())
    if found := [c for c in path if c in UNUSABLE or not c.isprintable()]:
        raise ConfigurationError(
            f"The data directory {path!r} has {found[0]!r} in its path, which cannot be used. "
            "Name another one: --data-dir, or GIGSTACK_DATA_DIR."
        )
    return data_dir


def warehouse_path(data_dir: Path) -> Path:
    return data_dir / "warehouse.duckdb"


def write_ahead_log_path(warehouse: Path) -> Path:
    """What DuckDB has written and not yet put into the file."""
    return warehouse.with_name(f"{warehouse.name}.wal")


def compacted_path(data_dir: Path) -> Path:
    """The compact copy of the warehouse while it is being written."""
    return data_dir / "warehouse.compacted"


def restoring_dir(data_dir: Path) -> Path:
    """The files of a backup until they are complete and checked."""
    return data_dir / "restore.partial"


def last_backup_path(data_dir: Path) -> Path:
    """When the last backup was made, and where it lies."""
    return data_dir / "backup.json"


def lock_path(data_dir: Path) -> Path:
    """The lock that every run holds while it writes."""
    return data_dir / "load.lock"


def lock_holder_path(data_dir: Path) -> Path:
    """The file that names the process which holds the lock."""
    return data_dir / "load.holder"


def flow_lock_path(data_dir: Path) -> Path:
    """The lock that a flow run holds through all its steps."""
    return data_dir / "flow.lock"


def spill_dir(data_dir: Path) -> Path:
    """Where DuckDB puts what does not fit into memory while it copies the warehouse."""
    return data_dir / "spilled"


def response_logs_dir(data_dir: Path) -> Path:
    return data_dir / "journal"


def dlt_dir(data_dir: Path) -> Path:
    """The working directories of dlt's pipelines."""
    return data_dir / "pipelines"


def findings_path(data_dir: Path) -> Path:
    """What `check` found out about the API."""
    return data_dir / "api.json"


def backfills_dir(data_dir: Path) -> Path:
    return data_dir / "backfills"


def dbt_dir(data_dir: Path) -> Path:
    """dbt's target directory and logs."""
    return data_dir / "dbt"


def docs_path(data_dir: Path) -> Path:
    return data_dir / "docs" / "index.html"


def published_dir(data_dir: Path) -> Path:
    """The files for BI. Their paths never change."""
    return data_dir / "published"


def report_path(data_dir: Path) -> Path:
    return data_dir / "report.html"


def diagnosis_path(data_dir: Path) -> Path:
    """What `diagnose` found out, to be sent to a developer."""
    return data_dir / "diagnosis.json"


def pii_key_path(data_dir: Path) -> Path:
    return data_dir / "pii.key"


def sandbox_account_path(data_dir: Path) -> Path:
    """The invented account of the demo."""
    return data_dir / "sandbox.sqlite"


def private_paths(data_dir: Path) -> list[Path]:
    """What holds personal data outside the published files."""
    warehouse = warehouse_path(data_dir)
    return [
        *(warehouse, write_ahead_log_path(warehouse), report_path(data_dir)),
        *(dlt_dir(data_dir), dbt_dir(data_dir), response_logs_dir(data_dir)),
        *(backfills_dir(data_dir), docs_path(data_dir).parent),
    ]
