"""`python -m tests.live`: writes the table of variants in `docs/live.md`, by loading each."""

import re
import sys
import tempfile
from pathlib import Path

from pipelines.sandbox.api.variants.catalogue import CATALOGUE
from pipelines.sandbox.simulation.account import Account
from tests.live.outcomes import Outcome, outcomes

PAGE = Path(__file__).parents[2] / "docs/live.md"
BEGIN, END = "<!-- variants: written by make live -->", "<!-- end of variants -->"
HEAD = "| variant | the API does this | a load makes of it | the user reads |\n|---|---|---|---|\n"
SEED = 7
MAX_LENGTH = 150
_ID = re.compile(r"\b(team|client|payment|service|wh|inv)_[0-9a-f]{16}\b")


def main() -> int:
    """Load every variant twice, and write what came of it."""
    rows = []
    for name, variant in CATALOGUE.items():
        with tempfile.TemporaryDirectory() as where:
            found = _load(name, Path(where))
        rows.append(f"| `{name}` | {_cell(variant.about)} | {_result(found)} | {_said(found)} |\n")
        sys.stdout.write(rows[-1])
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{HEAD}{''.join(rows)}{END}{after}", encoding="utf-8")
    return 0


def _load(name: str, where: Path) -> list[Outcome]:
    path = where / "account.sqlite"
    with Account.create(path, seed=SEED, clients=6, months=2, teams=2) as account:
        return outcomes(account, [name], where / "data")


def _result(found: list[Outcome]) -> str:
    """Whether the tables equal the account, after each load if they differ in that."""
    words = [_words(outcome) for outcome in found]
    return words[0] if len(set(words)) == 1 else "; then ".join(words)


def _words(outcome: Outcome) -> str:
    if outcome.unsaid:
        return "**wrong, and not said**"
    if outcome.is_over:
        return "nothing is loaded"
    if outcome.wrong:
        rest = "what is named is missing" if outcome.lines else "the list counts as not available"
        return f"`{outcome.status}`: {rest}"
    return f"`{outcome.status}`: equal to the account"


def _said(found: list[Outcome]) -> str:
    lines = [line for outcome in found for line in (*outcome.lines, *outcome.unavailable)]
    return _cell(_ID.sub(r"\1_…", lines[0])) if lines else ""


def _cell(text: str) -> str:
    text = re.sub(r"http://127\.0\.0\.1:\d+", "https://…", text)
    shown = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    return shown.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
