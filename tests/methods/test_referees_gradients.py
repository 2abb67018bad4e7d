"""Methods by gradients and activations against captum, on torch."""

import keras
import numpy as np
import pytest
from helpers.torch_twin import torch_twin
from keras import layers

from picasso_callbacks import Activations, GradCam, IntegratedGradients, Probes, SmoothGrad, explain

SIZE, TARGETS = (13, 17, 3), [0, 2]
IMAGES = np.random.default_rng(5).uniform(0, 1, (3, *SIZE)).astype("float32")

attr = pytest.importorskip("captum.attr", reason="captum is there where torch is")
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def model():
    """Rectified convolutions, pooled and weighed, without a softmax; with weights of their own, on any backend."""
    rng = np.random.default_rng(1)
    made = keras.Sequential(
        [
            keras.Input(SIZE),
            layers.Conv2D(5, 3, activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(6, 3, activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    made.set_weights([3 * rng.normal(size=one.shape) / np.prod(one.shape[:-1]) ** 0.5 for one in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def twin(model):
    return torch_twin(model)


def ours(model, method):
    """The maps of both targets, one output as it is: the score that referees know too."""
    report = explain(model, Probes(IMAGES, value_range=(0, 1)), methods=[method], targets=TARGETS, decode_prob="value")
    [found] = report.explanations.values()
    return found.values


def channels_first(images=IMAGES):
    return torch.tensor(images.transpose(0, 3, 1, 2).copy(), requires_grad=True)


def theirs(attribute, **settings):
    """What captum's `attribute` gives for both targets: `[P, K, C, H, W]`."""
    found = [attribute(channels_first(), target=target, **settings).detach().numpy() for target in TARGETS]
    return np.stack(found, axis=1)


def assert_agree(ours, theirs, name):
    difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(f"{keras.config.backend()}, {name}: largest difference {difference:.1e} of the largest value")
    assert np.abs(theirs).max() > 1e-3
    assert difference < 1e-4


def enlarged(maps):
    """Maps `[P, K, h, w]` at the probes' size, bilinear, by torch."""
    return torch.nn.functional.interpolate(torch.tensor(maps), SIZE[:2], mode="bilinear").numpy()


def test_the_twin_is_the_model(model, twin):
    np.testing.assert_allclose(
        twin(channels_first()).detach().numpy(), keras.ops.convert_to_numpy(model(IMAGES)), atol=1e-5
    )


def test_input_x_gradient(model, twin):
    found = theirs(attr.InputXGradient(twin).attribute).sum(axis=2)
    assert_agree(ours(model, "input_x_gradient"), found, "InputXGradient")


@pytest.mark.parametrize("canvas", ["grey", "black"])
def test_integrated_gradients(model, twin, canvas):
    method = IntegratedGradients(steps=12, canvas=canvas)
    settings = {"baselines": {"grey": 0.5, "black": 0.0}[canvas], "n_steps": 12, "method": "riemann_middle"}
    found = theirs(attr.IntegratedGradients(twin).attribute, **settings).sum(axis=2)
    assert_agree(ours(model, method), found, f"IntegratedGradients, {canvas}")


@pytest.mark.parametrize(
    ("of", "kind"), [("gradient", "smoothgrad"), ("square", "smoothgrad_sq"), ("variance", "vargrad")]
)
def test_smooth_grad(model, twin, of, kind, monkeypatch):
    """The same noise, which stands in for what captum would draw."""
    samples = 8
    noise = 0.2 * np.ptp(IMAGES) * np.random.default_rng(0).standard_normal((samples, *SIZE), "float32")
    noise = torch.tensor(np.tile(noise, (len(IMAGES), 1, 1, 1)).transpose(0, 3, 1, 2))
    monkeypatch.setattr(torch, "normal", lambda mean, std: noise)
    tunnel = attr.NoiseTunnel(attr.Saliency(twin))
    found = theirs(tunnel.attribute, nt_type=kind, nt_samples=samples, stdevs=0.2, abs=False)
    assert_agree(ours(model, SmoothGrad(samples, 0.2, of)), np.abs(found).max(axis=2), f"NoiseTunnel, {kind}")


@pytest.mark.parametrize(("layer", "name"), [(None, "second"), ("first", "first"), ("pool", "pool")])
def test_grad_cam(model, twin, layer, name):
    of = getattr(twin, f"{name}_relu", getattr(twin, name))
    found = theirs(attr.LayerGradCam(twin, of).attribute, relu_attributions=True)[:, :, 0]
    assert_agree(ours(model, GradCam(layer)), enlarged(found), f"LayerGradCam, {name}")


def test_activations(model, twin):
    found = attr.LayerActivation(twin, twin.second_relu).attribute(channels_first()).detach().numpy()
    found = np.stack([one[np.argsort(-one.mean(axis=(1, 2)))[0]] for one in found])
    shown = ours(model, Activations(channels=1))
    rows, columns = (np.arange(side) * count // side for side, count in zip(SIZE[:2], found.shape[1:], strict=True))
    assert_agree(shown[:, 1], found[:, rows][:, :, columns], "LayerActivation, the strongest")


def test_guided_backprop(model, twin):
    found = theirs(attr.GuidedBackprop(twin).attribute).sum(axis=2)
    assert_agree(ours(model, "guided_backprop"), found, "GuidedBackprop")
