"""What was found out about the API where its documentation is silent or may be wrong.

`check` writes it to a file in the data directory, and a load reads that, so that it need not find
out again what does not change from night to night. A load also corrects it for its own run.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.paths import findings_path


@dataclass(kw_only=True)
class Findings:
    """How one API answers, by resource. Everything is empty where it is as documented or unknown.

    `single_only` names the fields that a single object has and its list has not.
    """

    base_url: str
    checked_at: datetime | None = None  # UTC
    paths: dict[str, str] = field(default_factory=dict)
    page_sizes: dict[str, int] = field(default_factory=dict)
    cursor_parameters: dict[str, str] = field(default_factory=dict)
    date_filters: dict[str, str] = field(default_factory=dict)
    change_filters: dict[str, str] = field(default_factory=dict)
    single_only: dict[str, list[str]] = field(default_factory=dict)


def read_findings(data_dir: Path, base_url: str) -> Findings:
    """What the last check found out about this API; nothing if there was none, or of another."""
    try:
        found = msgspec.json.decode(findings_path(data_dir).read_bytes(), type=Findings)
    except (OSError, msgspec.MsgspecError):
        return Findings(base_url=base_url)
    return found if found.base_url == base_url else Findings(base_url=base_url)


def write_findings(data_dir: Path, findings: Findings) -> None:
    """Keep findings for the loads of a data directory.

    Raises:
        OSError: The directory cannot be written.
    """
    content = msgspec.json.format(msgspec.json.encode(findings))
    write_atomically(findings_path(data_dir), content, mode=0o600)
