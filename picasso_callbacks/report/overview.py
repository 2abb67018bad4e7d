"""Overview: a report as a notebook shows it. What it says, a legend, a table of all probes, and cards, wrong answers
first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.render import Heatmap, Panel, is_right, label_words, map_label, number
from picasso_callbacks.report.page import PICTURED, answer, gallery, legend, page, paragraph, picture, table, told
from picasso_callbacks.report.table import Row


def overview(
    panels: Sequence[Panel],
    rows: Sequence[Row],
    draw: Callable[[int], np.ndarray],
    maps: Mapping[str, Explanation],
    alarmed: Sequence[str],
    verdict: str,
    proofs: Sequence[tuple[np.ndarray, str]] = (),
) -> str:
    """The report as HTML.

    Args:
        panels: What is known of each probe.
        rows: From `make_rows`, of the same probes.
        draw: The card of a probe, uint8 `[H, W, 3]`.
        maps: The methods' explanations by name, in the order of the cards' columns.
        alarmed: What is known of shortcuts, in a word or two.
        verdict: The same in full.
        proofs: A picture of the exchanges behind each alarm, uint8 `[H, W, 3]`, and what it shows.
    """
    answers = [is_right(panel) for panel in panels]
    wrong = np.array([right is False for right in answers])
    order = np.argsort(~wrong, kind="stable")
    first = " (the others come first, shaded)" if wrong.any() else ""
    right = [f"{len(wrong) - wrong.sum()} answered right{first}"] if None not in answers else []
    cells = _cells(panels, rows)
    more = len(panels) - PICTURED
    return page(
        [
            paragraph(", ".join([f"{len(panels)} probes", *right, *alarmed]) + "."),
            *(paragraph(words) for words in (verdict, *panels[0].notes)),
            gallery(picture(*proof) for proof in proofs),
            legend(panels, maps),
            table(
                ["probe", "label", "answer", *(_head(name, found) for name, found in maps.items())],
                ((bool(wrong[index]), cells[index]) for index in order),
            ),
            gallery(picture(draw(index), told(panels[index])) for index in order[:PICTURED]),
            paragraph(f"{more} more probes are in the table; .image(index) draws a card." if more > 0 else ""),
        ]
    )


def _cells(panels: Sequence[Panel], rows: Sequence[Row]) -> list[list[str]]:
    """For each probe the texts of its row, about its answer where that was explained."""
    columns = len(panels[0].targets)
    cells = []
    for index, panel in enumerate(panels):
        of_probe = rows[index * columns : (index + 1) * columns]
        k = next((k for k, row in enumerate(of_probe) if row["target"] == row["answer"]), 0)
        cells.append(
            [
                panel.name,
                label_words(panel),
                answer(panel),
                *(_largest(each, k, of_probe[k]) for each in panel.heatmaps),
            ]
        )
    return cells


def _largest(heatmap: Heatmap, k: int, row: Row) -> str:
    label = map_label(heatmap.values[k], heatmap.scale)
    if label in ("n/a", "near 0 everywhere"):
        return f"{row['target']}: {label}"
    value = number(float(row[f"{heatmap.title}_max"]))  # type: ignore[arg-type]
    return f"{row['target']}: {value}, {row[f'{heatmap.title}_where']}"


def _head(name: str, found: Explanation) -> str:
    return f"{name}: largest, {found.unit}" if found.unit else f"{name}: largest"
