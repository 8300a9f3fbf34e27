"""Fit the latency model to published times, judge it on networks it has not seen, write it down.

    python benchmarks/latency/fit.py FOLDER

FOLDER receives the networks (`networks.py`) unless they are there. The result is
`coralexp/edgetpu/latency/constants.json`, the links in `conf/device/*.yaml`, and RESULTS.md beside
this file with a row for every published time: as fitted, and with its network left out.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from evidence import Published, cpu_times, not_fitted, published, weights
from results import Judged, results
from scipy.optimize import least_squares

from coralexp.edgetpu.latency.constants import PEAK_MACS_PER_MS, from_dict
from coralexp.edgetpu.latency.layout import three_channel_bytes
from coralexp.edgetpu.latency.memory import allocate
from coralexp.edgetpu.latency.platform import Host, Link, Platform
from coralexp.edgetpu.latency.predict import predict
from coralexp.edgetpu.latency.work import work_of
from coralexp.edgetpu.placement import OperatorPlacement, Placement
from coralexp.tflite.reader import read_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.tflite.graph import Graph

ROOT = Path(__file__).resolve().parents[2]
CONSTANTS = ROOT / "coralexp" / "edgetpu" / "latency" / "constants.json"
RESULTS = Path(__file__).with_name("RESULTS.md")
NOISE = (
    0.1  # as a share: times of one network on one device are published 0.05 apart; laws err, too
)
FULL_MHZ, STANDARD_MHZ = 500.0, 250.0

# Prior guess of each constant and how far off it may be, as a share. Sources: `performance` facts
# of google-coral/libedgetpu, fits to layer microbenchmarks (iwatake2222/EdgeTPU_Analysis at
# 1f5fbce, Jorgitou98/EdgeTPU-QuantRL-Evaluation at ecd386c), instructions of seven compiled files.
CHIP_PRIORS = {
    "efficiency.convolution": (0.6, 0.2),  # 3 x 3 stacks: 0.5 to 0.7; 7 x 7: 0.97
    "efficiency.depthwise": (1 / 64, 0.2),  # one input channel for each output: a cell of 64 works
    "activation_gb_per_s.matrix": (40.0, 0.7),
    "activation_gb_per_s.window": (20.0, 0.5),
    "activation_gb_per_s.other": (20.0, 0.5),
    "activation_gb_per_s.broadcast": (12.0, 0.5),
    "operator_ms": (0.004, 0.4),  # 25 more dense layers: 0.1 ms
    "instruction_bytes.matrix": (2800.0, 0.08),  # 2.5 to 3.1 KB a layer in MobileNets
    "instruction_bytes.other": (1000.0, 0.3),
    "instruction_bytes.window": (8000.0, 0.25),  # what the largest files have beyond their layers
}
# Fixed ms, MB/s in, out, and of parameters: a microbenchmark of the device, or of the nearest one.
LINK_PRIORS = {
    "usb": (0.30, 350.0, 60.0, 440.0),
    "usb_mac": (0.80, 200.0, 60.0, 430.0),
    "usb2": (0.36, 36.0, 9.0, 34.0),
    "jetson_nano": (0.29, 304.0, 23.0, 389.0),
    "dev_board": (0.25, 300.0, 13.0, 376.0),
    "dev_board_mini": (1.00, 20.0, 8.0, 27.0),  # parameters: (164.7 - 19) ms for 3.95 MB
    "rpi4": (0.60, 120.0, 25.0, 270.0),
    "rpi3": (1.30, 37.0, 8.0, 36.0),
}
LINK_SPREADS = (0.3, 0.3, 0.15, 0.08)
CPU_PRIORS = {
    "convolution": (17.0, 0.3),
    "depthwise": (3.0, 0.7),
    "matrix": (1.0, 0.7),
    "other": (0.5, 0.7),
}
SPEED_PRIORS = {"desktop": 1.0, "dev_board": 0.24, "rpi4": 0.38, "rpi3": 0.15}
KINDS = ("convolution", "depthwise")
# Networks that tf_keras.applications builds, or whose files Coral published.
BUILT = re.compile(r"mobilenet_v|inception_v3|resnet|densenet|vgg")


@dataclass(frozen=True)
class Features:
    """What a network asks of the chip, an entry an operator.

    Attributes:
        graph: Of the network.
        macs: Kind to multiplications `[O]`.
        activations: Class to bytes `[O]`.
        streamed: Bytes of parameters that are sent with every inference `[O]`.
        instructions: Class to number of operators.
        ends: Bytes in; bytes out as those of 3 channels.
    """

    graph: Graph
    macs: Mapping[str, np.ndarray]
    activations: Mapping[str, np.ndarray]
    streamed: np.ndarray
    instructions: Mapping[str, int]
    ends: tuple[int, float]


def features(path: Path) -> Features:
    """Return what the network of a file asks of the chip."""
    graph = read_graph(path)
    works = {operator.index: work_of(graph, operator) for operator in graph.operators}
    busy = [work for work in works.values() if work.kind != "free"]
    group = [work.kind if work.kind not in KINDS else "matrix" for work in busy]
    memory = allocate(works, tuple(works))
    streamed = [memory.streamed.get(i, 0) for i, work in works.items() if work.kind != "free"]
    return Features(
        graph,
        {k: np.array([w.macs * (w.kind == k) for w in busy], float) for k in KINDS},
        {
            k: np.array([w.activation_bytes * (g == k) for w, g in zip(busy, group, strict=True)])
            for k in ("matrix", "window", "other", "broadcast")
        },
        np.array(streamed, float),
        {
            "matrix": group.count("matrix"),
            "window": group.count("window"),
            "other": group.count("other") + group.count("broadcast"),
        },
        (
            graph.bytes_of(graph.inputs),
            three_channel_bytes([graph.tensors[index] for index in graph.outputs]),
        ),
    )


def time_ms(known: Mapping[str, float], row: Published, net: Features) -> float:
    """Return what `predict` returns, from arrays: the fit asks for it half a million times."""
    slower = FULL_MHZ / (STANDARD_MHZ if row.clock == "std" else FULL_MHZ)
    busy = sum(v / (PEAK_MACS_PER_MS * known[f"efficiency.{k}"]) for k, v in net.macs.items())
    moved = sum(v / (known[f"activation_gb_per_s.{k}"] * 1e6) for k, v in net.activations.items())
    fixed, inward, outward, stream = (known[f"{row.device}.{i}"] for i in range(4))
    operators = np.maximum((busy + moved) * slower, net.streamed / (stream * 1e3))
    code = sum(n * known[f"instruction_bytes.{k}"] for k, n in net.instructions.items())
    link = (net.ends[0] + code) / (inward * 1e3) + net.ends[1] / (outward * 1e3)
    return float(fixed + link + operators.sum() + known["operator_ms"] * slower * len(net.streamed))


def solve(
    priors: Mapping[str, tuple[float, float]],
    errors: Callable[[Mapping[str, float]], np.ndarray],
) -> dict[str, float]:
    """Return the constants of the least robust sum of squares, priors included."""
    names = list(priors)
    centre = np.log([priors[name][0] for name in names])
    spread = np.array([priors[name][1] for name in names])

    def residuals(logs: np.ndarray) -> np.ndarray:
        known = dict(zip(names, np.exp(logs), strict=True))
        return np.concatenate([errors(known), (logs - centre) / spread])

    return dict(zip(names, np.exp(least_squares(residuals, centre, loss="soft_l1").x), strict=True))


def fit_chip(rows: Sequence[Published], nets: Mapping[str, Features]) -> dict[str, float]:
    """Return the constants of the chip and of every link."""
    priors = dict(CHIP_PRIORS)
    for device, link in LINK_PRIORS.items():
        for number, value in enumerate(link):
            priors[f"{device}.{number}"] = (value, LINK_SPREADS[number])
    root = np.sqrt(weights(list(rows))) / NOISE

    def errors(known: Mapping[str, float]) -> np.ndarray:
        return root * [math.log(time_ms(known, row, nets[row.network]) / row.ms) for row in rows]

    return solve(priors, errors)


def fit_cpu(rows: Sequence[Published], nets: Mapping[str, Features]) -> dict[str, float]:
    """Return the rates of the reference host, and the speed of each host against it."""
    priors = dict(CPU_PRIORS)
    priors |= {
        host: (speed, 1e-6 if host == "desktop" else 0.5) for host, speed in SPEED_PRIORS.items()
    }
    root = np.sqrt(weights(list(rows))) / (4 * NOISE)  # one law for five processors is a rough one

    def errors(known: Mapping[str, float]) -> np.ndarray:
        return root * [math.log(host_ms(known, row, nets[row.network]) / row.ms) for row in rows]

    return solve(priors, errors)


def host_ms(known: Mapping[str, float], row: Published, net: Features) -> float:
    """Return the time of a network on a host's processor."""
    depthwise = sum(o.macs for o in net.graph.operators if o.name == "DEPTHWISE_CONV_2D")
    dense = net.graph.macs - depthwise
    matrix = float(net.activations["matrix"].sum())
    other = sum(float(values.sum()) for values in net.activations.values()) - matrix
    total = dense / known["convolution"] + depthwise / known["depthwise"]
    total += matrix / known["matrix"] + other / known["other"]
    return total / 1e6 / known[row.device]


