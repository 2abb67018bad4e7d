"""Scales, and what is drawn with them."""

import dataclasses

import numpy as np

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render import Heatmap, Panel
from picasso_callbacks.render.colors import overlay

SIGNED = Scale(limit=12.0, signed=True, knee=1.0, neutral=0.05)


UNSIGNED = Scale(limit=2.0, signed=False)


def color(value: float, luminance: float = 0.5, scale: Scale = SIGNED) -> list[int]:
    shown = np.full((1, 1), round(255 * luminance), "uint8")
    return overlay(np.full((1, 1), value, "float32"), shown, scale)[0, 0].tolist()


def panel(shape=(24, 24), targets=(1, 0), heatmaps=2, classes=2, value=1.0, **changes) -> Panel:
    names = tuple(f"class {index}" for index in range(classes))
    maps = np.full((len(targets), *shape), value, "float32")
    columns = [
        Heatmap(f"method {index}", maps, UNSIGNED if index % 2 else SIGNED, "nats", ("A note.",))
        for index in range(heatmaps)
    ]
    made = Panel(
        name="probe",
        moment="epoch 7",
        image=np.full((*shape, 3), 100, "uint8"),
        class_names=names,
        probabilities=np.full(classes, 1 / classes, "float32"),
        labels=(1,),
        targets=targets,
        target_names=tuple(f"class {each}" for each in targets),
        heatmaps=tuple(columns),
    )
    return dataclasses.replace(made, **changes)
