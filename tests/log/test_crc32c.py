import numpy as np
import pytest
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from picasso_callbacks.log.crc32c import crc32c, masked_crc32c


@pytest.mark.parametrize(
    ("data", "crc"),
    [  # The check value of the CRC catalogue, and the examples of RFC 3720, B.4.
        (b"", 0x00000000),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_checksums(data, crc):
    assert crc32c(data) == crc


@pytest.mark.parametrize("length", [*range(1, 18), 255, 4096, 100_003])
def test_agrees_with_tensorboard_at_any_length(length):
    data = np.random.default_rng(length).bytes(length)
    assert crc32c(data) == pywrap_tensorflow.crc32c(data)
    assert masked_crc32c(data) == pywrap_tensorflow.masked_crc32c(data)
