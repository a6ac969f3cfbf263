"""Renders the report as one HTML document that needs no network and no other file.

Values from the account are untrusted: jinja2 escapes them, and the content security policy of the
page allows only its own scripts and no requests. API: https://jinja.palletsprojects.com
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
    """The whole page; runs every declared query."""
    vocabulary = words()
    answered = {
        (page.name, part.query): answers.ask(f"{page.name}/{part.query}")
        for page in pages
        for part in page.parts()
        if answers.has(part.models)
    }
    comments = {part.models: answers.comments(part.models) for p in pages for part in p.parts()}
    (verdict,) = answers.ask("verdict").records()
    return _template(vocabulary).render(
        words=vocabulary,
        pages=pages,
        asked=answered,
        asked_pages={name for name, _ in answered},
        comments=comments,
        verdict=verdict,
        written_at=written_at,
        nonce=secrets.token_urlsafe(16),
        plotly=_compressed(get_plotlyjs()),
        style=_verbatim("style.css"),
        script=_verbatim("page.js"),
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


def _both(text: Text | Cell, **values: object) -> Markup:
    """A text in both languages, of which the page shows one."""
    if text.es == text.en:
        return Markup.escape(text.es.format(**values) if values else text.es)
    spans = Markup('<span lang="es">{}</span><span lang="en">{}</span>')
    languages = (text.es, text.en)
    return spans.format(*(one.format(**values) if values else one for one in languages))


def _compressed(code: str) -> str:
    """Two fifths of the size; the page decompresses it."""
    return base64.b64encode(gzip.compress(code.encode(), mtime=0)).decode()


def _verbatim(name: str) -> Markup:
    """A file of this package, unescaped."""
    return Markup((ROOT / name).read_text(encoding="utf-8"))  # noqa: S704
