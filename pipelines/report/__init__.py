"""The report: one self-contained HTML page about the published data, in Spanish and English.

`pages/*.toml` declare what it shows, the files of `sql/report` query it, and `words.toml` holds its
labels. Plots: https://plotly.com/javascript
"""

from datetime import UTC, datetime
from pathlib import Path

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.paths import report_path
from pipelines.report.answers import published_answers
from pipelines.report.declared import pages
from pipelines.report.document import document


def write_report(data_dir: Path, to: Path | None = None) -> Path:
    """Write the page about the current version to `to`, or else into `data_dir`.

    Raises:
        PublishingError: Nothing is published yet.
    """
    path = to or report_path(data_dir)
    with published_answers(data_dir) as answers:
        text = document(answers, pages(), datetime.now(UTC))
    return write_atomically(path, text.encode())
