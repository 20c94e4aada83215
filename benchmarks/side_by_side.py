"""Common parts of the benchmarks against other engines: models, rounds, the machine's peak speed, tables.

Every engine runs once in a round, and rates are compared within a round. `roofline_share` is a ratio of floating-point
operations a second: the necessary operations of the task (`collapse/models/operations.py`) over the machine's fastest
matrix product in the same run, in the same number format, on all cores.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.workers import Engine, Turn, Workers, answer, cores, layout
from collapse.models.memory import Shape as Shape

DTYPES = ("float32", "bfloat16")
BLOCK_TOKENS = 64
PEER = "transformers"
PRODUCTS = {
    "cpu": [(1024, 1024, 1024), (160, 768, 3072), (2048, 768, 768)],
    "cuda": [(4096, 4096, 4096), (8192, 8192, 8192)],
}  # rows, in, out
COPIED = 64 * 2**20  # numbers of 4 bytes
SHORT_SECONDS = 0.2


MODELS = {
    "opt-125m": Shape(vocabulary_size=50_272, layers=12, width=768, heads=12, positions=2048),
    "small": Shape(vocabulary_size=4_096, layers=4, width=256, heads=4, positions=256),
}


def make_model(shape: Shape, folder: Path, dropout: float = 0.0) -> Path:
    """Write a model with random weights in the Hugging Face layout: training does not change the speed."""
    from collapse.models.transformers_files import new_opt, write_model

    sizes = {name: getattr(shape, name) for name in ("vocabulary_size", "layers", "width", "heads", "positions")}
    write_model(new_opt(**sizes, dropout=dropout, seed=0), folder)
    return folder


def random_blocks(shape: Shape, blocks: int, seed: int) -> np.ndarray:
    """Draw ids (blocks, 64) int64 without special tokens. Frequencies fall as 1 / rank, so a model can learn them."""
    share = 1 / np.arange(1, shape.vocabulary_size - 3)
    return 4 + np.random.default_rng(seed).choice(len(share), size=(blocks, BLOCK_TOKENS), p=share / share.sum())


def read_peer(folder: Path, dtype: str, device: str) -> Any:
    """Load the model of a folder in transformers, for reading."""
    import torch
    from transformers import OPTForCausalLM

    return OPTForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval().to(device)


def alternate(engines: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return the rates of every engine by round. Engines take turns; every second round has the opposite order."""
    rates: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(rounds):
        for name in list(engines)[:: -1 if turn % 2 else 1]:
            rates[name].append(engines[name]())
    return rates


