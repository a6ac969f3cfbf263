"""Which streams a command is about, from the names that it was given."""

from collections.abc import Sequence

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.endpoints import ENTITIES, STREAMS, Scope, Stream


def select_streams(names: Sequence[str], documents: Sequence[str]) -> list[Stream]:
    """The streams of a run, by stream or entity name; all that are not optional without names.

    Support documents bring the streams of their parents along, since these say whom to ask.
    """
    chosen = [s for s in STREAMS.values() if _is_wanted(s, names, documents)]
    unknown = [n for n in names if not any(n in (s.name, s.entity) for s in STREAMS.values())]
    if unknown:
        raise ConfigurationError(f"There is no resource {unknown[0]!r}.{_nearest(unknown[0])}")
    if not chosen:
        raise ConfigurationError(
            f"{', '.join(names)}: documents, under [sources.gigstack], names no parents to ask for."
        )
    parents = {stream.parents for stream in chosen if stream.scope is Scope.PARENT}
    return [s for s in STREAMS.values() if s in chosen or s.entity in parents]


def _is_wanted(stream: Stream, names: Sequence[str], documents: Sequence[str]) -> bool:
    if names and stream.name in names:
        return True
    if names and stream.entity not in names:
        return False
    if stream.scope is Scope.PARENT:
        return stream.parents in documents
    return not stream.is_optional


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    known = sorted({s.name for s in STREAMS.values()} | set(ENTITIES))
    close = get_close_matches(name, known, n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(known)}."
