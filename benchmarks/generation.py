"""Speed of beam search against transformers' `generate`: 5 beams, 64 prompt tokens, 64 new tokens.

    python -m benchmarks.generation [--short] [--json FILE] [--device cpu|cuda]

An engine has one process for each core, with one thread, and every process has a share of the blocks. Tokens a second
are summed over the processes. First, every engine tries several batch sizes with a quarter as many new tokens.
`generate` also tries a static cache, a static cache with a compiled forward pass, and a single process with a thread
for each core. (`generate` never compiles a beam search, so this benchmark compiles it; in bfloat16 only if that was
best in float32.) The rounds use the best settings. The key `tried` of the JSON lists all settings, failures included.
If the package ctranslate2 can be imported, it runs too, in float32 and int8.

`peak_memory_bytes` is the sum over an engine's processes, during the rounds. `identical_blocks` is the share of blocks
with the same tokens as from transformers, both in float32.
"""

import importlib.util
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.side_by_side import (
    BLOCK_TOKENS,
    DTYPES,
    MODELS,
    PEER,
    Shape,
    batch_sizes,
    best,
    in_rounds,
    make_model,
    measure_machine,
    parse,
    random_blocks,
    read_peer,
    row,
    show,
    show_heading,
    write,
)
from benchmarks.workers import Engine, Failure, Turn, Workers, answer, cores, layout
from collapse.models import operations

BEAMS = 5
BATCHES = {"opt-125m": [4, 8, 16, 32], "small": [8, 16, 32, 64]}
COMPILE_SECONDS = 120


def main() -> None:
    args = parse(__doc__)
    machine = measure_machine(args.device, args.short)
    show_heading(machine)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for model, shape in MODELS.items():
            folder = make_model(shape, Path(temporary) / model)
            compiling = not args.short
            for dtype in DTYPES:
                given = (folder, dtype, args.device)
                engines: dict[str, Engine] = {"ours": (our_engine, given), PEER: (peer_engine, given)}
                if dtype == "float32" and importlib.util.find_spec("ctranslate2"):
                    converted = convert(shape, folder)
                    engines["CTranslate2"] = (ctranslate2_engine, (converted, "float32", args.device))
                    engines["CTranslate2 int8"] = (ctranslate2_engine, (converted, "int8", args.device))
                results = compare(model, dtype, engines, machine, args.device, args.short, compiling)
                compiling = results[PEER]["settings"].get("compiled", False)
                show(results.values())
                rows += results.values()
    write(rows, machine, args.json)


