"""How text is continued, as a command line says it: the decoder with its own options and no others, and its engine."""

import argparse
from typing import Any

import numpy as np

from collapse.decoding.registry import DECODERS, DEVICES, ENGINES, PRECISIONS
from collapse.decoding.sampling import uniforms
from collapse.seeds import derive_seed

OPTIONS: dict[str, type[int] | type[float]] = {
    "num_beams": int,
    "repetition_penalty": float,
    "temperature": float,
    "top_k": int,
    "top_p": float,
    "watermark_bias": float,
}
PROMPTS = ("original", "previous", "none")
CHOSEN = ("candidates", "verifier", "verifier_noise", "watermark_share")
MAY_BE_LEFT_OUT = ("top_k",)  # without it, a token is never left out for its rank


def add_arguments(made: argparse.ArgumentParser) -> None:
    made.add_argument("--engine", choices=ENGINES, required=True)
    made.add_argument("--decoder", choices=DECODERS, required=True)
    made.add_argument("--prompts", choices=PROMPTS, required=True, help="what every block continues")
    made.add_argument("--precision", choices=PRECISIONS, required=True, help="of the model that writes")
    for name, kind in OPTIONS.items():
        made.add_argument(_flag(name), type=kind)
    made.add_argument("--candidates", type=int, default=1, help="written for each block, of which one is kept")
    made.add_argument("--verifier", help="what chooses it, of collapse/decoding/verifiers.py")
    made.add_argument("--verifier-noise", type=float, default=0.0, help="of its scores, in standard deviations")
    made.add_argument("--watermark-share", type=float, default=1.0, help="of blocks that are marked, if any are")
    made.add_argument("--device", choices=DEVICES, required=True)
    for name in ("decode-batch-blocks", "new-tokens", "threads"):
        made.add_argument(f"--{name}", type=int, required=True)


def options(args: argparse.Namespace) -> dict[str, int | float | None]:
    """What `decode` is told of itself.

    ValueError if an option of the decoder is missing, or one is given that it does not have.
    """
    own = DECODERS[args.decoder].options
    for name in OPTIONS:
        given = getattr(args, name) is not None
        if given and name not in own:
            raise ValueError(f"{_flag(name)}: decoder {args.decoder} has {', '.join(map(_flag, own))}; leave it out")
        if name in own and not given and name not in MAY_BE_LEFT_OUT:
            raise ValueError(f"{_flag(name)}: missing; decoder {args.decoder} needs it")
    return {name: getattr(args, name) for name in own} | {"batch_blocks": args.decode_batch_blocks}


def record(args: argparse.Namespace) -> dict[str, Any]:
    """What decides a text besides model and prompts, as manifests state it: who reads the text expects the same."""
    made_by = {"engine": args.engine, "precision": args.precision}
    return {
        "decoder": args.decoder,
        "decoder_options": made_by | options(args),
        "prompts": args.prompts,
        **{name: getattr(args, name) for name in CHOSEN},
        "new_tokens": args.new_tokens,
        "device": args.device,
        "threads": args.threads,
    }


def drawing(args: argparse.Namespace, purpose: str, streams: np.ndarray | None = None) -> dict[str, Any]:
    """`seed`, `streams` and which are `marked`, for a decoder that draws; nothing for one that does not."""
    if not DECODERS[args.decoder].draws:
        return {}
    marks = None if streams is None else marked(args, streams)
    return {"seed": derive_seed(args.seed, args.generation, purpose), "streams": streams, "marked": marks}


def marked(args: argparse.Namespace, streams: np.ndarray) -> np.ndarray:
    """Which blocks are watermarked, by a number from each one's own stream: (blocks,) of bool."""
    if not args.watermark_bias:
        return np.zeros(len(streams), bool)
    seed = derive_seed(args.seed, args.generation, "watermark")
    return uniforms(seed, streams, 1)[:, 0].numpy() < args.watermark_share


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
