"""Which streams a command is about, from the names that it was given."""

from collections.abc import Sequence

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES, Resource, Scope


def select_resources(names: Sequence[str], documents: Sequence[str]) -> list[Resource]:
    """The streams of a run, by stream or entity name; all that are not optional without names.

    Support documents bring the streams of their parents along, since these say whom to ask.
    """
    chosen = [s for s in RESOURCES.values() if _is_wanted(s, names, documents)]
    unknown = [n for n in names if not any(n in (s.name, s.entity) for s in RESOURCES.values())]
    if unknown:
        raise ConfigurationError(f"There is no resource {unknown[0]!r}.{_nearest(unknown[0])}")
    if not chosen:
        raise ConfigurationError(
            f"{', '.join(names)}: documents, under [sources.gigstack], names no parents to ask for."
        )
    parents = {resource.parents for resource in chosen if resource.scope is Scope.PARENT}
    return [s for s in RESOURCES.values() if s in chosen or s.entity in parents]


def _is_wanted(resource: Resource, names: Sequence[str], documents: Sequence[str]) -> bool:
    if names and resource.name in names:
        return True
    if names and resource.entity not in names:
        return False
    if resource.scope is Scope.PARENT:
        return resource.parents in documents
    return not resource.is_optional


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    known = sorted({s.name for s in RESOURCES.values()} | set(ENTITIES))
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(known)}."
