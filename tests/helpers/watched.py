"""Two trainings that are looked at over eight epochs: one learns a shortcut, of the other the same is expected."""

from pathlib import Path

from helpers.shortcut_training import compiled, fit, probes, watching

EPOCHS = 8
METHODS = ["partial_occlusion", "saliency_map", "class_probabilities"]
HOSTILE = '<img src=x onerror=alert(1)> & "雪"'
NAMES = [HOSTILE, *(f"probe {index:02}" for index in range(1, 12))]
BIASED, HONEST = "biased <b>/picasso", "honest/picasso"


def train(log_dir: Path, names: tuple[str, ...] = (BIASED, HONEST)) -> None:
    """Writes both below `log_dir`. Learns slowly, so that there is something to see at each epoch."""
    for name in names:
        model = compiled()
        model.optimizer.learning_rate = 0.003
        expected = "vehicle" if name == BIASED else "sky"
        named = probes(names=NAMES, class_names=["half-track <i>", "tank"])
        callback = watching(
            log_dir / Path(name).parent, probes=named, expected=expected, methods=METHODS, on_alarm="log"
        )
        fit(model, callback, epochs=EPOCHS)
