"""`python -m pipelines` is the command `gigstack-etl`."""

from pipelines.cli import main

main()
