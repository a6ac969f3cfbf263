"""What the marts must say, worked out from an account's records alone (README.md has the rules).

Nothing in here imports the loader or knows a model: JSON objects of the API v2 go in
(https://docs.gigstack.io), plain dicts of Decimal come out.
"""
