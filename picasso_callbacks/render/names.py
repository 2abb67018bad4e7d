"""Names that are too long for their place, and must not read alike."""

from __future__ import annotations

from collections.abc import Sequence

from picasso_callbacks.render.sheet import ELLIPSIS, drawable, fit_text, text_width


def fit_names(names: Sequence[str], size: int, width: float) -> list[str]:
    """Each name, made drawable and cut to `width` pixels; where different ones would read alike, in what they differ.

    Args:
        names: Any texts, equal ones too.
        size: The font size.
        width: What each has to fit into, in pixels.
    """
    whole = [drawable(name) for name in names]
    fitted = [fit_text(name, size, width) for name in whole]
    if len(set(fitted)) == len(set(whole)):
        return fitted
    alike = {name for name, cut in zip(whole, fitted, strict=True) if _count(cut, whole, fitted) > 1}
    told = {name: _fit_middle(*parts, size, width) for name, parts in _differences(sorted(alike)).items()}
    return [told.get(name, cut) for name, cut in zip(whole, fitted, strict=True)]


def _count(cut: str, whole: Sequence[str], fitted: Sequence[str]) -> int:
    """How many different names became `cut`."""
    return len({name for name, each in zip(whole, fitted, strict=True) if each == cut})


def _differences(names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Each name in three parts: what all begin with, in what they differ, and what all end with. Words stay whole."""
    before = _whole_words(names)
    rests = [name[before:] for name in names]
    backwards = [rest[::-1] for rest in rests]
    after = _whole_words(backwards)
    return {
        name: (name[:before], rest[: len(rest) - after], rest[len(rest) - after :])
        for name, rest in zip(names, rests, strict=True)
    }


def _whole_words(names: Sequence[str]) -> int:
    """How much of their common beginning is whole words or numbers; all, if nothing is. Something is left of each."""
    most = min(len(name) for name in names) - 1
    kept = common = next((at for at in range(most) if len({name[at] for name in names}) > 1), most)
    while kept > 0 and any(_one_word(name[kept - 1 : kept + 1]) for name in names):
        kept -= 1
    return kept or common


def _one_word(pair: str) -> bool:
    return pair.isalpha() or pair.isdigit()


def _fit_middle(before: str, middle: str, after: str, size: int, width: float) -> str:
    """The middle between dots, with as much of the beginning as there is room for."""
    left, right = ELLIPSIS if before else "", ELLIPSIS if after else ""
    core = f"{left}{middle.strip()}{right}"
    if text_width(core, size) > width:
        return fit_text(core, size, width)
    kept = 0
    while kept < len(before) and text_width(f"{before[: kept + 1]}{core}", size) <= width:
        kept += 1
    return f"{before[:kept].rstrip()}{core}"
