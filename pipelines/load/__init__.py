"""Loading: from the API to the warehouse. `LoadResult` says what a run loaded."""

from pipelines.warehouse.run_log import LoadResult

__all__ = ["LoadResult"]
