"""Probes: the small, fixed set of images about which the model is asked at every look."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.probes.from_dataset import sample
from picasso_callbacks.probes.from_directory import read_folder
from picasso_callbacks.probes.images import as_extra, as_images, as_value_range, read_only
from picasso_callbacks.probes.labels import Labels, as_class_names, as_labels, as_names
from picasso_callbacks.probes.regions import as_regions


@dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)
class Probes:
    """The images that are looked at, what they show, and what they are called.

    Everything is checked here and copied: changing the arrays later changes nothing. The images stay in the dtype and
    range in which the model's `preprocess` (or the model) takes them. A look costs about 50 forward passes a probe,
    with labels 130.

    The value range says what is black and what is white; pictures and occlusion canvases follow from it. Unless
    `value_range` is given, it is

    - `(0, 1)` for booleans and `(0, 255)` for `uint8`, whatever their values;
    - for floats and other integers, but not for 16-bit ones, the first of `(0, 1)`, `(-1, 1)` and `(0, 255)` that holds
      all values, up to a twentieth of its width beyond each end (`(0, 255)` only if some value exceeds 32);
    - else the lowest and highest value in `images`, widened if they are equal. Say `value_range=(-1000, 1000)` where
      the data's range is known, such as Hounsfield units, so that it doesn't depend on which probes were taken.

    Args:
        images: `[P, H, W, C]` or, grey, `[P, H, W]`, booleans, integers or floats, finite in float32: a NumPy array, a
            tensor of any backend, or a list of equally large images.
        labels: What each image shows, one of these. `None`: not known.

            - One class: an index, int `[P]` or `[P, 1]`; a row, one-hot or smoothed, `[P, classes]`; or a name.
            - Several classes or none, for a model that tells each by itself: rows of 0 and 1 `[P, classes]`, or a list
              of names for each image.
            - The true values of a regression: finite numbers `[P]` or `[P, outputs]`.
        names: What each probe is called, P strings of any kind; of those there twice, the later ones end in ` (2)`,
            ` (3)`. `None`: the class and a number, `"tank 03"`, or without class names `"probe 03"`.
        class_names: The classes in the order of the model's outputs. `None`: the sorted labels if they are names,
            else not known.
        value_range: `(low, high)`, the values of black and white.
        extra: The model's other inputs by name, held fixed: an array for each probe `[P, ...]`, or one for all
            `[1, ...]`. Where the model does not know its inputs' names (it is subclassed), the name of the image input
            too, with `None`. Or a list of all inputs in the model's order, with `None` for the image.
        regions: Named parts of the pictures, for telling what the answers hang on: `{"sky": masks, "vehicle": masks}`,
            masks `[P, H, W]`, true inside; or for each probe a mask, a box `(top, left, height, width)` or `None` where
            it lacks the region; or the path of a folder of mask images, white inside, each named as its probe or as
            the end of that name after a space or a sign: `03.png` for `"tank 03"`. Of how many probes there is none
            is said.

    Attributes:
        images: `[P, H, W, C]` in their own dtype, read-only.
        labels: int64 `[P]`, read-only: the class of each image. `None`: not known, or not one each.
        multi_hot: bool `[P, classes]`, read-only, if there are several classes or none to an image; else `None`.
        true_values: float64 `[P, n]`, read-only, the labels as they came if they are numbers; else `None`. They are
            shown beside the answers of a model whose n outputs are plain numbers.
        names: P distinct strings.
        class_names: Distinct strings, or `None`.
        value_range: Two floats `(low, high)`, low < high.
        extra: Arrays `[P, ...]` by name or place, read-only, or `None`.
        regions: Masks by name, bool `[P, H, W]`, read-only, or `None`.

    Raises:
        ValueError: An argument can't be read as said above, or doesn't go with the others.

    Example:
        ```python
        probes = Probes(x_test[:8], labels=y_test[:8], class_names=["half-track", "tank"])
        model.fit(x, y, epochs=10, callbacks=[Picasso("logs", probes)])
        ```
    """

    images: np.ndarray
    labels: np.ndarray | None
    multi_hot: np.ndarray | None
    true_values: np.ndarray | None
    names: tuple[str, ...]
    class_names: tuple[str, ...] | None
    value_range: tuple[float, float]
    extra: dict[str | int, np.ndarray | None] | None
    regions: dict[str, np.ndarray] | None

    def __init__(
        self,
        images: Any,
        labels: Any = None,
        names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        *,
        value_range: tuple[float, float] | None = None,
        extra: Mapping[Any, Any] | Sequence[Any] | None = None,
        regions: Mapping[str, Any] | None = None,
    ) -> None:
        images = as_images(images)
        class_names = as_class_names(class_names)
        known = Labels(None, None, None, class_names)
        if labels is not None:
            known = as_labels(labels, len(images), class_names)
            class_names = known.class_names
        set_field = object.__setattr__  # the way into a frozen dataclass
        set_field(self, "images", images)
        set_field(self, "labels", known.labels)
        set_field(self, "multi_hot", known.multi_hot)
        set_field(self, "true_values", known.true_values)
        set_field(self, "names", as_names(names, len(images), known.labels, class_names))
        set_field(self, "class_names", class_names)
        set_field(self, "value_range", as_value_range(value_range, images))
        set_field(self, "extra", as_extra(extra, len(images)))
        set_field(self, "regions", as_regions(regions, self.names, images.shape[1:3]))

    @classmethod
    def from_directory(
        cls,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        image_size: tuple[int, int] | None = None,
        *,
        count: int | None = 24,
        color_mode: str = "rgb",
        class_names: Sequence[str] | None = None,
        regions: Mapping[str, Any] | None = None,
        labels: Any = None,
    ) -> Probes:
        """Reads image files from a folder for each class, from one flat folder, or as `labels` name them.

        As `keras.utils.image_dataset_from_directory`, but: the bilinear resizing antialiases when it makes an image
        smaller, TIFF and WebP are read too, `class_names` may have more classes than there are folders, and grey of
        more than 8 bits keeps them, as in `keras.utils.load_img(color_mode="grayscale")`: images are then `uint16`,
        `int32` or `float32` with the file's own values, else `uint8`. (What `image_dataset_from_directory` makes 8 bits
        of, `Probes.from_dataset` takes from that dataset.) As in Keras, the first frame of an animation is taken, and
        the orientation that a camera noted (EXIF) is not followed; it is said of how many images. Hidden and other
        files are skipped.

        Args:
            path: A folder with a folder for each class (images in it at any depth), or with images. Or a list of such
                folders and of image files, which have no labels; then all have, or none.
            image_size: `(height, width)` to resize to. `None`: the images all have the same size already.
            count: How many images to take at most, as evenly from the classes as possible, the first by name of each.
                `None`: all. If the folder has more, it is said how many were taken.
            color_mode: `"rgb"`, `"rgba"` or `"grayscale"`: 3, 4 or 1 channels.
            class_names: The classes in the order of the model's outputs; class folders must be among them. `None`: the
                sorted folder names.
            regions: As in `Probes`, in the size that the images come to have. In a folder of mask images, each is named
                as the image's file.
            labels: What each file shows, where folders don't tell: a dict `{file name: label}`; a pandas Series with
                file names as its index; a pandas or polars DataFrame, or the path of a CSV file (UTF-8, with a header),
                with file names in the first column (a DataFrame may have them as its index). Then comes one column of
                labels, or several of numbers, one for each class or output, named as these; `class_names` may pick
                them. Labels are class names or indices, several names (a list, or `"mass|nodule"` in a CSV file), rows
                of 0 and 1, or the true values of a regression. A file name is the end of a path, `"cat/03.png"` or
                `"03.png"`, with or without its ending. Images at any depth are read; those without a label are left
                out, which is said.

        Returns:
            Probes named by class and file name, sorted by class folder and path; with `labels`, by label and path.

        Raises:
            ValueError: No such folder, no image in it, a file that can't be read (it is named), unequal sizes or types;
                labels of none of the files, or that can't be read as said above; regions as in `Probes`.

        Example:
            `Probes.from_directory("photos", image_size=(128, 160), regions={"vehicle": "masks/vehicle"})`
        """
        names = as_class_names(class_names)
        return cls(*read_folder(path, image_size, count, color_mode, names, labels), regions=regions)

    @classmethod
    def from_dataset(
        cls,
        dataset: Any,
        count: int = 24,
        balanced: bool = True,
        class_names: Sequence[str] | None = None,
        *,
        value_range: tuple[float, float] | None = None,
    ) -> Probes:
        """Takes the first `count` images of a dataset, or the first of each class.

        Elements are `x`, `(x, y)` or `(x, y, sample_weight)`, single or in batches. `x` with four axes is a batch, with
        two a grey image. With three it is one image `[H, W, C]` if `y` is a scalar or a vector of another length than
        `x`, a batch `[N, H, W]` if `y` has two axes, and else one image if its last axis has 1, 3 or 4 entries.

        Balanced reading stops when every class has its share: those in `class_names`, or the columns of one-hot labels,
        or else those seen in the first `20 * count` images (later, if that was only one). After `200 * count` images it
        takes what there is; a warning names missing classes. Arrays are searched whole.

        What was read from a generator is gone from it, and reading a shuffled dataset draws from its random state (for
        a torch `DataLoader`, from torch's).

        Args:
            dataset: A tuple of arrays `(x, y)` or one array `x`, a `tf.data.Dataset`, `keras.utils.PyDataset`, torch
                `DataLoader` or `Dataset`, a generator or any other iterable of elements.
            count: How many images to take; fewer if there are no more.
            balanced: Equally many of each class, as far as that is possible. Without labels it means nothing.
            class_names: As in `Probes`. `None`: `dataset.class_names`, if there is such a thing.
            value_range: As in `Probes`.

        Returns:
            Probes in the dataset's order.

        Raises:
            ValueError: The dataset is empty, or its elements are not as above.

        Example:
            `Probes.from_dataset(validation_data, count=24, class_names=["half-track", "tank"])`
        """
        if class_names is None:
            class_names = getattr(dataset, "class_names", None)
        class_names = as_class_names(class_names)
        images, labels = sample(dataset, count, balanced, class_names)
        return cls(images, labels, None, class_names, value_range=value_range)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Any) -> Probes:
        """Some of the probes, by index, slice, list of indices or mask; names and value range stay."""
        chosen = np.atleast_1d(np.arange(len(self))[index])
        names = [self.names[i] for i in chosen]
        extra = {name: value if value is None else value[chosen] for name, value in (self.extra or {}).items()}
        regions = {name: masks[chosen] for name, masks in (self.regions or {}).items() if masks[chosen].any()}
        some = Probes(
            self.images[chosen],
            None,
            names,
            self.class_names,
            value_range=self.value_range,
            extra=extra or None,
            regions=regions or None,
        )
        for field in ("labels", "multi_hot", "true_values"):  # as they are: one row of several may name one class only
            rows = getattr(self, field)
            object.__setattr__(some, field, None if rows is None else read_only(rows[chosen]))
        return some

    def __repr__(self) -> str:
        low, high = self.value_range
        known = (self.labels, self.multi_hot, self.true_values)
        labelled = "not labelled" if all(one is None for one in known) else "labelled"
        return f"<Probes: images {self.images.shape} {self.images.dtype}, range {low:g}..{high:g}, {labelled}>"

    def labels_of(self, index: int) -> tuple[int, ...] | None:
        """The classes that a probe is labelled with, one or several or none; `None` where that is not known."""
        if self.multi_hot is not None:
            return tuple(np.flatnonzero(self.multi_hot[index]).tolist())
        return None if self.labels is None else (int(self.labels[index]),)

    def display(self, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
        """Probes as a person sees them, by default all: uint8 `[P, H, W, 3]`, as `as_seen`."""
        return self.as_seen(self.images[rows])

    def as_seen(self, images: np.ndarray) -> np.ndarray:
        """Images like the probes, `[N, H, W, C]`, as a person sees them: uint8 `[N, H, W, 3]`, the range over 0..255.

        One channel is grey, three are RGB, four RGBA on white; of any other number the mean is shown as grey.
        """
        low, high = self.value_range
        shown = np.clip((images.astype("float64") - low) / (high - low), 0, 1)
        if shown.shape[-1] == 4:
            alpha = shown[..., 3:]
            shown = shown[..., :3] * alpha + (1 - alpha)
        if shown.shape[-1] != 3:
            shown = np.repeat(shown.mean(axis=-1, keepdims=True), 3, axis=-1)
        return np.rint(shown * 255).astype("uint8")


def in_units_of(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Other pictures in the dtype of images, so that `preprocess` takes both alike.

    Args:
        images: `[P, H, W, C]`.
        others: `[..., H, W, C]`, in the images' units.

    Returns:
        `others` themselves where they have that dtype already; else clipped to what it holds, of integers also rounded;
        float32 for boolean images, which know no grey.
    """
    if images.dtype == bool:
        return others.astype("float32", copy=False)
    if others.dtype == images.dtype:
        return others
    integer = images.dtype.kind in "iu"
    limits = np.iinfo(images.dtype) if integer else np.finfo(images.dtype)
    exact = np.result_type(others.dtype, images.dtype)  # float32 would round the end of 32 bits beyond it
    others = others.astype(exact, copy=False)
    low, high = exact.type(limits.min), exact.type(limits.max)
    if exact.kind == "f" and int(high) > int(limits.max):  # as float64 does with the end of 64 bits
        high = np.nextafter(high, exact.type(0))
    return np.clip(np.rint(others) if integer else others, low, high).astype(images.dtype, copy=False)
