"""Fetch a base model and its tokenizer from the Hugging Face hub, at a pinned revision."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from collapse.corpus.tokenizer import write_tokenizer
from collapse.decoding.options import Engine
from collapse.models.families import check_engine
from collapse.models.hub import download_model, read_hub_model, read_hub_tokenizer
from collapse.models.options import HubModel
from collapse.models.transformers_files import write_model
from scripts.shared import job, options
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, HubModel)
    parser.add_argument(
        "--engine", choices=get_args(Engine), required=True, help="engine that will generate text with this model"
    )
    job.add(parser, Path, "output")
    args = parser.parse_args(argv)
    step = Step(args)

    with tempfile.TemporaryDirectory() as temporary:
        folder = download_model(args.repository, args.revision, Path(temporary))
        model = read_hub_model(folder)
        check_engine(args.engine, model.config.to_dict())
        tokenizer = read_hub_tokenizer(folder, model.config.eos_token_id)
    files = write_model(model, args.output) + write_tokenizer(tokenizer, args.output)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    place = {"repository": args.repository, "revision": args.revision}
    recorded = {"source": "hub", "parameters": parameters, **place}
    step.write(args.output / "manifest.json", "base model", files, recorded)
