"""The recipe for a new endpoint in CONTRIBUTING.md, followed in a copy of the repository."""
