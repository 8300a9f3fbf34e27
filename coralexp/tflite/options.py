"""The options of an operator, by their names in the schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tflite.flatbuffer import Table
    from coralexp.tflite.graph import Option

_TENSOR_TYPES = ("InDataType", "OutDataType", "OutType", "OutputType", "IdxOutType")
_ENUMERATIONS = {
    "Padding": "Padding",
    "FusedActivationFunction": "ActivationFunctionType",
    "WeightsFormat": "FullyConnectedOptionsWeightsFormat",
    "Mode": "MirrorPadMode",
    "KernelType": "LSTMKernelType",
    "Combiner": "CombinerType",
    "Type": "LSHProjectionType",
    "ReduceFunction": "ReduceWindowFunction",
    "Algorithm": "RngAlgorithm",
    "ComparisonDirection": "StablehloComparisonDirection",
    "CompareType": "StablehloComparisonType",
    "QuantizedBiasType": "TensorType",
    "KeyDtype": "TensorType",
    "ValueDtype": "TensorType",
} | dict.fromkeys(_TENSOR_TYPES, "TensorType")

_KIND, _TABLE = 3, 4  # fields of an operator: the union `builtin_options`
_KIND_2, _TABLE_2 = 11, 12  # the same for what came when the first was full


@dataclass(frozen=True)
class OptionsReader:
    """Reads options; operators whose options lie in one place get one mapping.

    Attributes:
        data: The whole file.
    """

    data: memoryview
    _known: dict[tuple[str, int], Mapping[str, Option]] = field(default_factory=dict)

    def options(self, operator: Table) -> Mapping[str, Option]:
        """Return the options of an operator; empty if it has none, or of an unknown kind.

        Raises:
            ValueError: If they lie outside of the file.
        """
        for union, kind, table in (
            ("BuiltinOptions", _KIND, _TABLE),
            ("BuiltinOptions2", _KIND_2, _TABLE_2),
        ):
            name = names(union).get(operator.uint8(kind), "NONE")
            stored = None if name == "NONE" else operator.table(table)
            if stored is not None:
                known = self._known.get((name, stored.at))
                if known is None:
                    known = self._known[name, stored.at] = self._read(name, stored)
                return known
        return {}

    def _read(self, name: str, stored: Table) -> Mapping[str, Option]:
        from ai_edge_litert import schema_py_generated as schema

        view = getattr(schema, name)()
        view.Init(self.data, stored.at)
        return {
            field: _option(view, getter, stored, is_vector=is_vector)
            for field, getter, is_vector in _fields(name)
        }


def _option(view: object, getter: str, stored: Table, *, is_vector: bool) -> Option:
    budget = stored.source.budget
    if is_vector:
        budget.charge_items(getattr(view, f"{getter}Length")())
        vector = getattr(view, f"{getter}AsNumpy")()
        return () if isinstance(vector, int) else tuple(vector.tolist())  # 0 if it is absent
    value = getattr(view, getter)()
    if getter in _ENUMERATIONS:
        return names(_ENUMERATIONS[getter]).get(value, str(value))
    if isinstance(value, bytes):
        budget.charge_items(len(value))
        return value.decode(errors="replace")
    return value if isinstance(value, bool | int | float) else None


@cache
def _fields(options: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the fields of a table of options, each with its getter, and whether it is a vector."""
    from ai_edge_litert import schema_py_generated as schema

    methods = [name for name in vars(getattr(schema, options)) if name[0].isupper()]
    own = [name for name in methods if name != "Init" and not name.startswith(("GetRoot", options))]
    return tuple(
        (re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), name, f"{name}Length" in methods)
        for name in own
        if not name.endswith(("AsNumpy", "Length", "IsNone"))
        and (f"{name}AsNumpy" in methods or f"{name}Length" not in methods)  # no lists of tables
    )


@cache
def names(enumeration: str) -> Mapping[int, str]:
    """Return the names of an enumeration's numbers, as the installed schema has them."""
    from ai_edge_litert import schema_py_generated as schema

    members = vars(getattr(schema, enumeration)).items()
    return {value: name for name, value in members if isinstance(value, int)}
