"""Prefect flows: what runs when. They call the same functions as the commands."""
