"""PNG, fast: each row as its difference from the one above.

Pillow tries five filters on every row, which takes longer than all the rest of drawing. Cards repeat rows: small probes
are enlarged, and paper is white. On them this one filter gives files of the same size within 1 %, in half of the time.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

_UP = 2
_LEVEL = 3
"""On cards as small as level 6 within 12 %, in half of the time."""


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
