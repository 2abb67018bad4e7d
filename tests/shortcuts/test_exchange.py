"""What is exchanged in models that read one place of plain pictures, in which everything can be worked out."""

import numpy as np
import pytest
from helpers.models import linear
from helpers.plain_pictures import ALL, first_pixel, found, plain, reads, regions, sigmoid, top_third

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options
from picasso_callbacks.shortcuts.alarm import stands_out
from picasso_callbacks.shortcuts.exchange import Exchanges


def test_the_third_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain())
    assert cues["top"].gap == pytest.approx(ALL, abs=1e-5)
    assert cues["top"].share == pytest.approx(1, abs=1e-5)
    assert cues["top"].flips.tolist() == [1] * 8
    for name in ("middle", "bottom", "texture"):
        assert cues[name].gap == pytest.approx(0, abs=1e-6)
        assert cues[name].share == pytest.approx(0, abs=1e-6)
        assert cues[name].flips.tolist() == [0] * 8


def test_corners_carry_their_part_of_the_third():
    # Two squares of 3 x 3 lie in the third of 4 x 12 pixels: its mean goes 18/48 of the way, log-odds from 3 to 3/4.
    corners = found(top_third(), plain())["corners"]
    assert corners.gap == pytest.approx(sigmoid(3) - sigmoid(3 - 6 * 18 / 48), abs=1e-5)
    assert corners.share == pytest.approx(18 / 48, abs=1e-5)
    assert corners.flips.tolist() == [0] * 8


def test_of_one_corner_pixel_only_what_holds_it_carries_anything():
    cues = found(first_pixel(), plain())
    for name in ("corners", "frame", "top", "colour", "layout"):
        assert cues[name].gap == pytest.approx(ALL, abs=1e-5), name
    for name in ("middle", "bottom", "texture"):
        assert cues[name].gap == pytest.approx(0, abs=1e-6), name


def test_the_region_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert list(cues) == ["sky", "hills", "surroundings", "texture"]
    assert [cues[name].share for name in cues] == pytest.approx([1, 0, 1, 0], abs=1e-5)
    assert [cues[name].gap for name in cues] == pytest.approx([ALL, 0, ALL, 0], abs=1e-5)
    assert [cues[name].area for name in cues] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_a_part_of_that_size_elsewhere_is_the_control():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert cues["sky"].flips.tolist() == [1] * 8
    assert cues["sky"].control.tolist() == [0] * 8
    assert cues["surroundings"].control is None  # more than half of the picture has no elsewhere


def test_reading_the_expected_region_depends_on_nothing_else():
    cues = found(top_third(), plain(regions=regions()), expected="sky")
    assert [cues[name].gap for name in cues] == pytest.approx([0, 0, 0, 0], abs=1e-6)


class Counted(LiveModel):
    """Notes of how many images it was asked at once."""

    def scores_of_images(self, make, rows):
        self.asked.append(len(rows))
        return super().scores_of_images(make, rows)


def asked(model, probes, expected=None):
    """How many images were asked about at a look, question by question; the trials, and what was found."""
    live, exchanges = Counted(model, probes, Options()), Exchanges(probes, expected=expected)
    live.asked, scores = [], live.scores()
    return live.asked, exchanges._trials, exchanges.measure(live, scores, exchanges.answers(live, scores))


def test_where_nothing_stands_out_two_exchanges_a_probe_and_cue_are_all():
    counts, trials, _ = asked(reads(top_third()), plain(regions=regions()), expected="sky")
    assert len(trials) == 4
    assert counts == [4 * 2 * 8]


def test_what_stands_out_is_exchanged_with_all_others_of_which_none_is_asked_twice():
    # Of 4 and 4 probes each has three donors of its class and four of the other: one, then two, then what is left.
    counts, trials, cues = asked(reads(top_third()), plain(regions=regions()), expected="vehicle")
    [sky] = [trial for trial in trials if trial.cue.name == "sky"]
    every = sky.pairs + sky.more
    assert len(set(zip(every.probes.tolist(), every.donors.tolist(), strict=True))) == len(every.probes)
    assert len(sky.pairs.probes) == 8 * 4
    controlled = every.other.sum()
    assert counts == [4 * 2 * 8, 2 * len(sky.pairs.probes), 2 * len(sky.more.probes) + controlled]
    assert [one.name for one in cues if stands_out(one)] == ["sky", "surroundings"]


def test_what_stood_out_by_chance_is_given_up_by_half():
    went_on = stopped = 0
    for seed in range(12):
        generator = np.random.default_rng(seed)
        probes = Probes(generator.random((16, 12, 12, 1), "float32"), labels=np.arange(16) % 2, value_range=(0, 1))
        counts, _, cues = asked(linear((12, 12, 1), generator.normal(0, 1, (144, 2)), "softmax"), probes)
        first, closely, more = (*counts, 0, 0)[:3]
        assert first == 16 * 2 * 7 + 8 * 2 * 3  # thirds, which are measured only, by every second probe
        assert closely % (16 * 4) == 0
        assert more % (16 * 4) == 0
        went_on += more // 64
        stopped += (closely - more) // 64
        assert more // 64 >= len([one for one in cues if stands_out(one)])
    assert went_on > 0
    assert stopped > 0
