"""The sandbox stands apart: it shares no code with what it tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pipelines
from pipelines import sandbox

PACKAGE, SANDBOX = (Path(module.__path__[0]) for module in (pipelines, sandbox))
ALLOWED = (SANDBOX, PACKAGE / "cli")


def imported(directory: Path) -> Iterator[tuple[Path, str]]:
    """Every module that the files below a directory import, wherever they do."""
    for path in directory.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from ((path, f"{node.module}.{name.name}") for name in node.names)
            elif isinstance(node, ast.Import):
                yield from ((path, name.name) for name in node.names)


def test_the_sandbox_imports_nothing_of_the_loader() -> None:
    own = [name for _, name in imported(SANDBOX) if name.startswith(("pipelines", "flows"))]
    assert own
    assert [name for name in own if not name.startswith("pipelines.sandbox")] == []


def test_only_the_command_line_imports_the_sandbox() -> None:
    importing = [path for path, name in imported(PACKAGE) if name.startswith("pipelines.sandbox")]
    assert [path for path in importing if not any(map(path.is_relative_to, ALLOWED))] == []
