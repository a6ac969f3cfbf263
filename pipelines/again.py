"""Loads without asking the API: the pages of an old run once more, or what was rejected.

Both are for after a correction of the program. Rows that were loaded later stay as they are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines import ledger, warehouse
from pipelines.gigstack import journal
from pipelines.gigstack.batch import Batch, Inspected, Page
from pipelines.gigstack.catalogue import STREAMS, Stream
from pipelines.gigstack.client import read_envelope
from pipelines.gigstack.gather import BATCH_BYTES
from pipelines.gigstack.normalize import Normalizers
from pipelines.gigstack.paging import records_of
from pipelines.gigstack.reports import StreamReport, Watcher
from pipelines.gigstack.source import empty_tables
from pipelines.ledger import RunReport
from pipelines.load import new_run_id, only_run
from pipelines.write import chunks, normalizers_for, pipeline_in, watermarks_of, write


def replay(data_dir: Path, run_id: str, watch: Watcher) -> RunReport:
    """Normalize and load the pages that a run has journalled.

    Errors: ConfigurationError when there is no journal of that run; WarehouseError.
    """
    directory = data_dir / journal.JOURNALS
    header = journal.header_of(directory, run_id)
    pages = (
        Page(
            STREAMS[origin.stream],
            origin.team_id,
            records_of(read_envelope(body), STREAMS[origin.stream]),
            origin.parent_id,
        )
        for origin, body in journal.answers(directory, run_id)
    )
    streams = [STREAMS[name] for name in header.question["streams"]]
    return _load_again(data_dir, "replay", streams, pages, header.started_at, watch)


def retry_rejects(data_dir: Path, watch: Watcher) -> RunReport:
    """Try every rejected record again; what loads now is no reject any more.

    Errors: WarehouseError.
    """
    with warehouse.opened(data_dir) as connection:
        ledger.prepare(connection)
        rejects, oldest = ledger.open_rejects(connection)
    pages = (
        Page(STREAMS[r.stream], r.team_id, f"[{r.raw}]".encode(), r.parent_id) for r in rejects
    )
    streams = [stream for stream in STREAMS.values() if stream.name in {r.stream for r in rejects}]
    return _load_again(data_dir, "retry", streams, pages, oldest or datetime.now(UTC), watch)


def _load_again(
    data_dir: Path,
    mode: str,
    streams: Sequence[Stream],
    pages: Iterable[Page],
    as_of: datetime,
    watch: Watcher,
) -> RunReport:
    """Load pages that were fetched at a moment; newer rows stay, the others are written anew."""
    started_at = datetime.now(UTC)
    run = RunReport(new_run_id(started_at), mode, started_at)
    with only_run(data_dir), warehouse.opened(data_dir) as connection:
        ledger.prepare(connection)
        with ledger.recorded(connection, run):
            if warehouse.pending_packages(data_dir):
                pipeline_in(data_dir, connection).run()
                warehouse.drop_repeated_rows(connection)
            existing = warehouse.table_names(connection)
            normalizers = normalizers_for(run, streams, connection, existing, as_of)
            marks = watermarks_of(pipeline_in(data_dir, connection))
            parts = chunks(
                run, _batches(run, pages, normalizers, watch), empty_tables(normalizers, existing)
            )
            write(run, data_dir, connection, parts, normalizers, lambda: marks)
            run.teams = tuple(dict.fromkeys(report.team_id for report in run.streams))
    return run


def _batches(
    run: RunReport, pages: Iterable[Page], normalizers: Normalizers, watch: Watcher
) -> Iterator[Batch]:
    waiting: dict[str, list[Inspected]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    reports: dict[tuple[str, str], StreamReport] = {}
    for page in pages:
        key = (page.stream.name, page.team_id)
        if key not in reports:
            reports[key] = StreamReport(*key, is_done=True)
            run.streams.append(reports[key])
        reports[key].pages += 1
        entity = page.stream.entity
        waiting[entity].append(normalizers[entity].inspect(page))
        sizes[entity] += len(page.records)
        if sizes[entity] >= BATCH_BYTES:
            del sizes[entity]
            yield _counted(normalizers[entity].normalize(waiting.pop(entity)), reports, watch)
    for entity, inspected in waiting.items():
        yield _counted(normalizers[entity].normalize(inspected), reports, watch)


def _counted(batch: Batch, reports: dict[tuple[str, str], StreamReport], watch: Watcher) -> Batch:
    for key in batch.seen:
        reports[key].add(batch)
        watch(reports[key])
    return batch
