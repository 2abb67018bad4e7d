"""Which cues of these probes are exchanged, and when that is too few."""

import numpy as np
import pytest
from helpers.plain_pictures import ALL, SIDE, found, plain, regions, top_third

from picasso_callbacks import Probes
from picasso_callbacks.shortcuts.answers import make_truth
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.shortcuts.trials import make_trials


def test_what_belongs_to_the_expected_region_too_is_not_exchanged():
    both = {**regions(), "upper half": np.tile((np.arange(SIDE) < 6)[:, None], (8, 1, SIDE))}
    cues = found(top_third(), plain(regions=both), expected="sky")
    assert cues["upper half"].gap == pytest.approx(0, abs=1e-6)
    assert cues["upper half"].area == pytest.approx(2 / 12)


def test_a_probe_without_the_region_neither_gives_nor_takes():
    masks = regions()
    masks["sky"][0] = False
    cues = found(top_third(), plain(regions=masks), expected="vehicle")
    assert cues["sky"].labels.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert cues["sky"].gaps.tolist() == pytest.approx([ALL] * 7, abs=1e-5)
    assert cues["sky"].area == pytest.approx(1 / 3)
    assert len(cues["hills"].gaps) == 8


def test_where_the_expected_region_is_not_marked_nothing_is_exchanged():
    masks = regions()
    masks["sky"][[0, 5]] = False
    cues = found(top_third(), plain(regions=masks), expected="sky")
    assert [len(cues[name].gaps) for name in ("hills", "vehicle", "surroundings")] == [6, 6, 6]


def test_a_region_that_too_few_probes_have_is_not_tried():
    masks = regions()
    masks["sky"][1:] = False
    assert list(found(top_third(), plain(regions=masks), expected="vehicle")) == ["hills", "surroundings", "texture"]


def test_that_a_region_is_not_tried_is_told(caplog):
    masks = regions()
    masks["sky"][1:] = False
    found(top_third(), plain(regions=masks), expected="vehicle")
    assert "too few probes of two classes have the region ['sky']; it is not tried" in caplog.text


@pytest.mark.parametrize("marked", [slice(0, 3), slice(0, 4)])  # too few; all of one class
def test_an_expected_region_that_too_few_probes_have_is_refused(marked):
    masks = regions()
    masks["vehicle"][:] = False
    masks["vehicle"][marked, 8:] = True
    with pytest.raises(ValueError, match=rf"expected is 'vehicle'; {marked.stop} of 8 probes have it"):
        found(top_third(), plain(regions=masks), expected="vehicle")


def test_a_single_probe_of_the_other_class_is_not_enough():
    with pytest.raises(ValueError, match=r"two or more probes of two or more classes; of 2 classes 1 have so many"):
        Exchanges(Probes(plain().images[:5], value_range=(0, 1), labels=[0, 0, 0, 0, 1]))


@pytest.mark.parametrize("name", ["surroundings", "texture"])
def test_a_region_with_the_name_of_what_is_tried_anyway_is_refused(name):
    with pytest.raises(ValueError, match=f"a region is called '{name}'.*Rename it"):
        Exchanges(plain(regions={**regions(), name: regions()["sky"]}), expected="vehicle")


def test_tested_probes_keep_their_labels():
    assert found(top_third(), plain())["top"].labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(("size", "tag"), [((24, 40), 3 * 5), ((40, 24), 5 * 3), ((8, 12), 2 * 2)])
def test_tags_are_an_eighth_of_each_side_and_two_pixels_at_least(size, tag):
    images = np.random.default_rng(0).random((8, *size, 1))
    tried = Probes(images, labels=np.arange(8) % 2, value_range=(0, 1))
    areas = {trial.cue.name: trial.cue.area for trial in make_trials(tried, make_truth(tried, plain=False))}
    assert areas["tag 1"] == areas["tag 2"] == pytest.approx(tag / (size[0] * size[1]))
