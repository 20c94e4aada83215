"""Describe finished results as an RO-Crate, so that a synthetic data set is published with its provenance.

    python -m pipeline.provenance.crate results/default --date 2026-01-31 [--license CC-BY-4.0] [--output FOLDER]

Writes `ro-crate-metadata.json` into the results. With --output it writes into a new folder, with a copy of all files
that it describes. First it hashes every file and compares it with its manifest. Files that do not belong to the
configuration are left out. The same results give the same bytes, so you must give the date of publication.
"""

import argparse
import datetime
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collapse.artefacts import ArtefactError, write_json
from pipeline.provenance.crate_metadata import NAME, describe
from pipeline.provenance.recorded_jobs import Results

WEIGHTS = ".safetensors"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the crate; exit with status 2 and a message if the results are not complete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a finished results folder, such as results/default")
    parser.add_argument("--date", type=day, required=True, help="date of publication, such as 2026-01-31")
    parser.add_argument(
        "--license",
        type=licence,
        help="licence of the results: an SPDX name (CC-BY-4.0) or an address; the default states no licence",
    )
    parser.add_argument(
        "--human-license", type=licence, help="licence of the human text and images, as their authors chose it"
    )
    parser.add_argument("--output", type=Path, help="a new folder for a copy; without it, nothing is copied")
    parser.add_argument("--without-models", action="store_true", help="with --output: leave out the models' weights")
    args = parser.parse_args(argv)
    if args.without_models and not args.output:
        parser.error("--without-models: works only on a copy; name a folder with --output")
    try:
        results = Results(args.results)
        left_out = {path for path in results.files if args.without_models and path.endswith(WEIGHTS)}
        metadata = describe(results, args.date, args.license, args.human_license, left_out)
        if args.output:
            copy(results, left_out, metadata, args.output)
        else:
            write_json(args.results / NAME, metadata)
    except ArtefactError as error:
        parser.exit(2, f"error: {error}\n")
    for path in results.left_out:
        print(f"{path}: left out, made by an earlier configuration", file=sys.stderr)
    if not args.license:
        print("The crate states no licence; state one with --license before you publish it.", file=sys.stderr)
    print(f"{(args.output or args.results) / NAME}: {len(results.files)} files, {len(results.jobs)} jobs")
    return 0


def day(text: str) -> str:
    """Parse a date in the format of ISO 8601, for argparse."""
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: not a date; write it as 2026-01-31") from error


def licence(text: str) -> str:
    """Return the address of a licence: `text` itself, or the address at SPDX for a name."""
    if re.match(r"https?://\S+$", text):
        return text
    if re.fullmatch(r"[A-Za-z0-9.+-]+", text):
        return f"https://spdx.org/licenses/{text}"
    raise argparse.ArgumentTypeError(f"{text!r}: neither an SPDX name nor an address; write it as CC-BY-4.0")


def copy(results: Results, left_out: set[str], metadata: dict[str, Any], output: Path) -> None:
    """Copy all files that `metadata` describes into a new folder, which is never left half written.

    Raises ArtefactError if the folder exists or lies among the results.
    """
    if output.exists():
        raise ArtefactError(f"{output}: the folder exists; name a new folder")
    place = results.folder.resolve().parent
    if place.name == "results" and output.resolve().is_relative_to(place):  # `make restore` would treat it as results
        raise ArtefactError(f"{output}: lies among the results; name a folder elsewhere")
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{output.name}.", suffix=".part", dir=output.parent))
    try:
        for path in sorted({*results.files, *results.records()} - left_out):
            target = temporary / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results.folder / path, target)
        write_json(temporary / NAME, metadata)
        temporary.chmod(0o755)
        os.replace(temporary, output)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
