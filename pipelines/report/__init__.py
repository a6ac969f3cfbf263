"""The report: one self-contained HTML page about what is published, in Spanish and English.

What it shows is declared in `pages/*.toml`, asked by the files of `sql/report`, and named in
`words.toml`. Plots: https://plotly.com/javascript
"""

from datetime import UTC, datetime
from pathlib import Path

from pipelines.foundation.atomic_write import write_atomically
from pipelines.foundation.paths import report_path
from pipelines.report.answers import published_answers
from pipelines.report.declared import pages
from pipelines.report.document import document


def write_report(data_dir: Path, to: Path | None = None) -> Path:
    """Write the page about the published version, in one step; `to` is by default in `data_dir`.

    Errors: PublishingError when nothing was published yet.
    """
    path = to or report_path(data_dir)
    with published_answers(data_dir) as answers:
        text = document(answers, pages(), datetime.now(UTC))
    return write_atomically(path, text.encode())
