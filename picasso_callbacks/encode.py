"""Pictures as files: PNG, or JPEG where a picture is as rich as a photograph.

PNG is exact. Of cards of small probes, which are enlarged and repeat rows, it makes 60 to 110 kB in 4 ms of processor
time with the one filter that is used here: each row as its difference from the one above. Pillow tries five on every
row, can't be told not to, and takes 19 ms for the same size. Of a card of photographs PNG makes 430 kB in 16 ms, JPEG
120 kB in 3 ms, without the halved resolution of colours that would blur letters and the windows of a map
(`python benchmarks/writing.py`).
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

_UP = 2
_LEVEL = 3
"""On cards as small as level 6 within 12 %, in half of the time."""


_RICH = 0.17
"""Pictures in which more pixels than this part differ from the one before are smaller as JPEG."""

_QUALITY = 75
_SAMPLED = 8
"""Every so many rows are looked at."""


def encode(pixels: np.ndarray) -> bytes:
    """`pixels`, uint8 `[H, W, 3]`, as a PNG or JPEG file, whichever suits them."""
    rows = pixels[::_SAMPLED]
    changes = (rows[:, 1:] != rows[:, :-1]).any(axis=-1)
    return encode_jpeg(pixels) if np.count_nonzero(changes) > _RICH * changes.size else encode_png(pixels)


def encode_jpeg(pixels: np.ndarray) -> bytes:
    """`pixels`, uint8 `[H, W, 3]`, as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return file.getvalue()


def encode_png(pixels: np.ndarray) -> bytes:
    """`pixels`, uint8 `[H, W, 3]`, as a PNG file."""
    height, width, channels = pixels.shape
    rows = np.empty((height, 1 + width * channels), dtype="uint8")
    rows[:, 0] = _UP
    rows[:, 1:] = pixels.reshape(height, -1)
    rows[1:, 1:] -= pixels[:-1].reshape(height - 1, width * channels)  # modulo 256, as the format wants it
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.data, _LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
