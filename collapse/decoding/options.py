"""Options of generation, and the decoders and verifiers that there are.

To add an option of a decoder: a field of `Generate`, its name in DECODERS, and its use in both engines.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from collapse.options import Precision, option

Engine = Literal["collapse", "transformers"]
Prompts = Literal["original", "previous", "none"]
Verifier = Literal["likely", "typical", "unrepetitive", "humanlike"]
LEARNED = ("humanlike",)  # verifiers that are trained, whose accuracy says how good they are


@dataclass(frozen=True)
class Decoder:
    """The names of a decoder's `options`; a decoder that `draws` also takes `seed` and `streams`."""

    options: tuple[str, ...]
    draws: bool = False


DECODERS = {
    "beam_search": Decoder(("num_beams", "repetition_penalty")),
    "greedy": Decoder(("repetition_penalty",)),
    "sample": Decoder(("temperature", "top_k", "top_p", "watermark_bias", "repetition_penalty"), draws=True),
}
DECODER_OPTIONS = tuple(dict.fromkeys(name for decoder in DECODERS.values() for name in decoder.options))
DRAWING = tuple(name for name, decoder in DECODERS.items() if decoder.draws)
VERIFIERS: tuple[str, ...] = get_args(Verifier)


@dataclass(frozen=True, kw_only=True)
class GenerateJob:
    """How the text of one generation is written."""

    engine: Engine = option(
        "what runs the decoder; collapse: this project's code; transformers: the reference, slower, for any model"
    )
    prompts: Prompts = option(
        "what a block continues: a human block (original), the previous generation's block there, or nothing", arm=True
    )
    decoder: Literal["beam_search", "greedy", "sample"] = option("how the next tokens are chosen", arm=True)
    precision: Precision = option("format of the model that writes")
    num_beams: int = option("decoder beam_search: beams; 1 is greedy", minimum=1, maximum=64, arm=True)
    repetition_penalty: float = option(
        "factor on the score of tokens that prompt or output hold already; 1 is none", minimum=1, maximum=100, arm=True
    )
    temperature: float = option(
        "decoder sample: divides the logits; below 1 likely tokens become likelier", above=0, maximum=100, arm=True
    )
    top_k: int | None = option(
        "decoder sample (top-k): number of likeliest tokens to draw from; null is all", minimum=1, arm=True
    )
    top_p: float = option(
        "decoder sample (nucleus): probability mass to draw from; 1 is all", above=0, maximum=1, arm=True
    )
    watermark_bias: float = option(
        "decoder sample: added to the logits of the tokens that a watermark favours; 0 is no watermark",
        minimum=0,
        maximum=100,
        arm=True,
    )
    watermark_share: float = option(
        "share of blocks that carry the watermark, if there is one", minimum=0, maximum=1, arm=True
    )
    candidates: int = option(
        "decoder sample: blocks written for each prompt, of which the verifier keeps one",
        minimum=1,
        maximum=1000,
        arm=True,
    )
    verifier: Verifier | None = option("function of collapse/decoding/verifiers.py that chooses a candidate", arm=True)
    verifier_noise: float = option(
        "error of the verifier's scores, in standard deviations of the scores of one block's candidates",
        minimum=0,
        maximum=1_000_000,
        arm=True,
    )
    batch_blocks: int = option("blocks written at a time; memory grows with it", minimum=1, maximum=65_536)


@dataclass(frozen=True, kw_only=True)
class Generate(GenerateJob):
    """How the next training set is written, and by how many jobs."""

    shards: int = option("jobs that share the text of one generation", minimum=1, maximum=10_000, changes_result=False)
