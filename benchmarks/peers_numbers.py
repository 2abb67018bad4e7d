"""What the peers' numbers say, held against brute force, each in a sentence with what was measured.

Imported in a peer's environment by the worker of `peers.py`. The pictures are in 0..1; they are wider than high, or
leave a rest beside the last window, where that shows something.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import keras
import numpy as np
from peers_tools import CLASSES, GREY, STRIDE, WINDOW, network, one_hot, pictures
from peers_truth import SURE, agrees, alike, apart, averaged, drops, places, saturated, true_gradients

from picasso_callbacks import PartialOcclusion, Probes, SaliencyMap, explain


def ours() -> Iterator[str]:
    size = (44, 60)
    images, model, where = pictures(2, size), network(size), places(size, flush=True)
    truth = averaged(drops(model, images, where)[..., 0], where, size)
    method = PartialOcclusion(window=WINDOW, stride=STRIDE, score="probability")
    report = explain(model, Probes(images, value_range=(0, 1)), methods=[method], targets=[0])
    difference = apart(truth, report["partial_occlusion"].values[:, 0])
    yield f"Occlusion agrees with brute force on 44 x 60 pictures {agrees(difference)}."
    images = pictures(4)
    report = explain(network(sure=SURE), Probes(images, value_range=(0, 1)), methods=[SaliencyMap()], targets=[0])
    truth = np.abs(true_gradients(images, SURE)).max(axis=-1)
    difference = apart(truth, report["saliency_map"].values[:, 0])
    yield f"Saliency agrees with the gradients of the logits {agrees(difference)}, however sure a network is."


def tf_explain() -> Iterator[str]:
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity

    sensitivity = OcclusionSensitivity().get_sensitivity_map
    image, model = pictures(1), network()
    # The map is enlarged from one value a patch, which stands in the middle of its patch.
    cells = sensitivity(model, image[0], 0, WINDOW).reshape(4, 16, 4, 16)[:, 7:9, :, 7:9].mean(axis=(1, 3)).ravel()
    base = float(model.predict(image, verbose=0)[0, 0])
    by_grey = {
        grey: 1 - base + drops(model, image, places(image.shape[1:3], WINDOW), grey)[0, :, 0] for grey in (GREY, 127.5)
    }
    off = {grey: np.abs(values - cells).max() for grey, values in by_grey.items()}
    yield (
        "Hides with 127.5 whatever the range of the pictures: in 0..1 its map is that of brute force with 127.5 "
        f"({agrees(off[127.5])}), and up to {off[GREY]:.2f} of probability from that with their grey, 0.5."
    )
    yield f"Shows 1 - probability, not the change: where nothing matters its map is {1 - base:.2f} here, not 0."
    yield _stretched()
    yield _right_quarter()
    yield from _vanilla_gradients()


def _stretched() -> str:
    """How maps of very different range are drawn; on black, so that only their colours show."""
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity

    black, occlusion = np.zeros((1, 64, 64, 3), "float32"), OcclusionSensitivity()
    ranges, brightest = [], []
    for sure in (1e-5, 1e-2):
        model = network(sure=sure)
        ranges.append(np.ptp(occlusion.get_sensitivity_map(model, black[0], 0, WINDOW)))
        brightest.append(int(occlusion.explain((black, None), model, 0, WINDOW).max()))
    return (
        f"Stretches each map by itself, so that no two can be compared: one that ranges over {ranges[0]:.0e} and one "
        f"over {ranges[1]:.0e} are both drawn in all colours (brightest {brightest[0]} and {brightest[1]} of 255)."
    )


def _right_quarter() -> str:
    """A network that looks at nothing but the right quarter, of pictures that are wider than high."""
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity

    size = (48, 64)
    inputs = keras.Input((*size, 3))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(inputs)))
    kernel = np.zeros((*size, 3, 1))
    kernel[:, 48:] = 0.01 * np.sign(np.random.default_rng(2).normal(size=(48, 16, 3, 1)))
    model.set_weights([kernel.reshape(-1, 1), np.zeros(1)])
    image = pictures(1, size)
    found = OcclusionSensitivity().get_sensitivity_map(model, image[0], 0, WINDOW)
    truth = drops(model, image, places(size, WINDOW), 127.5)
    return (
        f"Takes height for width: the map of a 48 x 64 picture has shape {found.shape}, and of a network that looks at "
        f"its right quarter only, the map ranges over {np.ptp(found):.2f} (brute force: {np.ptp(truth):.2f}), since "
        "that quarter is never hidden."
    )


def _vanilla_gradients() -> Iterator[str]:
    from tf_explain.core.vanilla_gradients import VanillaGradients

    images, vanilla, logits = pictures(4), VanillaGradients(), network(activation=None)
    score_model = vanilla.get_score_model(network(sure=SURE))
    yield saturated("Saliency", images, np.asarray(vanilla.compute_gradients(images, score_model, 0)))
    together = vanilla.explain_score_model((images, None), logits, 0)[:64, :64]
    alone = vanilla.explain_score_model((images[:1], None), logits, 0)
    truth = np.abs(true_gradients(images[:1])).sum(axis=-1)
    yield (
        "Its picture of gradients overflows 8 bits: the rank correlation with the gradients that it shows is "
        f"{alike(alone, truth):.2f}, and {np.mean(together != alone):.0%} of its pixels change if other pictures are "
        "explained along with it."
    )


def xplique() -> Iterator[str]:
    from xplique.attributions import Occlusion, Saliency

    size = (60, 60)
    images, model, where = pictures(2, size), network(size), places(size)
    theirs = Occlusion(model, patch_size=WINDOW, patch_stride=STRIDE, occlusion_value=GREY)
    found = np.asarray(theirs(images, one_hot(0, 2)))[..., 0]
    truth = averaged(drops(model, images, where)[..., 0], where, size)
    corner, edge, inside = (found[0][at] / truth[0][at] for at in ((0, 0), (0, 30), (30, 30)))
    yield (
        f"Adds overlapping windows up: its map is {corner:.2f} times the mean of brute force in the corner, {edge:.2f} "
        f"times at the edge and {inside:.2f} times inside."
    )
    blank = int((found == 0).all(axis=(0, 1)).sum())
    yield f"Occlusion does not reach the border: of 60 columns the last {blank} are never hidden and get 0."
    images, logits = pictures(4), network(activation=None)
    where = places(images.shape[1:3], WINDOW)
    theirs = Occlusion(logits, patch_size=WINDOW, patch_stride=WINDOW, occlusion_value=GREY)
    truth = averaged(drops(logits, images, where)[..., 0], where, images.shape[1:3])
    difference = apart(truth, np.asarray(theirs(images, one_hot(0, 4)))[..., 0])
    yield f"Where windows neither overlap nor leave a rest, it agrees with brute force {agrees(difference)}."
    yield saturated("Saliency", images, np.asarray(Saliency(network(sure=SURE))(images, one_hot(0, 4))))


def tf_keras_vis() -> Iterator[str]:
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    images, score = pictures(4), CategoricalScore([0] * 4)
    saliency = Saliency(network(sure=SURE), ReplaceToLinear())
    truth = np.abs(true_gradients(images, SURE)).max(axis=-1)
    peaks, stretched = truth.max(axis=(1, 2)), saliency(score, images).max()
    difference = apart(truth, saliency(score, images, normalize_map=False))
    yield (
        f"Stretches each map by itself to 0..{stretched:.0f} unless told otherwise: that the largest gradients of four "
        f"pictures differ by {peaks.max() / peaks.min() - 1:.0%} is lost. With normalize_map=False and ReplaceToLinear "
        f"it agrees with the gradients of the logits {agrees(difference)}."
    )
    found = Saliency(network(sure=SURE))(score, images, normalize_map=False)
    yield saturated("Without ReplaceToLinear it", images, found)
    sequential = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)])
    try:
        Saliency(sequential, ReplaceToLinear())
    except AttributeError as error:
        yield f"ReplaceToLinear fails on a Keras 3 Sequential: {error}."


def captum() -> Iterator[str]:
    from captum.attr import Occlusion, Saliency

    size = (60, 60)
    images, model, where = pictures(2, size), network(size), places(size, flush=True)
    inputs = keras.ops.convert_to_tensor(images)
    attribute = functools.partial(Occlusion(model).attribute, inputs, (WINDOW, WINDOW, 3), baselines=GREY, target=0)
    found = keras.ops.convert_to_numpy(attribute(strides=(STRIDE, STRIDE, 3)))[..., 0]
    truth = averaged(drops(model, images, where)[..., 0], where, size)
    inside = np.s_[:, :40, :40]  # what no window at the border hides
    border = np.abs(truth - found).max() / np.abs(truth).max()
    yield f"Occlusion agrees with brute force {agrees(apart(truth[inside], found[inside]))} inside the picture."
    yield (
        "Where the stride leaves a rest, its last windows are cut at the border (12 pixels of 16): up to "
        f"{border:.0%} of the largest value from what whole windows say."
    )
    try:
        attribute(strides=(24, 24, 3))
    except AssertionError as error:
        yield f"Refuses a stride above the window: {error}"
    images = pictures(4)
    inputs = keras.ops.convert_to_tensor(images).requires_grad_()
    gradients = Saliency(network(sure=SURE)).attribute(inputs, target=0).detach()
    yield saturated("Saliency", images, keras.ops.convert_to_numpy(gradients))


TENSORFLOW = {"picasso-callbacks": ours, "tf-explain": tf_explain, "xplique": xplique, "tf-keras-vis": tf_keras_vis}
TORCH = {"picasso-callbacks": ours, "captum": captum}


def findings() -> list[dict[str, str]]:
    """All that there is to say about the tools of this backend."""
    tools = TORCH if keras.backend.backend() == "torch" else TENSORFLOW
    return [{"tool": tool, "says": sentence} for tool, sentences in tools.items() for sentence in sentences()]