def interval_factor(rows: Sequence[Published], left_out: Sequence[float]) -> float:
    """Return the factor that holds 90 % of the networks, each counted once, that were left out.

    As in conformal prediction the share is taken of one network more than there are.
    """
    errors: dict[str, list[float]] = defaultdict(list)
    for row, ms in zip(rows, left_out, strict=True):
        errors[row.network].append(abs(math.log(ms / row.ms)))
    values = np.array([error for network in errors.values() for error in network])
    share = np.concatenate([np.full(len(n), 1 / len(n)) for n in errors.values()])
    order = np.argsort(values)
    reached = np.cumsum(share[order]) / (len(errors) + 1)
    return float(np.exp(values[order][min(np.searchsorted(reached, 0.9), len(values) - 1)]))


def constants(
    chip: Mapping[str, float], cpu: Mapping[str, float], factors: tuple[float, float]
) -> dict[str, object]:
    """Return the fields of constants.json."""

    def part(name: str, digits: int) -> dict[str, float]:
        return {
            key.partition(".")[2]: _round(value, digits)
            for key, value in chip.items()
            if key.startswith(f"{name}.")
        }

    return {
        "chip": {
            "efficiency": part("efficiency", 3),
            "activation_gb_per_s": part("activation_gb_per_s", 3),
            "operator_ms": _round(chip["operator_ms"], 3),
            "instruction_bytes": part("instruction_bytes", 3),
        },
        "cpu": {
            "gmacs_per_s": {k: _round(cpu[k], 3) for k in ("convolution", "depthwise")},
            "activation_gb_per_s": {k: _round(cpu[k], 3) for k in ("matrix", "other")},
        },
        "interval_factor": round(factors[0], 3),
        "cpu_interval_factor": round(factors[1], 2),
    }


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def leave_out(rows: Sequence[Published], nets: Mapping[str, Features]) -> list[float]:
    """Return what models predict that saw no time of the row's network."""
    left_out = [0.0] * len(rows)
    for network in sorted({row.network for row in rows}):
        without = fit_chip([row for row in rows if row.network != network], nets)
        for number, row in enumerate(rows):
            if row.network == network:
                left_out[number] = time_ms(without, row, nets[network])
    return left_out


