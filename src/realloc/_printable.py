"""Texts of other people, shown so that nothing in them is hidden."""

from __future__ import annotations


def one_line(text: object, *, keep: str = "") -> str:
    r"""Return a text with everything that could break a line, or that nobody sees, written as an escape.

    That is what Unicode calls not printable: controls, line ends, marks of direction, characters without
    width, halves of surrogate pairs, and spaces other than the usual one; characters of `keep` stay.

    Examples
    --------
    >>> one_line("Joint\u202e\n")
    'Joint\\u202e\\n'
    """
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape").decode()
        for character in str(text)
    )
