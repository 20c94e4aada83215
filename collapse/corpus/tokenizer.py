"""Byte-level BPE tokenizers: the base model's own, or trained here with OPT's special tokens at OPT's ids."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from collapse.artefacts import write_json, write_text
from collapse.corpus.special_tokens import CONVENTIONS, SPECIAL_TOKENS


def train_tokenizer(documents: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Train a byte-level BPE with exactly `vocabulary_size` tokens. Raises ValueError if the text is too short."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    if tokenizer.get_vocab_size() != vocabulary_size:
        raise ValueError(
            f"base_model.pretraining.vocabulary_size: {vocabulary_size}: the pretraining text yields only "
            f"{tokenizer.get_vocab_size()} tokens; lower it, or give more text"
        )
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read `tokenizer.json` from a folder in the Hugging Face layout. Raises FileNotFoundError without that file."""
    path = Path(folder) / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing; the base model needs a tokenizer in this format")
    return Tokenizer.from_file(str(path))


def special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """Return the names of a tokenizer's special tokens. Raises ValueError without a known end-of-text token."""
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    for convention in CONVENTIONS:
        if convention["eos_token"] in added:
            return convention
    known = " and ".join(convention["eos_token"] for convention in CONVENTIONS)
    raise ValueError(f"no known end-of-text token among its special tokens; this code knows {known}")


def end_of_text(tokenizer: Tokenizer) -> int:
    """Return the id of the token before every document. Raises ValueError as `special_tokens`."""
    name = special_tokens(tokenizer)["eos_token"]
    return next(number for number, token in tokenizer.get_added_tokens_decoder().items() if token.content == name)


def write_tokenizer(tokenizer_json: str, folder: Path) -> list[Path]:
    """Write `tokenizer.json`, and a `tokenizer_config.json` for transformers' AutoTokenizer; return the two paths."""
    paths = [Path(folder) / "tokenizer.json", Path(folder) / "tokenizer_config.json"]
    write_text(paths[0], tokenizer_json)
    names = special_tokens(Tokenizer.from_str(tokenizer_json))
    write_json(paths[1], {"tokenizer_class": "PreTrainedTokenizerFast", **names})
    return paths
