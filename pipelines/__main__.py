"""`python -m pipelines` is the command `gigstack-etl`."""

from pipelines.cli.app import main

main()
