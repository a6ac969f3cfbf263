"""The embedded sandbox: an HTTP server that speaks the gigstack API v2 over an invented account.

`account` makes and ages the account, `server` serves it, `truth` says what a complete load of it
must contain. API reference: https://docs.gigstack.io
"""