def in_rounds(
    engines: Mapping[str, Engine],
    settings: Mapping[str, dict[str, Any]],
    prepare: Callable[[str, Workers], object],
    rate: Callable[[str, Workers], float],
    rounds: int,
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Return every engine's rates by round and the peak memory of its processes. `prepare` is not timed."""
    with ExitStack() as stack:
        workers = {}
        for name, engine in engines.items():
            processes, threads = settings[name]["processes"], settings[name]["threads"]
            workers[name] = stack.enter_context(Workers(engine, processes, threads))
        for name in engines:
            prepare(name, workers[name])
        rates = alternate({name: partial(rate, name, workers[name]) for name in engines}, rounds)
    return rates, {name: workers[name].peak_memory for name in engines}


def batch_sizes(
    engine: Engine, batches: Sequence[int], rate: Callable[[Workers, dict[str, Any]], float], device: str
) -> list[dict[str, Any]]:
    """Measure tokens a second at growing batch sizes; stop at a rate more than a tenth below the best."""
    processes, threads = layout(device)
    settings = [{"processes": processes, "threads": threads, "batch_blocks": batch} for batch in batches]
    if len(settings) == 1:
        return [{"settings": settings[0]}]
    tried: list[dict[str, Any]] = []
    with Workers(engine, processes, threads) as workers:
        for setting in settings:
            tried.append({"settings": setting, "tokens_per_second": round(rate(workers, setting), 1)})
            if tried[-1]["tokens_per_second"] < 0.9 * max(other["tokens_per_second"] for other in tried):
                break
    return tried


def best(tried: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the settings with the most tokens a second."""
    settings: dict[str, Any] = max(tried, key=lambda one: one.get("tokens_per_second", 0))["settings"]
    return settings


def row(
    model: str,
    engine: str,
    dtype: str,
    rates: Mapping[str, list[float]],
    *,
    operations_per_token: float,
    machine: dict[str, Any],
    peak_memory_bytes: int,
    **more: Any,
) -> dict[str, Any]:
    """Return the results of an engine: its tokens a second, and the ratios to the peer's in the same rounds."""
    ratios = [rate / peer for rate, peer in zip(rates[engine], rates[PEER], strict=True)]
    tokens_per_second = statistics.median(rates[engine])
    peak = machine["peak_gflops"].get(dtype)
    return {
        "model": model,
        "engine": engine,
        "dtype": dtype,
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "tokens_per_second": tokens_per_second,
        "peak_memory_bytes": peak_memory_bytes,
        "roofline_share": peak and tokens_per_second * operations_per_token / 1e9 / peak,
        **more,
    }


def parse(doc: str | None, *more: Callable[[argparse.ArgumentParser], Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="two rounds of small sizes, to check that everything runs")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: cuda if there is a GPU")
    for add in more:
        add(parser)
    args = parser.parse_args()
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"  # also in the workers
    if args.device is None:
        import torch

        args.device = "cuda" if torch.cuda.is_available() else "cpu"
    return args


def show_heading(machine: dict[str, Any]) -> None:
    print(json.dumps(machine, indent=1))
    columns = f"{'tokens/s':>10}  {'ratio (min–max)':20}{'memory':>9}{'of peak':>9}"
    print(f"{'model':10}{'engine':18}{'dtype':10}{columns}", flush=True)


def show(rows: Iterable[dict[str, Any]]) -> None:
    for result in rows:
        ratio = f"{result['ratio_median']:.2f} ({result['ratio_min']:.2f}–{result['ratio_max']:.2f})"
        share = f"{result['roofline_share']:.0%}" if result["roofline_share"] else ""
        print(
            f"{result['model']:10}{result['engine']:18}{result['dtype']:10}{result['tokens_per_second']:10,.1f}  "
            f"{ratio:20}{result['peak_memory_bytes'] / 1e9:6.2f} GB{share:>9}",
            flush=True,
        )


def write(rows: Sequence[dict[str, Any]], machine: dict[str, Any], path: Path | None) -> None:
    if path:
        path.write_text(json.dumps({"machine": machine, "rows": list(rows)}, indent=1) + "\n")


def measure_machine(device: str, short: bool) -> dict[str, Any]:
    """Return processor, versions, the peak GFLOP/s of matrix products by number format, and the GB/s of memory.

    All cores multiply at once, with one process each (on a GPU: one process). The peak is the fastest of several shapes
    and of two products: torch's own, and oneDNN's with packed weights. Memory speed is that of a large copy, which
    counts bytes read and written.
    """
    seconds = SHORT_SECONDS if short else 1.0
    processes, threads = layout(device)
    peaks = {dtype: 0.0 for dtype in DTYPES}
    with Workers((multiply, (device,)), processes, threads) as workers:
        for dtype in DTYPES:
            for sizes in PRODUCTS[device]:
                for packed in (False, True) if device == "cpu" else (False,):
                    rates = workers([(dtype, sizes, packed, seconds)] * processes)[1]
                    peaks[dtype] = max(peaks[dtype], sum(rates) / 1e9)
        copied = sum(workers([(None, (), False, seconds)] * processes)[1]) / 1e9
    return {
        "processor": processor(device),
        "cores": cores(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "transformers": version("transformers"),
        "peak_gflops": {dtype: round(peak, 1) for dtype, peak in peaks.items()},
        "memory_gigabytes_per_second": round(copied, 1),
    }


def processor(device: str) -> str:
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def multiply(turn: Turn, device: str) -> None:
    """Engine: operations a second of a product of sizes (rows, in, out); without a dtype, bytes a second of a copy."""
    import torch

    def rate(dtype: str | None, sizes: tuple[int, ...], packed: bool, seconds: float) -> float:
        if dtype is None:
            source = torch.ones(COPIED, device=device)
            target = torch.empty_like(source)
            return repeat(lambda: target.copy_(source), 2 * source.nbytes, seconds)
        number = getattr(torch, dtype)
        rows, inner, outer = sizes
        left = torch.randn(rows, inner, dtype=number, device=device)
        right = torch.randn(inner, outer, dtype=number, device=device)
        if not packed:
            return repeat(lambda: left @ right, 2 * rows * inner * outer, seconds)
        if not torch.backends.mkldnn.is_available():
            return 0.0
        if number == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return 0.0
        weight = torch.ops.mkldnn._reorder_linear_weight(right.T.contiguous(), rows)
        return repeat(
            lambda: torch.ops.mkldnn._linear_pointwise(left, weight, None, "none", [], ""),
            2 * rows * inner * outer,
            seconds,
        )

    def repeat(work: Callable[[], object], amount: float, seconds: float) -> float:
        """Repeat `work` for at least `seconds`, after one call that is not timed; return `amount` a second."""
        wait: Callable[[], object] = torch.cuda.synchronize if device == "cuda" else lambda: None
        work()
        wait()
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            for _ in range(10):
                work()
            wait()
            count += 10
        return amount * count / (time.perf_counter() - started)

    with torch.inference_mode():
        answer(turn, rate)
