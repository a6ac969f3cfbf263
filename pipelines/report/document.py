"""The report as one HTML document that needs nothing else: no network, no other file.

All values from the account are untrusted: jinja2 escapes them, and the page's content security
policy lets only its own scripts run and nothing be fetched. API: https://jinja.palletsprojects.com
"""

import base64
import gzip
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from pipelines.report.answers import Answer, Answers
from pipelines.report.cells import Cell, cell, long_time
from pipelines.report.declared import ROOT, Chart, Page, Text, Words, words
from pipelines.report.plots import Language, figure

LANGUAGES: tuple[Language, ...] = ("es", "en")  # the first is shown until the reader chooses


def document(answers: Answers, pages: Sequence[Page], written_at: datetime) -> str:
    """The whole page, with every declared query answered."""
    vocabulary = words()
    asked = {
        (page.name, part.query): answers.ask(f"{page.name}/{part.query}")
        for page in pages
        for part in page.parts()
        if answers.has(part.models)
    }
    comments = {part.models: answers.comments(part.models) for p in pages for part in p.parts()}
    asked_pages = {name for name, _ in asked}
    (verdict,) = answers.ask("verdict").records()
    return _template(vocabulary).render(
        words=vocabulary,
        pages=pages,
        asked=asked,
        asked_pages=asked_pages,
        comments=comments,
        verdict=verdict,
        written_at=written_at,
        nonce=secrets.token_urlsafe(16),
        plotly=_packed(get_plotlyjs()),
        style=_own("style.css"),
        script=_own("page.js"),
    )


def _template(vocabulary: Words) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["both"] = _both

    def as_cell(value: object, column: str) -> Cell:
        return cell(value, column, vocabulary)

    def as_figures(chart: Chart, answer: Answer) -> dict[str, Any]:
        return {language: figure(chart, answer, vocabulary, language) for language in LANGUAGES}

    environment.filters["cell"] = as_cell
    environment.filters["figures"] = as_figures
    environment.filters["long_time"] = lambda moment: long_time(moment, vocabulary)
    return environment.get_template("page.html.jinja")


def _both(said: Text | Cell, **values: object) -> Markup:
    """A text in both languages, of which the page shows one."""
    if said.es == said.en:
        return Markup.escape(said.es.format(**values) if values else said.es)
    spans = Markup('<span lang="es">{}</span><span lang="en">{}</span>')
    texts = (said.es, said.en)
    return spans.format(*(text.format(**values) if values else text for text in texts))


def _packed(code: str) -> str:
    """Two fifths of its size; the page unpacks it."""
    return base64.b64encode(gzip.compress(code.encode(), mtime=0)).decode()


def _own(name: str) -> Markup:
    """A file of ours, as it is."""
    return Markup((ROOT / name).read_text(encoding="utf-8"))  # noqa: S704
