"""Options of generation, and the decoders and verifiers that there are.

To add an option of a decoder: a field of `Generate`, its name in DECODERS, and its use in both engines.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from collapse.options import Option, Precision

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

    engine: Annotated[
        Engine,
        Option(
            "what runs the decoder; collapse: this project's code; transformers: the reference, slower, for any model"
        ),
    ]
    prompts: Annotated[
        Prompts,
        Option(
            "what a block continues: a human block (original), the previous generation's block there, or nothing",
            arm=True,
        ),
    ]
    decoder: Annotated[Literal["beam_search", "greedy", "sample"], Option("how the next tokens are chosen", arm=True)]
    precision: Annotated[Precision, Option("format of the model that writes")]
    num_beams: Annotated[int, Option("decoder beam_search: beams; 1 is greedy", minimum=1, maximum=64, arm=True)]
    repetition_penalty: Annotated[
        float,
        Option(
            "factor on the score of tokens that prompt or output hold already; 1 is none",
            minimum=1,
            maximum=100,
            arm=True,
        ),
    ]
    temperature: Annotated[
        float,
        Option(
            "decoder sample: divides the logits; below 1 likely tokens become likelier", above=0, maximum=100, arm=True
        ),
    ]
    top_k: Annotated[
        int | None,
        Option("decoder sample (top-k): number of likeliest tokens to draw from; null is all", minimum=1, arm=True),
    ]
    top_p: Annotated[
        float,
        Option("decoder sample (nucleus): probability mass to draw from; 1 is all", above=0, maximum=1, arm=True),
    ]
    watermark_bias: Annotated[
        float,
        Option(
            "decoder sample: added to the logits of the tokens that a watermark favours; 0 is no watermark",
            minimum=0,
            maximum=100,
            arm=True,
        ),
    ]
    watermark_share: Annotated[
        float, Option("share of blocks that carry the watermark, if there is one", minimum=0, maximum=1, arm=True)
    ]
    candidates: Annotated[
        int,
        Option(
            "decoder sample: blocks written for each prompt, of which the verifier keeps one",
            minimum=1,
            maximum=1000,
            arm=True,
        ),
    ]
    verifier: Annotated[
        Verifier | None, Option("function of collapse/decoding/verifiers.py that chooses a candidate", arm=True)
    ]
    verifier_noise: Annotated[
        float,
        Option(
            "error of the verifier's scores, in standard deviations of the scores of one block's candidates",
            minimum=0,
            maximum=1_000_000,
            arm=True,
        ),
    ]
    batch_blocks: Annotated[int, Option("blocks written at a time; memory grows with it", minimum=1, maximum=65_536)]


@dataclass(frozen=True, kw_only=True)
class Generate(GenerateJob):
    """How the next training set is written, and by how many jobs."""

    shards: Annotated[
        int,
        Option("jobs that share the text of one generation", minimum=1, maximum=10_000, changes_result=False),
    ]
