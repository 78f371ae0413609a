"""What the project's web pages are made of: texts, tables and sentences with marked spans in, HTML out.

A page is one self-contained file that asks no other place for anything. Every text of a corpus goes through
``text``.
"""

from __future__ import annotations

import html as markup
from collections.abc import Iterable, Mapping, Sequence

from ner_engine.spans import Entity, Sentence, Span

__all__ = ["document", "hues_of", "marked", "share", "table", "text"]

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1c1c1e; --faint: #5b5b62; --line: #d5d5da;
  --panel: #f5f5f7; --accent: #0b57d0; --bad: #b3261e; --good: #146c2e; --tint: 72% 86%; }
@media (prefers-color-scheme: dark) { :root { --ground: #161618; --ink: #ececf0; --faint: #a8a8b0;
  --line: #3a3a40; --panel: #222226; --accent: #8ab4f8; --bad: #ff8a80; --good: #7bd88f; --tint: 42% 27%; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 4rem; background: var(--ground);
  color: var(--ink); line-height: 1.6; font-family: system-ui, -apple-system, "Apple SD Gothic Neo",
  "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", "NanumGothic", sans-serif; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.note, figcaption { color: var(--faint); margin: .3rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
dl.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; }
dl.figures div { background: var(--panel); border-radius: .5rem; padding: .5rem .9rem; }
dl.figures dt { color: var(--faint); font-size: .85rem; } dl.figures dd { margin: 0; font-size: 1.3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; } thead th { color: var(--faint); font-weight: 600; }
tr.all th, tr.all td { font-weight: 700; }
figure { margin: 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--faint); font-size: 12px; }
.sides { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
form { position: sticky; top: 0; background: var(--ground); padding: .6rem 0; display: flex;
  border-bottom: 1px solid var(--line); flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; z-index: 1; }
select { font: inherit; padding: .2rem .4rem; margin-left: .4rem; }
article { border-bottom: 1px solid var(--line); padding: .8rem 0; content-visibility: auto;
  contain-intrinsic-size: auto 8rem; }
article p { margin: .15rem 0; display: flex; gap: .75rem; }
article p > b { flex: 0 0 5.5rem; color: var(--faint); font-weight: 400; }
article p > span { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
mark { background: hsl(var(--hue) var(--tint)); color: inherit; border-radius: .25rem;
  padding: .05rem .2rem; }
mark.wrong { outline: 2px dashed var(--bad); }
mark small { opacity: .85; margin-left: .25rem; font-size: .7em; }
ul.mistakes { margin: .3rem 0 0 6.25rem; padding: 0; list-style: none; }
ul.mistakes b { color: var(--bad); } ul.mistakes li { overflow-wrap: anywhere; }
summary { cursor: pointer; } .number { color: var(--faint); font-size: .85rem; }
@media (max-width: 36rem) { article p { flex-direction: column; gap: 0; }
  article p > b { flex-basis: auto; font-size: .85rem; } ul.mistakes { margin-left: 0; }
  form { position: static; } }
@media print { form { display: none; } }
"""


def text(value: object) -> str:
    """Any value as HTML text or attribute; what UTF-8 cannot hold shows as its escape."""
    plain = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return markup.escape(plain.replace("\0", "\N{SYMBOL FOR NULL}"))


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    bold: int = 0,
    classes: Sequence[str] = (),
) -> str:
    """A table whose first column names the rows; the last ``bold`` rows are sums.

    ``classes`` runs parallel to the rows: a class for the style, or ``""``.
    """
    cells = [list(row) for row in rows]
    out = f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table><thead><tr>'
    out += "".join(f'<th scope="col">{text(name)}</th>' for name in head) + "</tr></thead><tbody>"
    for at, (name, *values) in enumerate(cells):
        names = [*(classes[at : at + 1]), "all" if at >= len(cells) - bold else ""]
        told = " ".join(filter(None, names))
        out += f'<tr class="{told}">' if told else "<tr>"
        out += f'<th scope="row">{text(name)}</th>'
        out += "".join(f"<td>{text(value)}</td>" for value in values) + "</tr>"
    return out + "</tbody></table></div>"


def share(value: float | None) -> str:
    """A share of one in per cent, or a dash."""
    return "–" if value is None else f"{100 * value:.2f}"


def hues_of(labels: Iterable[str]) -> dict[str, int]:
    """A hue in degrees for each label, as far apart as they can be."""
    names = list(labels)
    return {label: round(360 * i / max(1, len(names))) for i, label in enumerate(names)}


def marked(
    sentence: Sentence, spans: Iterable[Span | Entity], wrong: Iterable[Span], hues: Mapping[str, int]
) -> str:
    """The sentence with its spans marked; those in ``wrong`` are outlined."""
    out, at, bad = "", 0, set(wrong)
    for item in spans:
        span = item.span if isinstance(item, Entity) else item
        style = ' class="wrong"' if span in bad else ""
        note = f' title="score {item.score:.3f}"' if isinstance(item, Entity) else ""
        out += text(sentence.text[at : span.start])
        out += f'<mark{style}{note} style="--hue:{hues[span.label]}">'
        out += f"{text(sentence.surface(span))}<small>{text(span.label)}</small></mark>"
        at = span.end
    return out + text(sentence.text[at:])


def document(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """The whole page. ``body`` is HTML that stands under the title; ``style`` is added to that of all pages."""
    run = f"<script>{script}</script>\n" if script else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<link rel="icon" href="data:,">
<title>{text(title)}</title>
<style>{_STYLE}{style}</style>
</head>
<body>
<main>
<h1>{text(title)}</h1>
{body}
</main>
{run}</body>
</html>
"""  # noqa: E501
