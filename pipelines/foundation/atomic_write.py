"""Files that are there whole or not at all: written aside, then renamed over the old one."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, mode: int = 0o666) -> Path:
    """Write a file and its directory; `mode` is that of a new file, less the umask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return new.replace(path)
