"""Command-line options of the decoder and its engine, and what a decoder draws at random."""

import argparse
from typing import Any

import numpy as np

from collapse.decoding.options import DECODER_OPTIONS, DECODERS, GenerateJob
from collapse.decoding.sampling import uniforms
from collapse.options import Compute
from collapse.seeds import derive_seed
from scripts.shared import job, options

CHOSEN = ("candidates", "verifier", "verifier_noise", "watermark_share")
MAY_BE_LEFT_OUT = ("top_k",)  # without it, no token is left out for its rank


def add_arguments(made: argparse.ArgumentParser) -> None:
    options.add(made, GenerateJob, optional=DECODER_OPTIONS)
    options.add(made, Compute)
    job.add(made, int, new_tokens="tokens of each new block")


def own_options(args: argparse.Namespace) -> dict[str, int | float | None]:
    """Return the options of the chosen decoder, as `decode` takes them.

    Raises ValueError if an option of the decoder is missing, or if an option of another decoder is given.
    """
    own = DECODERS[args.decoder].options
    for name in DECODER_OPTIONS:
        given, flag = getattr(args, name) is not None, f"--{options.flag(name)}"
        if given and name not in own:
            known = ", ".join(f"--{options.flag(option)}" for option in own)
            raise ValueError(f"{flag}: decoder {args.decoder} has {known}; leave it out")
        if name in own and not given and name not in MAY_BE_LEFT_OUT:
            raise ValueError(f"{flag} is missing; decoder {args.decoder} needs it")
    return {name: getattr(args, name) for name in own} | {"batch_blocks": args.batch_blocks}


def record(args: argparse.Namespace) -> dict[str, Any]:
    """Return what decides a text besides model and prompts, for its manifest. Readers of the text check it."""
    made_by = {"engine": args.engine, "precision": args.precision}
    return {
        "decoder": args.decoder,
        "decoder_options": made_by | own_options(args),
        "prompts": args.prompts,
        **{name: getattr(args, name) for name in CHOSEN},
        "new_tokens": args.new_tokens,
        "device": args.device,
        "threads": args.threads,
    }


def drawing(args: argparse.Namespace, purpose: str, streams: np.ndarray | None = None) -> dict[str, Any]:
    """Return `seed`, `streams` and the mask `marked` for a decoder that draws at random, nothing for other decoders."""
    if not DECODERS[args.decoder].draws:
        return {}
    marks = None if streams is None else marked(args, streams)
    return {"seed": derive_seed(args.seed, args.generation, purpose), "streams": streams, "marked": marks}


def marked(args: argparse.Namespace, streams: np.ndarray) -> np.ndarray:
    """Choose the blocks to watermark, each by a number from its own stream: (blocks,) bool."""
    if not args.watermark_bias:
        return np.zeros(len(streams), bool)
    seed = derive_seed(args.seed, args.generation, "watermark")
    drawn: np.ndarray = uniforms(seed, streams, 1)[:, 0].numpy() < args.watermark_share
    return drawn
