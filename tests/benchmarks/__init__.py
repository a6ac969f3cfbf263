"""Speed and memory against the alternatives, in one run. `make bench` prints the table."""
