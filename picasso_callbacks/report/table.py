"""Table: the numbers of a report as rows, one for each probe and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from picasso_callbacks.render import Panel, is_right, label_words, prediction

_PLACES = (
    ("top left", "top", "top right"),
    ("left", "centre", "right"),
    ("bottom left", "bottom", "bottom right"),
)

Row = dict[str, object]


def make_rows(panels: Sequence[Panel], log_odds: np.ndarray, regions: Mapping[str, np.ndarray]) -> list[Row]:
    """A row for each probe and target; what is in its columns is said by `Report.to_dataframe`.

    Args:
        panels: What the card of each of P probes shows.
        log_odds: float32 `[P, K]`, of each target.
        regions: Masks by name, bool `[P, H, W]`.
    """
    rows = []
    for index, panel in enumerate(panels):
        here = {name: masks[index] for name, masks in regions.items()}
        for k, (target, name) in enumerate(zip(panel.targets, panel.target_names, strict=True)):
            row: Row = {**_answer(panel), "target": name}
            if panel.probabilities is None:
                row["value"] = float(log_odds[index, k])
            else:
                known = target < len(panel.probabilities)
                row["probability"] = float(panel.probabilities[target]) if known else np.nan
                row["log_odds"] = float(log_odds[index, k])
            for heatmap in panel.heatmaps:
                row |= {f"{heatmap.title}_{what}": value for what, value in _extremes(heatmap.values[k], here).items()}
            rows.append(row)
    return rows


def _answer(panel: Panel) -> Row:
    says = prediction(panel.probabilities)
    return {
        "probe": panel.name,
        "label": label_words(panel) or None,
        "answer": None if says is None else panel.class_names[says],
        "right": is_right(panel),
    }


def _extremes(values: np.ndarray, regions: Mapping[str, np.ndarray]) -> Row:
    """The largest and smallest finite value of a map `[H, W]`, and where the largest is."""
    if not np.isfinite(values).any():
        return {"max": np.nan, "min": np.nan, "row": np.nan, "column": np.nan, "where": None}
    largest = np.max(values, where=np.isfinite(values), initial=-np.inf)
    row, column = _middle_of(values == largest)
    inside = [name for name, mask in regions.items() if mask[row, column]]
    height, width = values.shape
    return {
        "max": float(largest),
        "min": float(np.min(values, where=np.isfinite(values), initial=np.inf)),
        "row": row,
        "column": column,
        "where": " and ".join(inside) or _PLACES[3 * row // height][3 * column // width],
    }


def _middle_of(mask: np.ndarray) -> tuple[int, int]:
    """The pixel inside that is nearest to the middle of all of them: where windows overlap, whole blocks are equal."""
    inside = np.argwhere(mask)
    row, column = inside[((inside - inside.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return int(row), int(column)
