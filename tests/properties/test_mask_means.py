"""What lies on a region, and what hiding it does, against sums over pixels by hand and a network that is one matrix."""

import numpy as np
from helpers.brute_force import log_odds
from helpers.cases import hold, several
from helpers.models import linear
from helpers.small_training import data
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from picasso_callbacks import Probes, explain

COUNT, CLASSES, SIZE = 6, 3, (8, 8, 1)
IMAGES, LABELS = data(COUNT)


@several(1, 40)
def test_shares_of_maps_and_falls_when_hidden(cases):
    def check(masks, seed):
        masks = masks.copy()
        masks[:, 0, 0], masks[:, 7, 7] = True, False  # an expected region that all have, and something around it
        weights = np.random.default_rng(seed).normal(0, 0.5, (64, CLASSES))
        model = linear(SIZE, weights, "softmax")
        probes = Probes(IMAGES, labels=LABELS, regions={"it": masks}, value_range=(0, 1))
        report = explain(model, probes, methods=["saliency_map"], expected="it")
        [evidence] = report.evidence
        [hiding] = report.hidings
        grey = hiding.canvases.index("grey")
        for probe, (mask, label) in enumerate(zip(masks, LABELS, strict=True)):
            sensitive = np.abs(weights[:, label]).reshape(8, 8)  # the gradient of a logit
            assert np.isclose(evidence.shares[probe], sensitive[mask].sum() / sensitive.sum(), atol=1e-5)
            assert np.isclose(evidence.areas[probe], mask.sum() / 64)
            hidden = np.where(mask, 0.5, IMAGES[probe, ..., 0])
            before, after = (log_odds(image.reshape(1, 64) @ weights)[0] for image in (IMAGES[probe], hidden))
            assert np.isclose(hiding.falls[probe, grey], before[label] - after[label], atol=1e-4)
            assert hiding.flips[probe, grey] == (before.argmax() != after.argmax())

    hold(cases, check, arrays.arrays(bool, (COUNT, 8, 8)), st.integers(0, 99))
