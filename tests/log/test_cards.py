"""Which pictures a training leaves, and under which tags."""

from helpers.event_files import picture, read
from helpers.small_training import compiled, data, fit, probes

from picasso_callbacks import Picasso, Probes


def test_separate_cards(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), layout="separate"))
    methods = ["partial_occlusion", "saliency_map", "class_probabilities"]
    pictures = {at for at, value in read(tmp_path).items() if value.metadata.plugin_data.plugin_name == "images"}
    assert pictures == {
        *{("picasso", f"picasso_{method}/left 00", step) for method in methods for step in range(3)},
        ("picasso", "picasso_filmstrip/left 00", 2),
    }


def test_pictures_keep_their_size(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(names=["a name " * 8])), epochs=3)
    shapes = {picture(value).shape for (_, tag, _), value in read(tmp_path).items() if tag.startswith("picasso/")}
    assert len(shapes) == 1


NAMES = ["cats/dogs", "a b", "naïve 猫", "<script>alert(1)</script>", "🦔", "long " * 60, "same", "same", '"\\\n', " "]


def test_any_names_make_distinct_tags_and_pictures(tmp_path):
    images, _ = data()
    many = Probes(images[: len(NAMES)], names=NAMES)
    fit(compiled(), Picasso(tmp_path, many), epochs=1)
    tags = [tag for _, tag, _ in read(tmp_path) if tag.startswith("picasso/")]
    assert len(set(tags)) == len(NAMES)
    assert all(tag.count("/") == 1 and len(tag) <= 100 and tag.isprintable() for tag in tags)
    assert "picasso/<script>alert(1)<_script>" in tags
