"""Lineage of a number or file: the manifests behind it, with bytes, code, options and seeds, back to human text.

    python -m pipeline.provenance.lineage results/default replace 1 3 [METRIC]     a row of text/summary.csv
    python -m pipeline.provenance.lineage results/default/text/replace/seed1/generation3/model/model.safetensors

Every listed file is hashed and compared with its manifest. Every manifest is compared with the manifests that name it.
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
    """The results hold no such number or file. The message names the possible values."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the lineage; return 1 if a file is missing or differs."""
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
                parser.error("arm: seed and generation are missing; give them after the arm")
            folder = evaluation(args.path, args.arm, args.seed, args.generation)
            manifest = folder / "manifest.json"
            if args.metric:
                print(f"{args.metric} = {metric(folder, args.metric)}\n")
        lines = list(tree(manifest, root_of(manifest)))
    except LineageError as error:
        parser.exit(2, f"error: {error}\n")
    print("\n".join(text for text, _ in lines))
    faults = sum(not sound for _, sound in lines)
    print(f"\n{faults} missing or changed files" if faults else "\nEvery file and every manifest is as recorded.")
    return int(faults > 0)


def evaluation(results: Path, arm: str, seed: int, generation: int) -> Path:
    """Return the folder with the scores of an arm's generation. Arms with a common beginning share folders.

    Raises LineageError if the experiment does not have this arm, seed or generation.
    """
    path = results / "config.yaml"
    if not path.is_file():
        raise LineageError(f"{path}: missing; give a results folder, such as results/default")
    config = yaml.safe_load(path.read_text())
    if arm not in config["text"]["arms"]:
        raise LineageError(f"{arm}: not an arm of this experiment; its arms are {', '.join(config['text']['arms'])}")
    if seed not in config["text"]["seeds"] or not 0 <= generation < config["text"]["generations"]:
        raise LineageError(
            f"seed {seed}, generation {generation}: not in this experiment; its seeds are "
            f"{', '.join(map(str, config['text']['seeds']))}, its generations 0 to {config['text']['generations'] - 1}"
        )
    return Path(str(TextChain(config, f"{results}/text").link("evaluation", arm, seed, generation)))


def metric(folder: Path, name: str) -> Any:
    """Read a number of summary.csv from its source, metrics.json. Raises LineageError for an unknown metric."""
    metrics = json.loads((folder / "metrics.json").read_text())
    if name not in metrics:
        raise LineageError(f"{name}: not in {folder / 'metrics.json'}; its metrics are {', '.join(sorted(metrics))}")
    return metrics[name]


def manifest_of(path: Path) -> Path:
    """Return the manifest that lists a file, or `path` itself if it is a manifest. Raises LineageError without one."""
    for manifest in sorted(path.parent.glob("*manifest.json")):
        if manifest == path or path.name in json.loads(manifest.read_text())["files"]:
            return manifest
    raise LineageError(
        f"{path}: no manifest in its folder lists it; for a table, give the row: results folder, arm, seed, generation"
    )


def root_of(manifest: Path) -> Path:
    """Return the folder that holds `results`: paths of parents are relative to it. Raises LineageError without one."""
    parts = manifest.absolute().parts
    if "results" not in parts:
        raise LineageError(f"{manifest}: not inside a folder named results; give a path of a results folder")
    return Path(*parts[: len(parts) - parts[::-1].index("results") - 1])


def tree(
    manifest: Path, root: Path, recorded: str | None = None, depth: int = 0, visited: set[Path] | None = None
) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a manifest's lineage, and whether each is as recorded. Each manifest is expanded once."""
    visited = set() if visited is None else visited
    indent, name = "  " * depth, manifest.absolute().relative_to(root)
    if not manifest.is_file():
        yield f"{indent}{name}: MISSING", False
        return
    sound = recorded is None or sha256(manifest) == recorded
    content = json.loads(manifest.read_text())
    again = manifest in visited
    note = " (above)" if again else ""
    yield (
        f"{indent}{content['kind']}  {name}{note}{'' if sound else '  DIFFERS from the manifest that was read'}",
        sound,
    )
    if again:
        return
    visited.add(manifest)
    yield f"{indent}    code {content['code']}", True
    for key, value in content["options"].items():
        yield f"{indent}    {key} {json.dumps(value)}", True
    for file, about in content["files"].items():
        path = manifest.parent / file
        state = "MISSING" if not path.is_file() else "" if sha256(path) == about["sha256"] else "DIFFERS"
        yield f"{indent}    {file}  {about['bytes']} bytes  sha256 {about['sha256']}  {state}".rstrip(), not state
    for parent, digest in content["parents"].items():
        yield from tree(root / parent, root, digest, depth + 1, visited)


if __name__ == "__main__":
    raise SystemExit(main())
