"""Which tests share a process when several test side by side, and which are left out of
`make quick`.

A group stays in one process, so that it makes its accounts, warehouses and servers once. Groups
begin in the order of this table, the longest first, since the last one to end decides how long the
whole run takes. A file that is in no group is one by itself, comes last, and is quick.
"""

from fnmatch import fnmatch

GROUPS = {  # by name: the files, below `tests/`
    "flows": ("flows/*",),  # one Prefect server
    "models": (
        "transform/test_bare_dbt.py",
        "transform/test_command.py",
        "transform/test_nights.py",
        "transform/test_rules.py",
        "transform/test_soundness.py",
    ),
    "oracle": ("sql/oracle/*",),  # one account, built as of three days
    "demo": ("pipelines/test_wheel.py", "pipelines/test_cli.py"),
    "killed loads": ("pipelines/test_kill.py",),
    "copies": ("pipelines/test_backup.py", "pipelines/test_compaction.py"),  # killed at every step
    "recipe": ("recipe/*",),  # one copy of the repository
    "report": ("report/*",),  # one browser
    "a whole night": ("pipelines/test_night.py",),
    "story": (  # one account that lives on
        "pipelines/test_changing_server.py",
        "pipelines/test_filters.py",
        "pipelines/test_honesty.py",
        "pipelines/test_incremental.py",
        "pipelines/test_streams.py",
        "pipelines/test_watermarks.py",
    ),
    "publications": ("pipelines/test_publish_*.py",),
    "teams": ("pipelines/test_teams.py",),
    "noise": ("pipelines/test_noise.py",),
    "resumed loads": ("pipelines/test_resume.py",),
    "properties": ("sql/test_properties.py", "sql/test_every_entity.py"),
}
NAMES = list(GROUPS)
SLOW_FIXTURES = {"built"}  # whatever needs one of them is not quick, in no matter which file


def group_of(nodeid: str) -> str:
    """The group of a test, or its file."""
    path = nodeid.partition("::")[0]
    return next((name for name in NAMES if _is_in(name, path)), path)


def rank(nodeid: str) -> int:
    """The place of a test's group in the order in which groups begin."""
    group = group_of(nodeid)
    return NAMES.index(group) if group in GROUPS else len(NAMES)


def _is_in(name: str, path: str) -> bool:
    return any(fnmatch(path, f"tests/{pattern}") for pattern in GROUPS[name])
