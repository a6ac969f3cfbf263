"""Who may read what is written: its owner alone, and a group where a setting names one."""

import grp
import os
import shutil
from contextlib import suppress
from pathlib import Path

from pipelines.foundation.errors import ConfigurationError

OTHERS = 0o077  # the permissions of group and others
GROUP_READS, GROUP_ENTERS = 0o040, 0o050


def keep_private() -> None:
    """From here on whatever this process and those it starts create is its owner's alone."""
    os.umask(OTHERS)


def close_to_others(*paths: Path) -> None:
    """Take from others what an earlier release left them to read; what is below a closed directory
    is closed too.
    """
    for path in paths:
        if path.exists() and path.stat().st_mode & OTHERS:
            with suppress(PermissionError):  # it is somebody else's
                path.chmod(path.stat().st_mode & ~OTHERS)


def open_to_others(directory: Path) -> list[Path]:
    """What group or others could read in a directory, and itself, if they come that far."""
    found = (directory, *sorted(directory.rglob("*")))
    return [
        path
        for path in found
        if path.exists() and not path.is_symlink() and path.stat().st_mode & OTHERS
    ]


def check_group(group: str) -> None:
    """Refuse a group that does not exist, or that the owner of this process cannot give files to.

    Raises:
        ConfigurationError: It is such a group.
    """
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConfigurationError(f"There is no group {group!r} on this machine.") from None
    if os.geteuid() != 0 and number not in (*os.getgroups(), os.getegid()):
        raise ConfigurationError(f"The group {group!r} is none of yours, so it cannot get files.")


def let_read(path: Path, group: str) -> None:
    """Let a group read a file, or enter and list a directory."""
    shutil.chown(path, group=group)
    path.chmod(path.stat().st_mode | (GROUP_ENTERS if path.is_dir() else GROUP_READS))
