"""Tables of the report: a caption, heads for columns, and a frame that scrolls by itself on a narrow screen."""

from collections.abc import Sequence
from html import escape


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()
) -> str:
    """The HTML of a table; every text is escaped.

    Args:
        caption: says what the table shows; it names the frame for those who reach it by keyboard.
        heads: of the columns.
        rows: a text per column.
        classes: of the columns, as far as they have one.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    kinds = list(classes) + [""] * (len(heads) - len(classes))
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{escape(cell)}</td>' if kind else f"<td>{escape(cell)}</td>"
            for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
