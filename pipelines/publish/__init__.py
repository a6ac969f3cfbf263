"""Publishing: the warehouse as files that BI can read at any time."""

from pipelines.publish.publication import Publication, last_publication, publish, rollback

__all__ = ["Publication", "last_publication", "publish", "rollback"]
