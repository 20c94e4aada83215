"""Join the shards of one generation's synthetic text, in order, into the file that one job would have written."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from collapse.artefacts import ArtefactError, checked_manifest, sha256
from scripts.shared import decoder, job, synthetic_text
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    decoder.add_arguments(parser)
    synthetic_text.add_sources(parser)
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="all shards, in order")
    job.add(parser, Path, "output", "manifest")
    args = parser.parse_args(argv)
    step = Step(args)
    step.parents = synthetic_text.sources(args)

    place = job.place(args)
    written = place | decoder.record(args)
    made_from = {path.as_posix(): sha256(path) for path in step.parents}
    for number, path in enumerate(args.shards, start=1):
        expected = {**written, "shard": number, "shards": len(args.shards)}
        manifest = checked_manifest(path.with_suffix(".manifest.json"), "synthetic shard", expected)
        if manifest["parents"] != made_from or manifest["code"] != args.code:
            raise ArtefactError(f"{path}: made from another model or text, or by other code; delete it and run again")
    table = pa.concat_tables(pq.ParquetFile(path).read() for path in args.shards)
    tokens = table.column("input_ids").combine_chunks().flatten().to_numpy().reshape(-1, args.new_tokens)
    source_block, log_probability, marked = (
        table.column(name).to_numpy() for name in ("source_block", "log_probability", "marked")
    )
    synthetic_text.write(args.output, tokens, source_block, log_probability, marked, place)
    # the last shard is never empty, so its job had the judge
    written["verifier_accuracy"] = manifest["options"]["verifier_accuracy"]
    step.write(args.manifest, "synthetic text", [args.output], written)
