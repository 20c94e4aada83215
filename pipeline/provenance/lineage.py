"""From a number to the bytes, code, configuration and seeds that made it: the manifests behind it, back to human text.

    python -m pipeline.provenance.lineage results/default replace 1 3 [METRIC]     a row of text/summary.csv
    python -m pipeline.provenance.lineage results/default/text/replace/seed1/generation3/model/model.safetensors

Every file that is listed is hashed and compared with its manifest, every manifest with what was made from it.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from collapse.artefacts import sha256
from pipeline.layout.text_chain import TextChain


class LineageError(ValueError):
    """Nothing is known of what was asked for; the message says what could be."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the lineage; 1 if something is missing or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="a results folder, or a file in one")
    parser.add_argument("arm", nargs="?")
    parser.add_argument("seed", nargs="?", type=int)
    parser.add_argument("generation", nargs="?", type=int)
    parser.add_argument("metric", nargs="?")
    args = parser.parse_args(argv)
    try:
        if args.arm is None:
            manifest = manifest_of(args.path)
        else:
            if args.generation is None:
                parser.error("an arm needs its seed and generation too")
            folder = evaluation(args.path, args.arm, args.seed, args.generation)
            manifest = folder / "manifest.json"
            if args.metric:
                print(f"{args.metric} = {metric(folder, args.metric)}\n")
        lines = list(tree(manifest, root_of(manifest)))
    except LineageError as error:
        parser.exit(2, f"error: {error}\n")
    print("\n".join(text for text, _ in lines))
    faults = sum(not sound for _, sound in lines)
    print(f"\n{faults} faults" if faults else "\nEvery file and every manifest is as recorded.")
    return int(faults > 0)


def evaluation(results: Path, arm: str, seed: int, generation: int) -> Path:
    """Folder of the scores of an arm's generation, which may be another arm's that has made the same before."""
    path = results / "config.yaml"
    if not path.is_file():
        raise LineageError(f"{path}: missing; name a results folder, such as results/default")
    config = yaml.safe_load(path.read_text())
    if arm not in config["text"]["arms"]:
        raise LineageError(f"{arm}: no arm of this experiment; it has {', '.join(config['text']['arms'])}")
    if seed not in config["text"]["seeds"] or not 0 <= generation < config["text"]["generations"]:
        raise LineageError(
            f"seed {seed}, generation {generation}: not in this experiment; it has seeds "
            f"{', '.join(map(str, config['text']['seeds']))} and generations 0 to {config['text']['generations'] - 1}"
        )
    return Path(str(TextChain(config, f"{results}/text").link("evaluation", arm, seed, generation)))


def metric(folder: Path, name: str) -> Any:
    """A number of summary.csv, from the file that it was read from."""
    metrics = json.loads((folder / "metrics.json").read_text())
    if name not in metrics:
        raise LineageError(f"{name}: not in {folder / 'metrics.json'}, which has {', '.join(sorted(metrics))}")
    return metrics[name]


def manifest_of(path: Path) -> Path:
    """The manifest that lists a file, or the manifest itself."""
    for one in sorted(path.parent.glob("*manifest.json")):
        if one == path or path.name in json.loads(one.read_text())["files"]:
            return one
    raise LineageError(f"{path}: no manifest beside it lists it; of a table ask for a row: arm, seed, generation")


def root_of(manifest: Path) -> Path:
    """The folder that parents are named from: the one that holds `results`."""
    parts = manifest.absolute().parts
    if "results" not in parts:
        raise LineageError(f"{manifest}: not inside a folder named results")
    return Path(*parts[: len(parts) - parts[::-1].index("results") - 1])


def tree(
    manifest: Path, root: Path, recorded: str | None = None, depth: int = 0, seen: set[Path] | None = None
) -> Iterator[tuple[str, bool]]:
    """Lines of the lineage of a manifest, each with whether it is as recorded; what was shown is not shown again."""
    seen = set() if seen is None else seen
    indent, name = "  " * depth, manifest.absolute().relative_to(root)
    if not manifest.is_file():
        yield f"{indent}{name}: MISSING", False
        return
    sound = recorded is None or sha256(manifest) == recorded
    content = json.loads(manifest.read_text())
    again = manifest in seen
    note = " (above)" if again else ""
    yield f"{indent}{content['kind']}  {name}{note}{'' if sound else '  DIFFERS from what was read'}", sound
    if again:
        return
    seen.add(manifest)
    yield f"{indent}    code {content['code']}", True
    for key, value in content["options"].items():
        yield f"{indent}    {key} {json.dumps(value)}", True
    for file, about in content["files"].items():
        path = manifest.parent / file
        state = "MISSING" if not path.is_file() else "" if sha256(path) == about["sha256"] else "DIFFERS"
        yield f"{indent}    {file}  {about['bytes']} bytes  sha256 {about['sha256']}  {state}".rstrip(), not state
    for parent, digest in content["parents"].items():
        yield from tree(root / parent, root, digest, depth + 1, seen)


if __name__ == "__main__":
    raise SystemExit(main())
