"""Where things lie: this project's SQL, and everything that it writes below a data directory."""

from pathlib import Path

_ROOT = Path(__file__).parents[1]
_INSTALLED = _ROOT / "sql"  # in the wheel

SQL = _INSTALLED if _INSTALLED.is_dir() else _ROOT.parent / "sql"
LOADER_SQL = SQL / "loader"
NORMALIZE_SQL = LOADER_SQL / "normalize"
CHANGE_DETECTION_SQL = LOADER_SQL / "change_detection"
STILL_OPEN_SQL = LOADER_SQL / "still_open"
ALERTS_SQL = LOADER_SQL / "alerts"
REPORT_SQL = SQL / "report"
PUBLISHED_COLUMNS = SQL / "published_columns.csv"


def read_sql(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def warehouse_path(data_dir: Path) -> Path:
    return data_dir / "warehouse.duckdb"


def spill_dir(data_dir: Path) -> Path:
    """What a copy of the warehouse cannot hold in memory."""
    return data_dir / "spilled"


def response_logs_dir(data_dir: Path) -> Path:
    return data_dir / "journal"


def dlt_dir(data_dir: Path) -> Path:
    """The working directories of dlt's pipelines."""
    return data_dir / "pipelines"


def backfills_dir(data_dir: Path) -> Path:
    return data_dir / "backfills"


def dbt_dir(data_dir: Path) -> Path:
    """What dbt writes: its target and its logs."""
    return data_dir / "dbt"


def docs_path(data_dir: Path) -> Path:
    return data_dir / "docs" / "index.html"


def published_dir(data_dir: Path) -> Path:
    """Where BI finds what is published; its paths never change."""
    return data_dir / "published"


def report_path(data_dir: Path) -> Path:
    return data_dir / "report.html"


def pii_key_path(data_dir: Path) -> Path:
    return data_dir / "pii.key"
