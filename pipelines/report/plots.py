"""Turns a declared chart and its rows into a figure for plotly.js, in one language.

API: https://plotly.com/javascript/reference
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

from markupsafe import escape

from pipelines.report.answers import Answer
from pipelines.report.cells import cell, local_text
from pipelines.report.declared import Chart, Text, Words

Language = Literal["es", "en"]
Record = dict[str, object]
Figure = dict[str, Any]

SERIES = ("#0b6e8f", "#c2600a", "#5b4b9a", "#4d7c0f", "#9d174d", "#475569")
TONES = {"good": "#1a7f4b", "look": "#b7791f", "bad": "#c0332e", "quiet": "#64748b", "": SERIES[0]}
SYMBOLS = {"good": "circle", "look": "diamond", "bad": "x", "quiet": "square", "": "circle"}
GRID = "#e5e9ef"
MAX_TICKS = 6
FORMS = {"bars": {"type": "bar"}, "lines": {"type": "scatter", "mode": "lines+markers"}}
FONT = {"family": "system-ui, sans-serif", "size": 13, "color": "#33415c"}


def figure(chart: Chart, answer: Answer, words: Words, language: Language) -> Figure:
    """Data and layout. All text is escaped, since plotly interprets some tags."""
    records = answer.records()
    match chart.form:
        case "points":
            traces = _by_value(chart, records, words, language)
        case "ranking":
            traces = [_ranking(chart, records, words, language)]
        case form:
            traces = _by_column(chart, records, words, language, FORMS[form])
    return {"data": traces, "layout": _layout(chart, records)}


def _by_column(
    chart: Chart, records: list[Record], words: Words, language: Language, form: Figure
) -> list[Figure]:
    """One series for each of the columns in `y`."""
    return [
        form
        | {
            "name": _text(words.columns[column], language),
            "x": [_plain(record[chart.x]) for record in records],
            "y": [_positive(record[column], chart) for record in records],
            "marker": {"color": colour},
            **_hover(records, words, language),
        }
        for column, colour in zip(chart.y, SERIES, strict=False)
    ]


def _by_value(
    chart: Chart, records: list[Record], words: Words, language: Language
) -> list[Figure]:
    """One series for each value of the column `by`, in the tone of its word."""
    column = chart.by or chart.x
    shapes: set[str] = set()
    ordered = sorted(records, key=lambda record: str(record[column]))
    traces = []
    for value, group in groupby(ordered, key=lambda record: record[column]):
        found = list(group)
        word = cell(value, column, words)
        shape = SYMBOLS[word.tone]
        shape = "triangle-down" if shape in shapes else shape  # two words of one tone
        shapes.add(shape)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": str(escape(getattr(word, language))),
                "x": [_plain(record[chart.x]) for record in found],
                "y": [_positive(record[chart.y[0]], chart) for record in found],
                "marker": {"color": TONES[word.tone], "symbol": shape, "size": 10},
                **_hover(found, words, language),
            }
        )
    return traces


def _ranking(chart: Chart, records: list[Record], words: Words, language: Language) -> Figure:
    """Horizontal bars, the first row on top, each with its number at the end."""
    names = [getattr(cell(record[chart.y[0]], chart.y[0], words), language) for record in records]
    amounts = [getattr(cell(record[chart.x], chart.x, words), language) for record in records]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [_plain(record[chart.x]) for record in records],
        "y": [str(escape(name)) for name in names],
        "text": amounts,
        "textposition": "auto",
        "cliponaxis": False,
        "marker": {"color": SERIES[0]},
        **_hover(records, words, language),
    }


def _hover(records: list[Record], words: Words, language: Language) -> Figure:
    """Every column of a row, named and formatted as in a table."""
    lines = [
        "<br>".join(
            f"{_text(words.columns[name], language)}: "
            f"<b>{escape(getattr(cell(value, name, words), language))}</b>"
            for name, value in record.items()
        )
        for record in records
    ]
    return {"customdata": lines, "hovertemplate": "%{customdata}<extra></extra>"}


def _layout(chart: Chart, records: list[Record]) -> Figure:
    axes = _ranks() if chart.form == "ranking" else _dates(chart, records)
    return axes | {
        "barmode": "stack",
        "font": FONT,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
        },
        "showlegend": chart.form != "ranking",
        "dragmode": False,
        "hoverlabel": {"align": "left", "bgcolor": "#ffffff", "font": FONT},
    }


def _ranks() -> Figure:
    return {
        "xaxis": {"type": "linear", "visible": False},
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
    }


def _dates(chart: Chart, records: list[Record]) -> Figure:
    time_axis: Figure = {"type": "date", "gridcolor": GRID, "automargin": True}
    if chart.days:
        newest = max(value for r in records if isinstance(value := r[chart.x], date))
        shown = (newest - timedelta(days=chart.days), newest + timedelta(days=1))
        time_axis |= {"range": [_plain(moment) for moment in shown]}
    amounts: Figure = {"gridcolor": GRID, "zerolinecolor": GRID, "automargin": True}
    # as many as fit would change the margin, which wraps the legend, which changes what fits
    amounts |= {"rangemode": "tozero", "nticks": MAX_TICKS}
    scale = {"type": "log", "dtick": 1, "tickformat": ",d"} if chart.is_log else {"type": "linear"}
    if len(chart.y) == 1 and chart.y[0].endswith("seconds"):
        scale |= {"ticksuffix": " s"}
    return {"xaxis": time_axis, "yaxis": amounts | scale}


def _plain(value: object) -> object:
    """A value for JSON. Amounts stay text, which plotly reads as numbers."""
    match value:
        case datetime():
            return local_text(value)
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
    return value


def _positive(value: object, chart: Chart) -> object:
    """The value, or None where a logarithmic axis cannot show it."""
    is_zero = isinstance(value, int | Decimal) and value <= 0
    return None if chart.is_log and is_zero else _plain(value)


def _text(text: Text, language: Language) -> str:
    return str(escape(getattr(text, language)))
