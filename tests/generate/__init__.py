"""What follows from the declared endpoints: `make generate` writes it, a test compares it.

`pipelines/gigstack/endpoints.py` and the files in `sql/loader/normalize/` say what an endpoint is.
"""
