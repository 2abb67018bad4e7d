"""A report as files: what is there, in which order, and what is never written over."""

import pathlib
import re

import numpy as np
import pytest
from helpers.small_training import compiled, probes
from PIL import Image

from picasso_callbacks import Probes, explain

NAMES = ["zebra", "a/b:c*", "дом"]
CARDS = ["00 zebra", "01 a_b_c_", "02 дом"]


@pytest.fixture(scope="module")
def report():
    return explain(compiled(), probes(3, names=NAMES), shortcuts=False)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_holds_a_card_a_probe_in_order_the_numbers_and_the_words(report, tmp_path):
    folder = tmp_path / "deep" / "look"
    assert report.save(folder) == folder
    *cards, numbers, verdict = files(folder)
    assert [card.rpartition(".")[0] for card in cards] == CARDS
    assert (numbers, verdict) == ("numbers.npz", "verdict.txt")
    for index, card in enumerate(cards):
        with Image.open(folder / card) as image:
            assert image.format == {"png": "PNG", "jpg": "JPEG"}[card.rpartition(".")[2]]
            difference = np.abs(np.asarray(image, "int16") - np.asarray(report.image(index), "int16"))
            assert difference.mean() < 3
    assert (folder / verdict).read_text("utf-8").startswith("Report(3 probes, ")


def test_the_numbers_come_back(report, tmp_path):
    report.save(str(tmp_path / "look"))
    with np.load(tmp_path / "look" / "numbers.npz") as numbers:
        for name in ("targets", "probabilities", "class_scores", "log_odds"):
            np.testing.assert_array_equal(numbers[name], getattr(report, name))
        assert numbers["names"].tolist() == NAMES
        assert numbers["labels"].tolist() == [0, 1, 2]
        assert numbers["class_names"].tolist() == ["left", "middle", "right"]
        for method, found in report.explanations.items():
            np.testing.assert_array_equal(numbers[f"{method}_values"], found.values)


def test_a_later_save_replaces_an_earlier_one_whole(report, tmp_path, capsys):
    report.save(tmp_path)
    fewer = explain(compiled(), probes(1, names=["other"]), methods="saliency_map")
    fewer.save(tmp_path)
    [card, *others] = files(tmp_path)
    assert card.startswith("00 other.")
    assert others == ["numbers.npz", "verdict.txt"]
    assert capsys.readouterr().out == ""


def test_what_else_is_in_the_folder_stays_and_is_told(report, tmp_path, capsys):
    (tmp_path / "notes.md").write_text("mine")
    report.save(tmp_path)
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert re.search(rf"what else is in {re.escape(str(tmp_path))} stays: 1 by other names", capsys.readouterr().out)


@pytest.mark.parametrize("name", ["verdict.txt", "numbers.npz"])
def test_a_file_of_someone_else_is_not_written_over(report, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=f"which holds a '{name}' that no earlier save wrote"):
        report.save(tmp_path)
    assert files(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_numbers_that_name_files_elsewhere_remove_nothing(report, tmp_path):
    (tmp_path / "kept").write_text("mine")
    folder = tmp_path / "look"
    folder.mkdir()
    np.savez(folder / "numbers.npz", picasso_files=np.array(["numbers.npz", "../kept", str(tmp_path / "kept")]))
    report.save(folder)
    assert (tmp_path / "kept").exists()


def test_a_save_that_was_cut_short_can_be_repeated(report, tmp_path, monkeypatch):
    write = pathlib.Path.write_bytes

    def fails_at_words(path, data):
        if path.name == "verdict.txt":
            raise OSError("disk full")
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "write_bytes", fails_at_words)
        with pytest.raises(OSError, match="disk full"):
            report.save(tmp_path)
    report.save(tmp_path)
    assert len(files(tmp_path)) == 5


@pytest.mark.parametrize(("name", "kind", "off"), [("all.png", "PNG", 0), ("all.JPG", "JPEG", 3)])
def test_one_sheet_holds_all_cards_in_order_under_the_words(report, tmp_path, name, kind, off):
    report.save(tmp_path / name)
    cards = [np.asarray(report.image(index), "int16") for index in range(3)]
    height, width = cards[0].shape[:2]
    with Image.open(tmp_path / name) as image:
        assert image.format == kind
        sheet = np.asarray(image, "int16")
    # sqrt(3 * 393 / 700 * 4 / 3) is a little less than 1.5: one column, with gaps of 24 between.
    assert sheet.shape[1] == width
    top = len(sheet) - 3 * height - 2 * 24
    assert (sheet[:top] < 100).any()  # letters
    corners = [(top + row * (height + 24), 0) for row in range(3)]
    for card, (y, x) in zip(cards, corners, strict=True):
        assert np.abs(sheet[y : y + height, x : x + width] - card).mean() <= off


def test_many_cards_make_a_sheet_that_viewers_open(tmp_path):
    images = np.random.default_rng(0).random((120, 8, 8, 1), "float32")
    report = explain(compiled(), Probes(images), methods="saliency_map", top=1)
    report.save(tmp_path / "all.jpg")
    with Image.open(tmp_path / "all.jpg") as sheet:
        assert 20e6 < sheet.width * sheet.height < 45e6


def test_a_page_is_what_a_notebook_shows(report, tmp_path):
    report.save(tmp_path / "look.html")
    page = (tmp_path / "look.html").read_text("utf-8")
    assert report._repr_html_() in page
    assert page.startswith("<!DOCTYPE html>")
    assert 'content="light dark"' in page


@pytest.mark.parametrize("name", ["look.pdf", "look.csv", "look.WEBP"])
def test_another_kind_of_file_is_refused(report, tmp_path, name):
    with pytest.raises(ValueError, match=r"save: path is '.*'; expected a folder, or a file .png, .jpg or .html"):
        report.save(tmp_path / name)
    assert files(tmp_path) == []


def test_a_file_is_no_folder(report, tmp_path):
    (tmp_path / "look").write_text("mine")
    with pytest.raises(FileExistsError, match="a file; expected a folder"):
        report.save(tmp_path / "look")
