"""Methods by the input's gradient, on models whose gradients are known on paper."""

import keras
import numpy as np
import pytest
from helpers.models import from_logits, linear
from keras import ops

from picasso_callbacks import InputXGradient, IntegratedGradients, Probes, SaliencyMap, SmoothGrad, explain
from picasso_callbacks.methods.base import Look
from picasso_callbacks.model.live_model import LiveModel

SIZE = (5, 7, 3)
IMAGES = np.random.default_rng(2).random((2, *SIZE), dtype="float32")
WEIGHTS = np.random.default_rng(1).normal(size=(*SIZE, 2)).astype("float32")


def linearly():
    return linear(SIZE, WEIGHTS.reshape(-1, 2), loss=from_logits())


def squared():
    """The logits are sums of weights times squares, whose gradients are `2 * weights * x`."""
    image = keras.Input(SIZE)
    logits = [ops.sum(image**2 * WEIGHTS[..., k], axis=(1, 2, 3)) for k in range(2)]
    model = keras.Model(image, ops.stack(logits, axis=1))
    model.compile(loss=from_logits())
    return model


def maps(model, method, targets=(1, 0)):
    report = explain(model, Probes(IMAGES, value_range=(0, 1)), methods=[method], targets=list(targets))
    [found] = report.explanations.values()
    return found


def of_targets(weights):
    """Weights `[H, W, C, 2]` of the targets 1 and 0: `[1, 2, H, W, C]`."""
    return np.moveaxis(weights, -1, 0)[None, [1, 0]]


def test_input_x_gradient_of_a_linear_model_is_what_each_pixel_adds():
    expected = (IMAGES[:, None] * of_targets(WEIGHTS)).sum(axis=-1)
    np.testing.assert_allclose(maps(linearly(), "input_x_gradient").values, expected, atol=1e-6)


def test_input_x_gradient_of_squares_is_twice_what_they_add():
    expected = (2 * IMAGES[:, None] ** 2 * of_targets(WEIGHTS)).sum(axis=-1)
    np.testing.assert_allclose(maps(squared(), "input_x_gradient").values, expected, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 7])
@pytest.mark.parametrize(("canvas", "colour"), [("grey", 0.5), ("black", 0.0)])
def test_integrated_gradients_of_squares_is_their_rise_from_the_canvas(steps, canvas, colour):
    """Their gradient is linear along the way, so that midpoints integrate it without an error."""
    found = maps(squared(), IntegratedGradients(steps, canvas))
    expected = ((IMAGES[:, None] ** 2 - colour**2) * of_targets(WEIGHTS)).sum(axis=-1)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    [note] = found.notes
    off, rise = (float(note.split(before)[1].split(" ")[0].rstrip(".")) for before in ("by up to ", "goes up to "))
    assert off < 1e-4
    assert rise == pytest.approx(np.abs(expected.sum(axis=(2, 3))).max(), rel=0.05)


def test_integrated_gradients_says_how_far_it_is_from_complete():
    """Of cubes the midpoint of a single step, at half of `x`, finds `3/4 x ** 3`."""
    image = keras.Input(SIZE)
    total = ops.sum(image**3, axis=(1, 2))[:, :1]
    model = keras.Model(image, ops.concatenate([total, 2 * total], axis=1))
    model.compile(loss=from_logits())
    [note] = maps(model, IntegratedGradients(1, "black")).notes
    rise = 2 * (IMAGES**3).sum(axis=(1, 2))[:, 0].max()
    assert note == f"Sums are off by up to {rise / 4:.2g} from S(probe) - S(canvas), which goes up to {rise:.2g}."


def test_smooth_grad_of_a_linear_model_is_its_saliency_and_does_not_vary():
    strongest = np.abs(of_targets(WEIGHTS)).max(axis=-1).repeat(2, axis=0)
    np.testing.assert_allclose(maps(linearly(), SmoothGrad(5)).values, strongest, rtol=1e-5)
    np.testing.assert_allclose(maps(linearly(), SmoothGrad(5, of="square")).values, strongest**2, rtol=1e-5)
    np.testing.assert_allclose(maps(linearly(), SmoothGrad(5, of="variance")).values, 0, atol=1e-5)


def test_smooth_grad_of_squares_is_that_of_the_mean_copy():
    samples, deviation = 6, 0.2 * np.ptp(IMAGES)
    copies = IMAGES[:, None] + deviation * np.random.default_rng(3).standard_normal((samples, *SIZE), "float32")
    gradients = 2 * copies[:, :, None] * of_targets(WEIGHTS)[:, None]
    for of, expected in (
        ("gradient", np.abs(gradients.mean(axis=1))),
        ("square", (gradients**2).mean(axis=1)),
        ("variance", gradients.var(axis=1)),
    ):
        found = maps(squared(), SmoothGrad(samples, 0.2, of, seed=3)).values
        np.testing.assert_allclose(found, expected.max(axis=-1), rtol=1e-3, atol=1e-4)


def test_saliency_and_input_x_gradient_share_one_pass(monkeypatch):
    live = LiveModel(squared(), Probes(IMAGES))
    look, asked, gradients = Look(live, live.scores(), np.array([[0], [1]])), [], live.gradients
    monkeypatch.setattr(live, "gradients", lambda *given, **named: asked.append(1) or gradients(*given, **named))
    SaliencyMap().explain(look)
    InputXGradient().explain(look)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IntegratedGradients(steps=0), "IntegratedGradients: steps is 0; expected an int >= 1"),
        (lambda: IntegratedGradients(canvas="pink"), "canvas='pink' is unknown"),
        (lambda: SmoothGrad(samples=2.5), "SmoothGrad: samples is 2.5"),
        (lambda: SmoothGrad(noise=-1), "noise -1; expected"),
        (lambda: SmoothGrad(of="mean"), "of is 'mean'; expected 'gradient', 'square' or 'variance'"),
    ],
)
def test_wrong_arguments_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
