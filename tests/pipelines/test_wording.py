"""Numbers agree with their nouns in every message, and long lists are cut short."""

import pytest

from pipelines.foundation.wording import plural, shorten


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 requests"), (1, "1 request"), (2, "2 requests"), (12_345, "12,345 requests")],
)
def test_a_number_agrees_with_its_noun(count: int, text: str) -> None:
    assert plural(count, "request") == text


def test_a_plural_may_be_irregular() -> None:
    assert [plural(n, "retry", "retries") for n in (1, 2)] == ["1 retry", "2 retries"]


def test_a_long_list_says_how_much_it_leaves_out() -> None:
    assert shorten(["a", "b"], 2) == "a, b"
    assert shorten(["a", "b", "c"], 2) == "a, b and 1 more"
    assert shorten(["a", "b", "c", "d"], 2, "; ") == "a; b; and 2 more"
    assert shorten(["a", "b", "c"], 1, " ") == "a and 2 more"
