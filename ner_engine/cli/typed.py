"""Lines typed on a terminal, one by one: with entities in colour as they are typed where prompt_toolkit can,
plain where it cannot.

``typed_lines`` yields each line without line breaks; it ends with Ctrl-D or Ctrl-C.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ner_engine.chatbot.pages import show_value
from ner_engine.cli.colours import colour_of, visible
from ner_engine.cli.history import read_history, remember
from ner_engine.cli.live import Live
from ner_engine.spans import Entity

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

__all__ = ["can_colour_typing", "plain_lines", "style_of", "toolbar", "typed_lines"]


def can_colour_typing(environment: Mapping[str, str]) -> bool:
    """Whether this terminal, and what is installed, can show colours as one types."""
    if environment.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError:
        return False
    return True


def typed_lines(
    find: Callable[[str], Sequence[Entity]],
    *,
    commands: Sequence[str] = (),
    history: Path | None = None,
    colour: bool = True,
    longest: int = 300,
    input: Input | None = None,
    output: Output | None = None,
) -> Generator[str, None, None]:
    """What the user types. ``find`` finds entities; texts over ``longest`` characters and commands have none.

    A line is wiped from the screen when it is entered: whoever asked for it shows it again. What is pasted is one
    line, however many it was.
    """
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.keys import Keys
    from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
    from prompt_toolkit.layout.utils import explode_text_fragments
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.styles import Style

    class Painter(Processor):
        """Colours for the line as it stands."""

        def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
            line, document = transformation_input, transformation_input.document
            fragments = explode_text_fragments(line.fragments)
            begin = document.translate_row_col_to_index(line.lineno, 0)
            end = begin + len(document.lines[line.lineno])
            for entity in known(document.text):
                for at in range(max(entity.start, begin), min(entity.end, end)):
                    shown = line.source_to_display(at - begin)
                    style, character, *_ = fragments[shown]
                    fragments[shown] = (f"{style} {style_of(entity.label)}", character)
            return Transformation(fragments)

    def known(text: str) -> Sequence[Entity]:
        wanted = text.strip() and not text.lstrip().startswith("/") and len(text) <= longest
        return live.entities(text) if wanted else ()

    keys = KeyBindings()

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(_one_line(event.data))

    session: PromptSession[str] = PromptSession(
        [("class:prompt", "> ")],
        input_processors=[Painter()],
        bottom_toolbar=lambda: toolbar(known(session.default_buffer.text)),
        history=InMemoryHistory(read_history(history) if history is not None else ()),
        key_bindings=keys,
        style=Style([("bottom-toolbar", "noreverse"), ("prompt", "bold")]),
        color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
        include_default_pygments_style=False,
        completer=WordCompleter(list(commands), sentence=True),
        complete_while_typing=False,
        reserve_space_for_menu=4,
        input=input,
        output=output,
    )
    session.app.erase_when_done = True
    live = Live(find, session.app.invalidate)
    try:
        while True:
            try:
                line = _one_line(session.prompt())
            except (EOFError, KeyboardInterrupt):
                return
            if history is not None and line.strip():
                remember(history, line)
            yield line
    finally:
        live.close()


def plain_lines(ended: Callable[[], None]) -> Generator[str, None, None]:
    """As ``typed_lines``, with ``input()``. ``ended`` is called when the user leaves: the prompt still stands."""
    with contextlib.suppress(ImportError):  # not on every platform
        import readline  # noqa: F401  (importing it is what gives input() its history)
    while True:
        try:
            yield _one_line(input("> "))
        except (EOFError, KeyboardInterrupt):
            ended()
            return


def toolbar(entities: Sequence[Entity]) -> StyleAndTextTuples:
    """The entities with label and value, for the line under the one being typed."""
    shown: StyleAndTextTuples = []
    for entity in entities:
        shown.append(("", " · " if shown else " "))
        shown.append((style_of(entity.label), visible(entity.text)))
        value = show_value(entity)
        shown.append(("", f" {entity.label}{' ' + visible(value) if value else ''}"))
    return shown or [("class:hint", " /help")]


def style_of(label: str) -> str:
    """The colour of a label as prompt_toolkit names it."""
    return f"bold fg:ansi{colour_of(label).replace('_', '')}"


def _one_line(text: str) -> str:
    """What was pasted over several lines as one; no lone surrogates, which are bytes that were no text."""
    text = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    return text.encode("utf-8", "replace").decode("utf-8")
