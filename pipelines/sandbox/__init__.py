"""The embedded sandbox: an HTTP server that speaks the gigstack API v2 over an invented account.

`simulation` makes the account and lets its days go by, `storage` keeps it in a file, `api` answers
for it, and `expected` says what a complete load of it must contain. A list of the account is
declared in one module below `simulation/lists/` and one below `expected/tables/`; how is written
in `simulation/account_list.py`. API reference: https://docs.gigstack.io
"""
