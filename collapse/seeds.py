"""Stable seeds, one for each use of randomness."""

import hashlib


def derive_seed(*purpose: str | int) -> int:
    """Return a seed in [0, 2**63) that depends only on the parts of `purpose`.

    >>> derive_seed(1, "replace", 3, "generate") != derive_seed(1, "replace", 4, "generate")
    True

    The function hashes the parts with a separator between them. A sum such as ``seed + generation`` would give the same
    seed to different uses. Raises ValueError without a purpose.
    """
    if not purpose:
        raise ValueError("derive_seed: no purpose; name what the seed is for")
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in purpose)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