def compare(
    model: str,
    dtype: str,
    engines: dict[str, Engine],
    machine: dict[str, Any],
    device: str,
    short: bool,
    compiling: bool,
) -> dict[str, dict[str, Any]]:
    """Find the fastest settings, then run the rounds; return one row for each engine, by its name."""
    shape = MODELS[model]
    new_tokens, rounds, batches = (8, 2, BATCHES[model][1:2]) if short else (BLOCK_TOKENS, 3, BATCHES[model])
    if device == "cuda":
        batches = [32 * batch for batch in batches]
    calibration = partial(trial, shape, new_tokens // 4)
    tried = {name: batch_sizes(engine, batches, calibration, device) for name, engine in engines.items()}
    if not short:
        tried[PEER] += other_ways(engines[PEER], best(tried[PEER]), calibration, compiling)
    settings = {name: best(tried[name]) for name in engines}
    # batch sizes are powers of two, so every process of every engine gets full batches
    blocks = layout(device)[0] * max(setting["batch_blocks"] for setting in settings.values())
    prompts = random_blocks(shape, blocks, seed=1)
    written: dict[str, np.ndarray] = {}

    def rate(name: str, workers: Workers) -> float:
        tokens_per_second, written[name] = continue_all(workers, prompts, new_tokens, settings[name])
        return tokens_per_second

    rates, memory = in_rounds(
        engines, settings, lambda name, workers: warm_up(workers, prompts, new_tokens, settings[name]), rate, rounds
    )
    rows = {}
    for name in engines:
        rows[name] = row(
            model,
            name,
            "int8" if name.endswith("int8") else dtype,
            rates,
            operations_per_token=operations.beam_search(shape, BLOCK_TOKENS, new_tokens, BEAMS) / new_tokens,
            machine=machine,
            peak_memory_bytes=memory[name],
            settings=settings[name],
            tried=tried[name],
        )
        if dtype == "float32":
            rows[name]["identical_blocks"] = float((written[name] == written[PEER]).all(axis=1).mean())
    return rows


def other_ways(
    engine: Engine, settings: dict[str, Any], rate: Callable[[Workers, dict[str, Any]], float], compiling: bool
) -> list[dict[str, Any]]:
    """Try the peer with other settings at its best batch size. Settings that fail are listed with their error."""
    ways: list[dict[str, Any]] = [{"cache": "static"}]
    if compiling:
        ways.append({"cache": "static", "compiled": True})
    if settings["processes"] > 1:
        ways.append({"processes": 1, "threads": cores()})
    tried: list[dict[str, Any]] = []
    for way in ways:
        changed = settings | way
        try:
            with Workers(engine, changed["processes"], changed["threads"]) as workers:
                tried.append({"settings": changed, "tokens_per_second": round(rate(workers, changed), 1)})
        except Failure as failure:
            tried.append({"settings": changed, "failed": str(failure)})
    return tried


def trial(shape: Shape, new_tokens: int, workers: Workers, settings: dict[str, Any]) -> float:
    """Return tokens a second for one full batch on each core."""
    prompts = random_blocks(shape, settings["processes"] * settings["threads"] * settings["batch_blocks"], seed=2)
    warm_up(workers, prompts, new_tokens, settings)
    return continue_all(workers, prompts, new_tokens, settings)[0]


def warm_up(workers: Workers, prompts: np.ndarray, new_tokens: int, settings: dict[str, Any]) -> None:
    """Do the work of the first call. A compiled model needs every size once. Raises Failure after COMPILE_SECONDS."""
    continue_all(workers, prompts, new_tokens if settings.get("compiled") else 2, settings, COMPILE_SECONDS)


def continue_all(
    workers: Workers, prompts: np.ndarray, new_tokens: int, settings: dict[str, Any], limit: float = 3600
) -> tuple[float, np.ndarray]:
    """Continue all prompts; return tokens a second, and the tokens (blocks, new tokens)."""
    shares = np.array_split(prompts, len(workers.processes))
    seconds, parts = workers([(share, new_tokens, settings) for share in shares], limit)
    return prompts.shape[0] * new_tokens / seconds, np.concatenate(parts)


def our_engine(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    import torch

    from collapse.decoding.beam_search import beam_search
    from collapse.models.opt import load_opt

    model = load_opt(folder, getattr(torch, dtype), device)

    def generate(prompts: np.ndarray, new_tokens: int, settings: dict[str, Any]) -> np.ndarray:
        ids = torch.from_numpy(prompts).to(device)
        tokens, _ = beam_search(
            model, ids, new_tokens=new_tokens, num_beams=BEAMS, batch_blocks=settings["batch_blocks"]
        )
        return tokens.cpu().numpy()

    answer(turn, generate)


def peer_engine(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    import torch
    from transformers import GenerationConfig

    from collapse.corpus.special_tokens import END_OF_TEXT, PAD

    model = read_peer(folder, dtype, device)
    plain = model.forward

    def generate(prompts: np.ndarray, new_tokens: int, settings: dict[str, Any]) -> np.ndarray:
        if settings.get("compiled") and model.forward == plain:
            model.forward = torch.compile(plain)
        config = GenerationConfig(
            num_beams=BEAMS,
            min_new_tokens=new_tokens,
            max_new_tokens=new_tokens,
            do_sample=False,
            length_penalty=1.0,
            eos_token_id=END_OF_TEXT,
            pad_token_id=PAD,
            cache_implementation=settings.get("cache"),
        )
        written = []
        for batch in torch.from_numpy(prompts).to(device).split(settings["batch_blocks"]):
            ids = model.generate(batch, attention_mask=torch.ones_like(batch), generation_config=config)
            written.append(ids[:, batch.shape[1] :].cpu().numpy())
        return np.concatenate(written)

    answer(turn, generate)


def ctranslate2_engine(turn: Turn, folder: Path, compute_type: str, device: str) -> None:
    from ctranslate2 import Generator

    generator = Generator(str(folder), device=device, compute_type=compute_type, inter_threads=1, intra_threads=1)

    def generate(prompts: np.ndarray, new_tokens: int, settings: dict[str, Any]) -> np.ndarray:
        results = generator.generate_batch(
            [[f"t{token}" for token in prompt] for prompt in prompts.tolist()],
            max_batch_size=settings["batch_blocks"],
            beam_size=BEAMS,
            length_penalty=1.0,
            min_length=new_tokens,
            max_length=new_tokens,
            include_prompt_in_result=False,
            return_scores=True,
        )
        return np.array([result.sequences_ids[0] for result in results])

    answer(turn, generate)


def convert(shape: Shape, folder: Path) -> Path:
    """Convert the model to CTranslate2's format. The converter needs a tokenizer: its words are numbered ids."""
    from ctranslate2.converters import TransformersConverter
    from tokenizers import Tokenizer, models

    from collapse.corpus.special_tokens import SPECIAL_TOKENS, UNKNOWN
    from collapse.corpus.tokenizer import write_tokenizer

    words = [*SPECIAL_TOKENS, *(f"t{token}" for token in range(len(SPECIAL_TOKENS), shape.vocabulary_size))]
    vocabulary = {word: token for token, word in enumerate(words)}
    write_tokenizer(Tokenizer(models.WordLevel(vocabulary, words[UNKNOWN])).to_str(), folder)
    converted = folder.with_name(f"{folder.name}.ctranslate2")
    TransformersConverter(str(folder)).convert(str(converted), quantization="float32")
    return converted


if __name__ == "__main__":
    main()
