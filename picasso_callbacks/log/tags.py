"""Names as parts of TensorBoard tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_LENGTH = 80

# TensorBoard's data server finds no picture whose tag has a character that JSON escapes (tensorboard 2.21).
_REPLACEMENTS = str.maketrans({"/": "_", "\\": "_", '"': "'"})


def distinct_tags(names: Sequence[str]) -> list[str]:
    """One part of a tag for each name: readable, valid and different from all others.

    TensorBoard shows any Unicode and escapes HTML, so most names stay as they are. Slashes, which would make groups,
    and backslashes become underscores; double quotes single ones; control characters and runs of white space one space;
    what is no valid Unicode a question mark; an empty name "unnamed". Long names lose their middle, since file names
    differ at the end. A name that came before gets a number.

    Args:
        names: Names of probes or classes: any text, any length, repeated or not.

    Returns:
        As many tags, in the same order.

    Example:

    ```python
    distinct_tags(["tank/1.png", "cat", "cat"])  # ["tank_1.png", "cat", "cat (2)"]
    ```
    """
    tags: dict[str, None] = {}
    for name in names:
        tag = unique = _clean(name)
        number = 1
        while unique in tags:
            number += 1
            unique = f"{tag} ({number})"
        tags[unique] = None
    return list(tags)


def _clean(name: str) -> str:
    name = name if len(name) <= 20 * MAX_LENGTH else name[: 10 * MAX_LENGTH] + name[-10 * MAX_LENGTH :]
    text = name.encode("utf-8", "replace").decode("utf-8").translate(_REPLACEMENTS)
    text = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH // 2 - 1]}…{text[-(MAX_LENGTH // 2) :]}"
    return text or "unnamed"
