"""A self-contained HTML page: text that is always escaped, tables, pictures, one style sheet."""

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NewType

from ..base.storage import write_atomically
from .palette import ACCENT, INK, MUTED, RULE

Html = NewType("Html", str)
"""Markup that is safe as it stands; everything else is `str` and is escaped."""

RESEARCH_USE = "For research use only; not a medical device."

_NARROW_PIXELS = 640
"""Width below which a picture fits a narrow page without being moved sideways."""

WARNING = "warning-"
"""Where a warning of the page stands, before its number."""

_STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: #f3f5f7; color: {INK};
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }}
main {{ max-width: 62rem; margin: 0 auto; padding: 2rem 2.2rem; background: #fff;
  border: 1px solid {RULE}; border-width: 0 1px; }}
h1 {{ margin: 0; font-size: 1.6rem; font-weight: 600; overflow-wrap: anywhere; }}
h2 {{ margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid {RULE};
  font-size: 1.12rem; font-weight: 600; color: {ACCENT}; }}
p {{ margin: .4rem 0; max-width: 52rem; }}
.kind {{ color: {MUTED}; font-size: .85rem; letter-spacing: .06em; text-transform: uppercase; }}
.note {{ color: {MUTED}; font-size: .88rem; }}
dl.facts {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .8rem 1.2rem;
  margin: 1.2rem 0 0; padding: .9rem 0; border: 1px solid {RULE}; border-width: 1px 0; }}
