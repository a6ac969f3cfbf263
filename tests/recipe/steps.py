"""Reads the steps of the recipe, and does what they say."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTION = re.compile(r"^## A new endpoint\n(.*?)^## ", re.MULTILINE | re.DOTALL)
STEP = re.compile(
    r"^ *(?:\d+\. )?`(?P<path>[\w./]+)`(?:, in `(?P<name>\w+)`)?:(?P<prose>(?:(?!```).)*)"
    r"^ *```\w+\n(?P<code>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
INDENT = re.compile(r"^ *", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """What to write into a file: all of it, or another entry of a collection that it has."""

    path: str
    code: str
    collection: str | None = None

    def do(self, repository: Path) -> None:
        path = repository / self.path
        if self.collection is None:
            assert not path.exists(), f"{self.path} is already there"
            path.write_text(self.code, encoding="utf-8")
        else:
            path.write_text(self._added(path.read_text(encoding="utf-8")), encoding="utf-8")

    def _added(self, text: str) -> str:
        """The file with the code behind the last entry of the collection."""
        begin = re.search(rf"^{self.collection}\b.*\n", text, re.MULTILINE)
        assert begin, f"{self.path} has no {self.collection}"
        end = re.compile(r"^(?: {4}\)\n)?[)}]", re.MULTILINE).search(text, begin.end())
        assert end, f"{self.collection} in {self.path} has no end"
        last = text[: end.start()].rstrip("\n").rpartition("\n")[2]
        indent = (INDENT.match(last) or [""])[0]
        return text[: end.start()] + textwrap.indent(self.code, indent) + text[end.start() :]


def steps(recipe: str) -> Iterator[Step]:
    section = SECTION.search(recipe)
    assert section, "CONTRIBUTING.md has no section on a new endpoint"
    for found in STEP.finditer(section[1]):
        yield Step(found["path"], textwrap.dedent(found["code"]), found["name"])
