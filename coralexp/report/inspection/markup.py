"""HTML whose texts are escaped unless they are HTML already."""

from __future__ import annotations

import html
import re

_VOID = frozenset({"meta", "col", "br"})
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Markup(str):  # noqa: FURB189 - it is a str wherever one is wanted
    """Text that is HTML, and not to be escaped again."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: Such as `td`.
        children: Texts, which are escaped, and elements; None is left out.
        attributes: Their names, with a `_` behind those that are words of Python and for each
            hyphen; values are escaped, True writes the name alone, None and False leave it out.

    Raises:
        ValueError: If a name is none.
    """
    written = [name]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(attribute):
            raise ValueError(f"{attribute!r} is no name of an attribute")
        if value is True:
            written.append(attribute)
        elif value is not None and value is not False:
            written.append(f'{attribute}="{_escaped(str(value))}"')
    inside = join(*children)
    return Markup(f"<{' '.join(written)}>" + ("" if name in _VOID else f"{inside}</{name}>"))


def join(*children: str | None) -> Markup:
    """Return texts, escaped, and elements one behind the other."""
    return Markup("".join(_escaped(child) for child in children if child is not None))


def _escaped(child: str) -> str:
    if isinstance(child, Markup):
        return str(child)
    # Characters that HTML forbids would end the page early in some readers.
    shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in child)
    return html.escape(shown)
