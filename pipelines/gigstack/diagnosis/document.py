"""The text of a diagnosis: JSON that a person reads before sending it, a line a fact."""

import json
from dataclasses import asdict
from typing import Any

from pipelines.gigstack.api.responses import Redactor
from pipelines.gigstack.diagnosis.account import Diagnosis

ABOUT = (
    "How the gigstack API answers to one key: names, types, counts and shapes. No values of the "
    "account, no ids, no key. Written by gigstack-etl diagnose; docs/diagnosis.md explains it."
)
FORMAT = 1
LINE_LENGTH = 160


def format_diagnosis(diagnosis: Diagnosis, api_key: str) -> str:
    """The file's text. What has nothing to say is left out."""
    document = {"about": ABOUT, "format": FORMAT} | _without_gaps(asdict(diagnosis))
    text = _lines(document, 0) + "\n"
    return Redactor(api_key).redact(text.encode()).decode()


def _without_gaps(value: Any) -> Any:
    """The value without members that are empty. Headers and words of paging may well be null."""
    if isinstance(value, list):
        return [_without_gaps(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: member if name in ("headers", "envelope") else _without_gaps(member)
        for name, member in value.items()
        if member not in ({}, []) and (member is not None or name == "status")
    }


def _lines(value: Any, depth: int) -> str:
    """JSON in which whatever fits into a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(flat) + 2 * depth <= LINE_LENGTH:
        return flat
    indent = "  " * (depth + 1)
    if isinstance(value, list):
        parts = [_lines(element, depth + 1) for element in value]
    else:
        parts = [f"{json.dumps(n)}: {_lines(member, depth + 1)}" for n, member in value.items()]
    inner = f",\n{indent}".join(parts)
    start, end = ("[", "]") if isinstance(value, list) else ("{", "}")
    return f"{start}\n{indent}{inner}\n{'  ' * depth}{end}"
