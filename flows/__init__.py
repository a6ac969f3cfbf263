"""Prefect flows: what runs when. Each calls the functions that the commands call."""
