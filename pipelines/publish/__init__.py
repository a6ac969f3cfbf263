"""Publishing: from the warehouse to files that BI can always read."""

from pipelines.publish.publication import Publication, last_publication, publish, rollback

__all__ = ["Publication", "last_publication", "publish", "rollback"]
