"""One stable seed for each use of randomness."""

import hashlib


def derive_seed(*purpose: str | int) -> int:
    """Return a seed in [0, 2**63) that depends on every part of `purpose` and on nothing else.

    >>> derive_seed(1, "replace", 3, "generate") != derive_seed(1, "replace", 4, "generate")
    True

    The parts are joined with an unambiguous separator and hashed, because sums such as ``seed + generation`` give the
    same seed to different uses.
    """
    if not purpose:
        raise ValueError("derive_seed: name what the seed is for")
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in purpose)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