def main() -> None:
    """Fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--coral", type=Path, help="folder of Coral's own files, to judge by, too")
    asked = parser.parse_args()
    rows, cpu_rows = published(), cpu_times()
    nets = {
        name: features(_file(name, asked.folder))
        for name in {r.network for r in (*rows, *cpu_rows)}
    }
    chip = fit_chip(rows, nets)
    left_out = leave_out(rows, nets)
    cpu = fit_cpu(cpu_rows, nets)
    cpu_times_ms = [host_ms(cpu, row, nets[row.network]) for row in cpu_rows]
    factors = (interval_factor(rows, left_out), interval_factor(cpu_rows, cpu_times_ms))
    fields = constants(chip, cpu, factors)
    fields["hosts"] = {host: _round(cpu[host], 3) for host in SPEED_PRIORS}
    CONSTANTS.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    for device in LINK_PRIORS:
        _write_link(device, [chip[f"{device}.{number}"] for number in range(4)])
    _check(rows, nets, fields, chip)
    fitted = [time_ms(chip, row, nets[row.network]) for row in rows]
    judged = Judged(rows, fitted, left_out, factors[0])
    processors = Judged(cpu_rows, cpu_times_ms, cpu_times_ms, factors[1])
    files = {row.network: _own(row.network, asked.coral, asked.folder) for row in not_fitted()}
    RESULTS.write_text("\n".join(results(judged, processors, files)) + "\n", "utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _file(name: str, folder: Path) -> Path | None:
    path = folder / f"{name}.tflite"
    if not path.exists():
        from networks import NETWORKS, write  # imports TensorFlow

        if name not in NETWORKS:
            return None
        write(name, folder)
    return path


def _own(name: str, coral: Path | None, folder: Path) -> Path | None:
    """Return Coral's own file of a network, or ours; None if neither can be had."""
    own = coral / f"{name}.tflite" if coral else None
    return own if own and own.exists() else _file(name, folder)


def _write_link(device: str, values: Sequence[float]) -> None:
    path = ROOT / "conf" / "device" / f"{device}.yaml"
    if not path.exists():
        print(f"no {path.name} for {values}")
        return
    text = path.read_text(encoding="utf-8")
    for name, value in zip(
        ("fixed_ms", "input_mb_per_s", "output_mb_per_s", "stream_mb_per_s"), values, strict=True
    ):
        line = re.compile(rf"^{name}: .*$", re.MULTILINE)
        text, count = line.subn(f"{name}: {_round(value, 3):g}", text)
        if count != 1:
            raise SystemExit(f"{path}: no line for {name}")
    path.write_text(text, encoding="utf-8")


def _check(
    rows: Sequence[Published],
    nets: Mapping[str, Features],
    fields: Mapping[str, object],
    chip: Mapping[str, float],
) -> None:
    """Hold the arrays above to what the package predicts."""
    for row in rows:
        link = Link(*(chip[f"{row.device}.{number}"] for number in range(4)))
        clock = STANDARD_MHZ if row.clock == "std" else FULL_MHZ
        graph = nets[row.network].graph
        whole = Placement(
            (),
            tuple(OperatorPlacement(o.index, o.name, 1, "edgetpu", "") for o in graph.operators),
        )
        latency = predict(graph, whole, Platform(link, clock, Host("", 1.0)), from_dict(fields))
        ours = time_ms(chip, row, nets[row.network])
        if latency is None or abs(latency.ms / ours - 1) > 0.01:
            raise SystemExit(
                f"{row}: the package predicts {latency and latency.ms}, the fit {ours}"
            )


if __name__ == "__main__":
    main()