section dl.facts {{ margin: .4rem 0; padding: 0; border: 0; }}
dl.facts div {{ min-width: 0; }}
dt {{ color: {MUTED}; font-size: .8rem; }}
dd {{ margin: 0; font-weight: 600; overflow-wrap: anywhere; }}
.warnings {{ margin: 1.2rem 0; padding: .7rem 1rem; background: #fff7e0; border: 1px solid #e3bd4d;
  border-left: 6px solid #d99a00; border-radius: 3px; }}
.warnings h2 {{ margin: 0 0 .3rem; padding: 0; border: 0; color: #7a5600; font-size: 1rem; }}
.warnings ul, .warnings ol {{ margin: 0; padding-left: 1.6rem; }}
.warnings li:target {{ background: #ffe9a8; }}
.mark {{ color: #8a5a00; font-weight: 600; text-decoration: none; white-space: nowrap; }}
a.mark:hover {{ text-decoration: underline; }}
.warnings li {{ overflow-wrap: anywhere; }}
.wide {{ overflow-x: auto; margin: .6rem 0; }}
table {{ border-collapse: separate; border-spacing: 0; font-size: .9rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .32rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e8ecf0; }}
th {{ vertical-align: bottom; font-weight: 600; border-bottom: 1.5px solid {MUTED}; }}
th small {{ display: block; color: {MUTED}; font-weight: 400; }}
th:first-child, td:first-child {{ position: sticky; left: 0; background: #fff; text-align: left; padding-left: 0; }}
td:first-child {{ min-width: 7rem; white-space: normal; overflow-wrap: anywhere; }}
td.main {{ font-weight: 700; }}
a {{ color: {ACCENT}; }}
table.text td, table.text th {{ text-align: left; white-space: normal; overflow-wrap: anywhere; vertical-align: top; }}
table.text td {{ min-width: 5.3rem; }}
td code {{ font-size: .85em; overflow-wrap: anywhere; }}
.swatch {{ display: inline-block; width: .7em; height: .7em; margin-right: .5em; border-radius: 2px; }}
.swatch.hollow {{ border: 2px solid; background: none !important; }}
.swatch.dotted {{ border: 2px dotted; border-radius: 50%; background: none !important; }}
.swatch.striped {{ clip-path: polygon(0 0, 100% 0, 0 100%); }}
tr.group th {{ padding-top: .8rem; text-align: left; border-bottom: 0; color: {ACCENT}; }}
tr.group th:first-child {{ position: static; }}
tr.group span {{ position: sticky; left: 0; }}
tr.group:first-child th {{ padding-top: .45rem; }}
details {{ margin: .5rem 0; border: 1px solid {RULE}; border-radius: 3px; padding: 0 .8rem; }}
summary {{ padding: .35rem 0; cursor: pointer; color: {ACCENT}; }}
summary small {{ color: {MUTED}; }}
figure {{ margin: 1rem 0; }}
figure .wide {{ margin: 0; }}
img {{ display: block; max-width: 100%; height: auto; }}
figcaption {{ margin-top: .35rem; color: {MUTED}; font-size: .88rem; max-width: 52rem; }}
footer {{ margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid {RULE}; color: {MUTED}; font-size: .88rem; }}
footer strong {{ color: {INK}; }}
@media (max-width: 40rem) {{
  main {{ padding: 1.1rem .9rem; border: 0; }}
  figure img:not(.small) {{ max-width: none; width: 40rem; }}
}}
@page {{ size: A4; margin: 14mm 13mm; }}
@media print {{
  body {{ background: #fff; font-size: 9.5pt; }}
  main {{ max-width: none; margin: 0; padding: 0; border: 0; }}
  h2 {{ break-after: avoid; margin-top: 1.4rem; }}
  figure, tr, .warnings {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }}
  .wide {{ overflow: visible; }}
  table {{ font-size: 8pt; }}
  th, td {{ padding: .2rem .38rem; }}
  figure img {{ width: auto; max-width: 100%; }}
  main > section:first-of-type details::details-content {{ content-visibility: visible; block-size: auto; }}
  .warnings, .swatch {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
}}
"""


def text(value: object) -> Html:
    """Anything as text: escaped."""
    return Html(escape(str(value)))


def joined(parts: Iterable[Html]) -> Html:
    """Several pieces of markup, one after the other."""
    return Html("\n".join(parts))


def number(value: float | None) -> Html:
    """A quantity with three or so significant digits; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return Html("–")
    size = abs(value)
    if size == 0.0:
        return Html("0")
    if size < 1e-3 or size >= 1e7:
        mantissa, exponent = f"{value:.2e}".split("e")
        return Html(f"{mantissa}·10<sup>{int(exponent)}</sup>".replace("-", "−"))
    decimals = max(0, 2 - math.floor(math.log10(size)))
    return Html(f"{value:,.{decimals}f}".replace(",", "\u202f").replace("-", "−"))


def percent(value: float | None, decimals: int = 1) -> Html:
    """A signed difference [%]; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return Html("–")
    rounded = round(value, decimals)
    sign = "+" if rounded else ""  # neither +0 nor -0
    return Html(f"{rounded or 0.0:{sign}.{decimals}f}".replace("-", "−"))


def heading(label: str, unit: str = "") -> Html:
    """A column heading, its unit below it."""
    return Html(f"{text(label)}<small>{text(unit)}</small>" if unit else text(label))


_SWATCHES = {"-": "", "--": " hollow", ":": " dotted", "-.": " striped"}
"""Kinds of swatches by line style."""


def swatch(colour: str, label: str, dashes: str = "-") -> Html:
    """A name with its colour in the pictures, and a sign of its line style where that is no solid line."""
    kind, shade = _SWATCHES[dashes], escape(colour)
    style = f"background:{shade}" + (f";border-color:{shade}" if kind else "")
    return Html(f'<span class="swatch{kind}" style="{style}"></span>{voi_text(label)}')


def voi_text(name: str) -> Html:
    """The name of a volume of interest, which a narrow column may break after an underscore."""
    return Html(text(name).replace("_", "_<wbr>"))


def table(
    headings: Sequence[Html],
    rows: Iterable[Sequence[Html]],
    *,
    main_column: int | None = None,
    of_text: bool = False,
) -> Html:
    """
    A table whose first column names the row.

    Parameters
    ----------
    headings : sequence of Html
    rows : iterable of sequence of Html
    main_column : int, optional
        Column to be set in bold.
    of_text : bool
        Whether cells are text to be wrapped and set flush left, not numbers.
    """
    return grouped_table(headings, [("", rows)], main_column=main_column, of_text=of_text)


def grouped_table(
    headings: Sequence[Html],
    groups: Iterable[tuple[str, Iterable[Sequence[Html]]]],
    *,
    main_column: int | None = None,
    of_text: bool = False,
) -> Html:
    """
    A table whose rows stand in groups, each below its title if it has one.

    Parameters
    ----------
    headings : sequence of Html
    groups : iterable of (str, iterable of sequence of Html)
        Titles and rows.
    main_column, of_text
        See `table`.
    """
    head = "".join(f'<th scope="col">{cell}</th>' for cell in headings)
    lines = []
    for title, rows in groups:
        if title:
            across = (
                f'<th scope="rowgroup" colspan="{len(headings)}"><span>{text(title)}</span></th>'
            )
            lines.append(f'<tr class="group">{across}</tr>')
        for row in rows:
            cells = (
                f'<td class="main">{cell}</td>' if n == main_column else f"<td>{cell}</td>"
                for n, cell in enumerate(row)
            )
            lines.append(f"<tr>{''.join(cells)}</tr>")
    kind = ' class="text"' if of_text else ""
    body = "\n".join(lines)
    return Html(
        f'<div class="wide"><table{kind}><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def folded(title: str, remark: str, content: Html) -> Html:
    """Content that a reader opens; print shows that of the first section in any case."""
    return Html(
        f"<details><summary>{text(title)} <small>{text(remark)}</small></summary>\n{content}\n</details>"
    )


def picture(png: bytes, caption: str) -> Html:
    """A PNG inside the page, with its caption."""
    data = base64.b64encode(png).decode("ascii")
    described = escape(caption, quote=True)
    kind = ' class="small"' if int.from_bytes(png[16:20], "big") < _NARROW_PIXELS else ""
    return Html(
        f'<figure><div class="wide"><img{kind} alt="{described}" src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def facts(pairs: Iterable[tuple[str, Html]]) -> Html:
    """Short facts side by side."""
    entries = "\n".join(f"<div><dt>{text(k)}</dt><dd>{v}</dd></div>" for k, v in pairs)
    return Html(f'<dl class="facts">\n{entries}\n</dl>')


def link(address: str, label: str) -> Html:
    """A link to a file beside the page."""
    return Html(f'<a href="{escape(address, quote=True)}">{text(label)}</a>')


def warning_box(warnings: Sequence[str], title: str = "", anchor: str = "") -> Html:
    """
    Warnings that cannot be overlooked, under a title of their own or their number; or nothing.

    Warnings under their number, or with an anchor, are numbered from 1, so that `marks` can refer to them.
    """
    if not warnings:
        return Html("")
    place = anchor if title else anchor or WARNING

    def identity(n: int) -> str:
        return f' id="{place}{n}"' if place else ""

    title = title or ("Warning" if len(warnings) == 1 else f"{len(warnings)} warnings")
    entries = "".join(
        f"<li{identity(n)}>{text(w[:1].upper() + w[1:])}</li>"
        for n, w in enumerate(warnings, start=1)
    )
    kind = "ol" if place else "ul"
    return Html(
        f'<section class="warnings"><h2>{text(title)}</h2><{kind}>{entries}</{kind}></section>'
    )


def marks(places: Iterable[int], anchor: str = WARNING) -> Html:
    """
    Mark of a row that warnings concern, with links to them.

    Parameters
    ----------
    places : iterable of int
        Places in the warnings, from 0; nothing if there is none.
    anchor : str
        Anchor of the box with the warnings.
    """
    numbers = [place + 1 for place in places]
    links = ", ".join(f'<a class="mark" href="#{anchor}{n}">{n}</a>' for n in numbers)
    return Html(f'<span class="mark">⚠ {links}</span>' if numbers else "")


def paragraph(sentence: str, quiet: bool = False) -> Html:
    """A paragraph of text."""
    kind = ' class="note"' if quiet else ""
    return Html(f"<p{kind}>{text(sentence)}</p>")


def section(title: str, *content: Html) -> Html:
    """A section under its heading; nothing if it is empty."""
    inside = joined(part for part in content if part)
    return Html(f"<section><h2>{text(title)}</h2>\n{inside}\n</section>") if inside else Html("")


def page(kind: str, title: str, content: Iterable[Html]) -> str:
    """
    The whole page.

    Parameters
    ----------
    kind : str
        What the page is, above the title.
    title : str
    content : iterable of Html
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)} · {text(kind)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header><div class="kind">{text(kind)}</div><h1>{text(title)}</h1>
<p class="note">{RESEARCH_USE}</p></header>
{joined(part for part in content if part)}
<footer><strong>{RESEARCH_USE}</strong></footer>
</main>
</body>
</html>
"""


def write_page(path: Path, kind: str, title: str, content: Iterable[Html]) -> None:
    """Write a `page` as a file, complete or not at all."""
    with write_atomically(path) as file:
        file.write(page(kind, title, content).encode(errors="backslashreplace"))
