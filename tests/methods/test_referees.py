"""Other people's occlusion and saliency, of the same models with the same windows: captum on torch, xplique on TF."""

import keras
import numpy as np
import pytest
from helpers.models import cnn

from picasso_callbacks import PartialOcclusion, Probes, explain

SIZE, WINDOW, GREY = (12, 16, 3), (4, 4), 0.5
BACKEND = keras.config.backend()
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="captum takes torch modules")
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="xplique takes TensorFlow models")


def look(model, images, stride=WINDOW, target=0):
    """Occlusion and saliency of one output, as it is: the score that referees know too."""
    methods = [PartialOcclusion(window=WINDOW, stride=stride), "saliency_map"]
    probes = Probes(images, value_range=(0, 1))
    return explain(model, probes, methods=methods, targets=[target], decode_prob="value")


@pytest.fixture(scope="module")
def logits():
    """A convolutional network without its softmax."""
    keras.utils.set_random_seed(7)
    return cnn(SIZE, classes=3)[1]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(5).uniform(0, 1, (2, *SIZE)).astype("float32")


def assert_agree(ours, theirs, name, tolerance=2e-5):
    difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(f"{name}: largest difference {difference:.1e} of the largest value")
    assert np.abs(theirs).max() > 0.01
    assert difference < tolerance


@on_torch
@pytest.mark.parametrize("stride", [(4, 4), (2, 4), (1, 3)])
@pytest.mark.parametrize("target", [0, 2])
def test_occlusion_agrees_with_captum(logits, images, stride, target):
    attr = pytest.importorskip("captum.attr")
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        theirs = attr.Occlusion(logits).attribute(
            torch.tensor(images),
            sliding_window_shapes=(*WINDOW, SIZE[-1]),
            strides=(*stride, SIZE[-1]),
            baselines=GREY,
            target=target,
        )
    ours = look(logits, images, stride, target)["partial_occlusion"].values[:, 0]
    assert_agree(ours, theirs.numpy()[..., 0], f"captum Occlusion, stride {stride}")


@on_torch
@pytest.mark.parametrize("target", [0, 2])
def test_saliency_agrees_with_captum(logits, images, target):
    attr = pytest.importorskip("captum.attr")
    torch = pytest.importorskip("torch")
    theirs = attr.Saliency(logits).attribute(torch.tensor(images, requires_grad=True), target=target, abs=True)
    ours = look(logits, images, target=target)["saliency_map"].values[:, 0]
    assert_agree(ours, theirs.detach().numpy().max(axis=-1), "captum Saliency")


@on_tensorflow
@pytest.mark.parametrize("target", [0, 2])
def test_occlusion_agrees_with_xplique(logits, images, target):
    """Where windows neither overlap (it sums them) nor leave a border (it does not reach it)."""
    attributions = pytest.importorskip("xplique.attributions")
    one_hot = np.eye(3, dtype="float32")[[target] * len(images)]
    theirs = attributions.Occlusion(logits, patch_size=WINDOW, patch_stride=WINDOW, occlusion_value=GREY)
    ours = look(logits, images, target=target)["partial_occlusion"].values[:, 0]
    assert_agree(ours, np.asarray(theirs(images, one_hot))[..., 0], "xplique Occlusion")


@on_tensorflow
@pytest.mark.parametrize("target", [0, 2])
def test_saliency_agrees_with_xplique(logits, images, target):
    attributions = pytest.importorskip("xplique.attributions")
    one_hot = np.eye(3, dtype="float32")[[target] * len(images)]
    theirs = attributions.Saliency(logits, reducer="max")
    ours = look(logits, images, target=target)["saliency_map"].values[:, 0]
    assert_agree(ours, np.asarray(theirs(images, one_hot))[..., 0], "xplique Saliency")
