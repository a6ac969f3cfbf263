"""`python -m tests.generate`: writes every generated file that is not as it must be."""

import sys
from pathlib import Path

from tests.generate.files import generated, leftovers


def main() -> int:
    try:
        files = generated()
    except LookupError as gap:
        sys.stderr.write(f"{gap.args[0]}\n")
        return 1
    for path in leftovers():
        path.unlink()
        sys.stdout.write(f"removed {_shown(path)}\n")
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {_shown(path)}\n")
    return 0


def _shown(path: Path) -> Path:
    return path.relative_to(Path(__file__).parents[2])


if __name__ == "__main__":
    sys.exit(main())
