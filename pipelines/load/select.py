"""Selects the resources of a command by the names that its user gave."""

from collections.abc import Sequence
from difflib import get_close_matches

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.endpoint_types import Resource, Scope
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES


def select_resources(names: Sequence[str], documents: Sequence[str]) -> list[Resource]:
    """The resources with these names or of these tables; without names, all but optional ones.

    Support documents include the resources of their parents, which say what to request.
    `documents` names the parents that are configured.

    Raises:
        ConfigurationError: A name is unknown, or the configuration leaves nothing to read.
    """
    for name in names:
        if not any(name in (resource.name, resource.entity) for resource in RESOURCES.values()):
            raise ConfigurationError(f"There is no resource {name!r}.{_suggestion(name)}")
    selected = [r for r in RESOURCES.values() if _is_selected(r, names, documents)]
    if not selected:
        raise ConfigurationError(
            f"{', '.join(names)}: `documents` under [sources.gigstack] names no parents to read."
        )
    parents = {resource.parents for resource in selected if resource.scope is Scope.PARENT}
    return [r for r in RESOURCES.values() if r in selected or r.entity in parents]


def _is_selected(resource: Resource, names: Sequence[str], documents: Sequence[str]) -> bool:
    if names and resource.name in names:
        return True
    if names and resource.entity not in names:
        return False
    if resource.scope is Scope.PARENT:
        return resource.parents in documents
    return not resource.is_optional


def _suggestion(name: str) -> str:
    known = sorted({resource.name for resource in RESOURCES.values()} | set(ENTITIES))
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(known)}."
