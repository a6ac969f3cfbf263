"""The order of the rooms: who may import whom, how many do, and how large modules become."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
FILES = sorted(path for folder in ("pipelines", "flows") for path in (ROOT / folder).rglob("*.py"))

# a room imports only from rooms on the floors before its own
FLOORS = (
    ("foundation",),
    ("gigstack",),
    ("warehouse",),
    ("load",),
    ("transform", "publish"),
    ("monitoring", "report"),
    ("cli", "flows"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# the same within `pipelines/gigstack`: its folders, and its modules beside them
GIGSTACK_FLOORS = (
    ("endpoint_types",),
    ("endpoints",),
    ("settings",),
    ("api",),
    ("normalize",),
    ("extract",),
    ("source", "check", "diagnosis"),
)
GIGSTACK_FLOOR = {name: number for number, names in enumerate(GIGSTACK_FLOORS) for name in names}
SANDBOX = "sandbox"
MAX_ARROWS = 35
MAX_MEDIAN, MAX_NINTH_DECILE = 7, 21  # lines of a function
MAX_FILE_LINES = 300

Import = tuple[str, str]  # the module that imports, and the one that is imported


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports; `from package import module` imports the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else node.module


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of every module's syntax, with the module."""
    return [
        (module_of(path), node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


@cache
def imports() -> list[Import]:
    """Every import, at the top of a module or within a function."""
    return [(module, name) for module, node in nodes() for name in imported(node)]


def room_of(module: str) -> str | None:
    """The folder of `pipelines`, or `flows`; None for other packages and for `pipelines` itself."""
    package, _, rest = module.partition(".")
    if package == "flows":
        return "flows"
    folder = rest.partition(".")[0]
    return folder if package == "pipelines" and folder not in ("", "__main__") else None


def between_rooms() -> list[Import]:
    rooms = [(one, other) for one, other in imports() if room_of(one) and room_of(other)]
    return [(one, other) for one, other in rooms if room_of(one) != room_of(other)]


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(module) for module in MODULES} - {None, SANDBOX}
    assert rooms == FLOOR.keys(), "Add the new room to FLOORS, above everything that it imports."


def test_a_room_imports_only_from_the_floors_below() -> None:
    upward = [
        f"{one} imports {other}"
        for one, other in between_rooms()
        if SANDBOX not in (room_of(one), room_of(other))
        and FLOOR[str(room_of(one))] <= FLOOR[str(room_of(other))]
    ]
    assert upward == [], "Move what both need to the lower room, or pass it in as an argument."


def place_in_gigstack(module: str) -> str | None:
    """The folder of `pipelines/gigstack`, or the module beside them."""
    parts = module.split(".")
    return parts[2] if room_of(module) == "gigstack" and len(parts) > 2 else None


def test_every_place_in_gigstack_has_its_floor() -> None:
    places = {place_in_gigstack(module) for module in MODULES} - {None}
    assert places == GIGSTACK_FLOOR.keys(), "Add the new one to GIGSTACK_FLOORS."


def test_within_gigstack_a_folder_imports_only_from_the_floors_below() -> None:
    places = [
        (one, other, place_in_gigstack(one), place_in_gigstack(other)) for one, other in imports()
    ]
    upward = [
        f"{one} imports {other}"
        for one, other, place, target in places
        if place and target and place != target and GIGSTACK_FLOOR[place] <= GIGSTACK_FLOOR[target]
    ]
    assert upward == [], "Move what both need to the lower folder, or pass it in as an argument."


def test_only_the_command_line_imports_the_sandbox() -> None:
    strangers = [
        f"{one} imports {other}"
        for one, other in between_rooms()
        if room_of(other) == SANDBOX and room_of(one) != "cli"
    ]
    assert strangers == [], (
        "The loader must not know the sandbox: it has to work with the real API."
    )


def test_the_sandbox_imports_nothing_of_the_loader() -> None:
    found = [f"{one} imports {other}" for one, other in between_rooms() if room_of(one) == SANDBOX]
    assert found == [], "The sandbox checks the loader, so it must not share code with it."


def test_prefect_is_imported_only_by_flows() -> None:
    found = [
        f"{one} imports {other}"
        for one, other in imports()
        if other.partition(".")[0] == "prefect" and room_of(one) != "flows"
    ]
    assert found == [], "Put what needs Prefect into flows/; commands must work without it."


def test_the_rooms_have_few_arrows() -> None:
    arrows = sorted({(str(room_of(one)), str(room_of(other))) for one, other in between_rooms()})
    assert len(arrows) <= MAX_ARROWS, (
        f"{len(arrows)} arrows between rooms; at most {MAX_ARROWS} are allowed. Let a room get "
        f"what it needs from a room that it already imports. The arrows: {arrows}"
    )


def function_lines() -> dict[str, int]:
    """The lines of every function, from `def` to its end, by module, line and name."""
    return {
        f"{module}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short() -> None:
    lines = function_lines()
    middle, ninth_decile = median(lines.values()), quantiles(lines.values(), n=10)[-1]
    longest = sorted(lines.items(), key=lambda item: -item[1])[:10]
    assert (middle <= MAX_MEDIAN, ninth_decile <= MAX_NINTH_DECILE) == (True, True), (
        f"Functions have {middle} lines in the median and {ninth_decile:.0f} at the ninth decile; "
        f"{MAX_MEDIAN} and {MAX_NINTH_DECILE} are allowed. Split the longest: {longest}"
    )


def test_no_file_is_long() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = {str(path.relative_to(ROOT)): n for path, n in lines.items() if n > MAX_FILE_LINES}
    assert long == {}, f"Split these by what their parts are about: at most {MAX_FILE_LINES} lines."
