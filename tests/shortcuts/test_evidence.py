"""How much of a map lies on a region: maps that are written down, and those of models whose weights are known."""

import numpy as np
import pytest
from helpers.models import linear

from picasso_callbacks import PartialOcclusion, Probes, explain
from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.shortcuts.evidence import weigh_regions


def shown(*maps, signed=True, neutral=0.0):
    """An explanation of one target, a map for each probe."""
    values = np.array(maps, dtype="float32")[:, None]
    return Explanation(values, "nats", "log-odds", "occlusion", Scale(None, signed, neutral=neutral))


def weigh(found, masks):
    (evidence,) = weigh_regions({"occlusion": found}, {"sky": np.array(masks, dtype=bool)})
    return evidence


TOP = [[1, 1], [0, 0]]


def test_the_share_is_what_lies_inside_of_all_and_the_area_stands_beside_it():
    evidence = weigh(shown([[3, 3], [1, 1]], [[0, 8], [1, 1]]), [TOP, [[0, 1], [0, 0]]])
    assert (evidence.method, evidence.region) == ("occlusion", "sky")
    assert evidence.shares.tolist() == [0.75, 0.8]
    assert evidence.areas.tolist() == [0.5, 0.25]
    assert evidence.share == pytest.approx(0.775)
    assert evidence.area == pytest.approx(0.375)
    assert evidence.lift == pytest.approx(0.775 / 0.375)


def test_a_uniform_map_puts_on_a_region_its_area():
    assert weigh(shown([[2, 2], [2, 2]]), [TOP]).lift == pytest.approx(1)


def test_what_speaks_against_a_class_is_looked_at_as_well():
    assert weigh(shown([[3, -3], [1, -1]]), [TOP]).share == pytest.approx(0.75)


def test_only_the_first_target_counts():
    found = shown([[3, 3], [1, 1]])
    second = Explanation(
        np.concatenate([found.values, -found.values.transpose(0, 1, 3, 2)], axis=1), "", "", "", found.scale
    )
    assert weigh(second, [TOP]).share == pytest.approx(0.75)


def test_a_map_that_shows_nothing_is_left_out_with_its_area():
    evidence = weigh(shown([[0, 0], [0, 0]], [[1, 1], [1, 1]]), [[[1, 1], [1, 1]], TOP])
    assert np.isnan(evidence.shares).tolist() == np.isnan(evidence.areas).tolist() == [True, False]
    assert (evidence.share, evidence.area) == (0.5, 0.5)


def test_a_map_shows_nothing_where_its_scale_calls_it_neutral():
    maps = [[0.04, 0], [0, -0.01]], [[0.06, 0], [0, 0]]
    assert np.isnan(weigh(shown(*maps, neutral=0.05), [TOP, TOP]).shares).tolist() == [True, False]


def test_a_probe_without_the_region_is_left_out():
    evidence = weigh(shown([[1, 1], [1, 1]], [[1, 1], [3, 3]]), [[[0, 0], [0, 0]], TOP])
    assert (evidence.share, evidence.area) == (0.25, 0.5)


def test_where_no_map_shows_anything_there_is_no_share():
    evidence = weigh(shown([[0, 0], [0, 0]]), [TOP])
    assert np.isnan([evidence.share, evidence.area, evidence.lift]).all()


def test_numbers_that_are_none_count_nothing():
    assert weigh(shown([[np.nan, 3], [1, np.inf]]), [TOP]).share == pytest.approx(0.75)


WEIGHTS = np.zeros((4, 4))
WEIGHTS[0] = [1, 2, -3, 4]
WEIGHTS[3] = [5, -5, 0, 0]


def looked(**settings):
    """White pictures, of which a linear model sums the pixels by `WEIGHTS`; the sky is two pixels of row 0."""
    sky = np.zeros((2, 4, 4), dtype=bool)
    sky[:, 0, 2:] = True
    probes = Probes(np.ones((2, 4, 4, 1)), value_range=(0, 1), regions={"sky": sky, "rest": ~sky})
    model = linear((4, 4, 1), np.stack([np.zeros(16), WEIGHTS.ravel()], axis=1), "softmax")
    return explain(model, probes, **{"targets": [1], "methods": [PartialOcclusion(1, 1), "saliency_map"], **settings})


@pytest.mark.parametrize("target", [0, 1])
def test_maps_of_a_linear_model_are_its_weights(target):
    # Hiding a white pixel behind grey takes half of its weight; the gradient of a logit is the weight.
    sky, rest, *of_saliency = looked(targets=[target]).evidence
    assert (sky.method, sky.region, rest.region) == ("partial_occlusion", "sky", "rest")
    assert sky.shares == pytest.approx([7 / 20] * 2)
    assert rest.shares == pytest.approx([13 / 20] * 2)
    assert sky.lift == pytest.approx(7 / 20 / (2 / 16))
    if target == 1:  # that of the other class has no weights
        assert of_saliency[0].shares == pytest.approx([7 / 20] * 2)


def test_probabilities_if_hidden_are_no_evidence():
    report = looked(methods=[PartialOcclusion(1, 1, view="probability"), "class_probabilities"])
    assert report.evidence == ()


def test_without_regions_there_is_no_evidence():
    probes = Probes(np.ones((2, 4, 4, 1)))
    assert explain(linear((4, 4, 1), np.zeros((16, 2)), "softmax"), probes).evidence == ()
