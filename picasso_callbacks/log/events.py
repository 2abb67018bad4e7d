"""Events: pictures, numbers and texts as records of a TensorBoard event file, without TensorFlow.

The protocol buffers and the plugins' metadata are TensorBoard's.
"""

from __future__ import annotations

import re
import struct
import time

import google_crc32c
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar import metadata as scalar_metadata
from tensorboard.plugins.text import metadata as text_metadata

from picasso_callbacks.encode import encode


def image(tag: str, step: int, pixels: np.ndarray, description: str = "") -> bytes:
    """A picture, uint8 `[H, W, 3]`, with a `description` in Markdown."""
    height, width = pixels.shape[:2]
    strings = [str(width).encode(), str(height).encode(), encode(pixels)]
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=strings)
    return _summary(tag, step, tensor, image_metadata.create_summary_metadata(None, description))


def scalar(tag: str, step: int, value: float) -> bytes:
    """A number."""
    tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[value])
    return _summary(tag, step, tensor, scalar_metadata.create_summary_metadata(None, None))


def text(tag: str, step: int, markdown: str) -> bytes:
    """A text in Markdown."""
    tensor = TensorProto(
        dtype=DT_STRING, tensor_shape=TensorShapeProto(), string_val=[markdown.encode("utf-8", "replace")]
    )
    return _summary(tag, step, tensor, text_metadata.create_summary_metadata(None, None))


def as_markdown(words: str) -> str:
    """Words on one line as Markdown that shows them as they are: a name is no link, no picture and no heading."""
    words = words.lstrip().replace("&", "&amp;").replace("<", "&lt;")
    return _MARKUP.sub(lambda found: "".join("\\" * (each in _SIGNS) + each for each in found[0]), words)


_SIGNS = "\\`*_[]#>+-."

_MARKUP = re.compile(
    r"""
    [\\`*]
    | (?<![^\W_])_ | _(?![^\W_])  # within a word it is no emphasis
    | \](?=\s*[(:\[])
    | \A (?: [#>+\[-] | \d+\. )
    """,
    re.VERBOSE,
)
"""What Python-Markdown, which TensorBoard uses, would obey on a single line."""


def version() -> bytes:
    """What a file begins with."""
    source = SourceMetadata(writer="picasso_callbacks.log.event_log")
    return _record(Event(wall_time=time.time(), file_version="brain.Event:2", source_metadata=source))


def _summary(tag: str, step: int, tensor: TensorProto, metadata: SummaryMetadata) -> bytes:
    value = Summary.Value(tag=tag, metadata=metadata, tensor=tensor)
    return _record(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))


def _record(event: Event) -> bytes:
    """`event` as a record: length, checksum of the length, data, checksum of the data."""
    data = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    return b"".join([length, _checksum(length), data, _checksum(data)])


def _checksum(data: bytes) -> bytes:
    """The CRC-32C as records store it: rotated and offset, since a checksum of checksums is weak.

    TensorBoard's own, a loop over bytes in Python, takes 43 ms for a picture of 150 kB, google-crc32c 0.01 ms.
    """
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
