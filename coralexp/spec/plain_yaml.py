"""YAML from elsewhere, read as plain values and nothing more.

No aliases (a few lines of them fill any memory), no tags, no interpolation, no duplicate keys, no
control characters (a terminal would obey them), a size limit. Numbers are read as Hydra reads them,
so that `1e-3` is one; dates and sexagesimal numbers such as `1:30` stay text, whole numbers have at
most 40 digits. Only a regular file is opened: a pipe would never end.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import TYPE_CHECKING, Any

import yaml

from coralexp.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 200_000  # a stored configuration has 2,000; PyYAML reads some 100 kB a second
_MAX_DEPTH = 20  # a stored configuration has 4
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_INT = re.compile(
    r"[-+]?(?:0|[1-9][0-9_]{0,39}|0x[0-9a-fA-F_]{1,32}|0b[01_]{1,128}|0[0-7_]{1,40})\Z"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class _Plain(yaml.SafeLoader):
    """Without the resolvers that turn `2026-01-01` into a date and `<<` into a merge."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                name = repr(key.value) if isinstance(key, yaml.ScalarNode) else "a collection"
                problem = f"{name} cannot be a key here"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_DROPPED = {"tag:yaml.org,2002:" + kind for kind in ("timestamp", "merge", "int", "float", "value")}
_Plain.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Plain.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))


def load_file(path: Path) -> dict[str, Any]:
    """Return the mapping that a file holds.

    Raises:
        ConfigError: If the file cannot be read, or is not plain.
    """
    try:
        content = read_regular(path, MAX_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _refusal(path, "is no text in UTF-8") from error
    return load(text, str(path))


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the first bytes of a regular file.

    Args:
        path: Of the file; a device, or a pipe, which might never end, is not read.
        most_bytes: To read no more of it.

    Raises:
        OSError: If it cannot be read, or is something else.
    """
    # Without O_NONBLOCK, opening a pipe waits for whoever writes into it.
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read(most_bytes)


def load(text: str, place: str) -> dict[str, Any]:
    """Return the mapping that a text holds.

    Args:
        text: At most 200 kB of YAML.
        place: What to call it in an error.

    Raises:
        ConfigError: If it is not plain.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _refusal(place, f"is larger than {MAX_BYTES // 1000} kB; not a configuration")
    try:
        _refuse_tricks(text, place)
        content = yaml.load(text, Loader=_Plain)  # noqa: S506 - a SafeLoader with less in it
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refusal(place, f"is no plain YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise _refusal(place, "holds no configuration: expected `key: value` lines")
    return content


def _refuse_tricks(text: str, place: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Plain):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refusal(place, "has aliases; a stored configuration has none")
        if tag := getattr(event, "tag", None):
            raise _refusal(place, f"has a tag ({tag}); a stored configuration has none")
        if isinstance(event, yaml.ScalarEvent) and "${" in event.value:
            raise _refusal(place, "holds '${'; a stored configuration has no interpolation")
        if isinstance(event, yaml.ScalarEvent) and _CONTROL.search(event.value):
            raise _refusal(place, "holds control characters; a stored configuration has none")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _refusal(place, "is nested too deeply")


def _refusal(place: object, text: str) -> ConfigError:
    return ConfigError([Problem("", f"{place} {text}")])
