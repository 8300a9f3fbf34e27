"""Names of a SavedModel's functions that depend on the model alone.

TensorFlow puts a number behind each name that counts whatever the process did before: after a
training that was resumed it is another than after one in one go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from google.protobuf.message import Message

_COUNTED = re.compile(r"(?P<name>__inference_.+)_(?P<count>\d+)")


def number_functions(file: Path) -> None:
    """Count the functions of each name from 0, in the order in which they were made.

    Args:
        file: `saved_model.pb`; written anew, its functions in the order of their names.
    """
    from coralexp.tf_runtime import SavedModel

    saved = SavedModel.FromString(file.read_bytes())
    library = saved.meta_graphs[0].graph_def.library
    counted = [match for f in library.function if (match := _COUNTED.fullmatch(f.signature.name))]
    names: dict[str, str] = {}
    made: dict[str, int] = {}
    for match in sorted(counted, key=lambda match: int(match["count"])):
        place = made[match["name"]] = made.get(match["name"], -1) + 1
        names[match[0]] = f"{match['name']}_{place}"
    _rename(saved, names)
    functions = sorted(library.function, key=lambda function: str(function.signature.name))
    del library.function[:]
    library.function.extend(functions)
    file.write_bytes(saved.SerializeToString(deterministic=True))


def _rename(message: Message, names: Mapping[str, str]) -> None:  # noqa: C901 - one case a kind of field
    """Put the new names wherever an old one stands, in keys of maps, too."""
    if message.DESCRIPTOR.name == "TensorProto":  # weights: nothing to look for, and large
        return
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in list(value):
                if hasattr(value[key], "ListFields"):
                    _rename(value[key], names)
                elif value[key] in names:
                    value[key] = names[value[key]]
            _rename_keys(value, names)
        elif field.type == field.TYPE_MESSAGE:
            for part in [value] if hasattr(value, "ListFields") else value:
                _rename(part, names)
        elif field.type == field.TYPE_STRING and isinstance(value, str):
            setattr(message, field.name, names.get(value, value))
        elif field.type == field.TYPE_STRING:
            value[:] = [names.get(text, text) for text in value]


def _rename_keys(entries: object, names: Mapping[str, str]) -> None:
    if not hasattr(entries, "GetEntryClass"):
        return
    for key in [key for key in entries if key in names]:  # type: ignore[attr-defined]
        kept = entries[key]  # type: ignore[index]
        entries[names[key]].CopyFrom(kept)  # type: ignore[index]
        del entries[key]  # type: ignore[attr-defined]
