"""Builds HTML; every text is escaped unless it is the output of these functions."""

import base64
import html
from collections.abc import Iterable


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: object) -> Html:
    """Returns an element.

    Args:
      name: of the element.
      children: texts, which are escaped, or HTML.
      attributes: by name; `class_` is "class".
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Returns texts, which are escaped, and HTML one after the other."""
    return Html("".join(child if isinstance(child, Html) else html.escape(child) for child in children))


def image(content: bytes, description: str) -> Html:
    """Returns a JPEG within the page."""
    encoded = base64.b64encode(content).decode()
    return Html(f'<img alt="{html.escape(description)}" src="data:image/jpeg;base64,{encoded}">')


def table(head: Iterable[str], rows: Iterable[Iterable[str]], **attributes: object) -> Html:
    """Returns a table, in a box that scrolls where the page is narrow."""
    top = tag("tr", *(tag("th", name) for name in head))
    body = (tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    return tag("div", tag("table", tag("thead", top), tag("tbody", *body), **attributes), class_="scroll")
