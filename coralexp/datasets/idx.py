"""The format idx of MNIST: big-endian, gzipped or not.

Two zero bytes, one for the type (8: uint8), one for the rank, four for each side, then the values,
the last index fastest. Format: http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.datasets.contract import Pixels

MOST_VALUES = (
    2**28
)  # of an array: MNIST has 47 million, EMNIST's largest part 547,000 pictures more
_UINT8 = 8
_GZIP = b"\x1f\x8b"


def read_idx(file: Path, rank: int) -> Pixels:
    """Read an array of uint8.

    Args:
        file: Gzipped if it begins as such files do, whatever its name.
        rank: 3 for images `[N, H, W]`, 1 for labels `[N]`.

    Raises:
        DatasetError: If it is damaged, of another type or rank, or larger than `MOST_VALUES`.
    """
    try:
        with file.open("rb") as plain:
            zipped = plain.read(2) == _GZIP
        with gzip.open(file) if zipped else file.open("rb") as stream:
            head = stream.read(4 + 4 * rank)
            if len(head) < 4 + 4 * rank or head[:4] != bytes([0, 0, _UINT8, rank]):
                raise DatasetError(
                    f"{file}: begins with {head[:4].hex(' ') or 'nothing'}; an idx file of uint8 "
                    f"of rank {rank} begins with 00 00 08 0{rank}"
                )
            shape = struct.unpack(f">{rank}I", head[4:])
            count = math.prod(shape)
            if count > MOST_VALUES:
                raise DatasetError(f"{file}: claims to hold {list(shape)} values, too many")
            data = stream.read(count + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{file}: cannot be read ({error})") from error
    if len(data) != count:
        least = "more" if len(data) > count else f"{len(data)}"
        raise DatasetError(f"{file}: claims {count} values and holds {least}")
    return np.frombuffer(data, np.uint8).reshape(shape)
