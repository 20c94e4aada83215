"""How much shorter a text becomes when its repetitions are said once."""

import lzma


def compression_ratio(text: str) -> float:
    """Bytes of the text in UTF-8 over its bytes compressed: about 2 to 4 for prose, more the more repeats.

    A measure of diversity after Shaib et al. 2024 (arXiv 2403.00553), who take gzip. This is LZMA2, whose window of
    8 MB finds repeats all over a text, where gzip's ends after 32 KB; without a container, which a short text would
    pay for.
    ValueError for no text.
    """
    data = text.encode()
    if not data:
        raise ValueError("no text to compress: all of its tokens are special ones")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    return len(data) / len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters))
