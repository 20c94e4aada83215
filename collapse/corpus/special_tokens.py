"""The special tokens of the model families that are known."""

# OPT's ids; OPT models begin and end a text with token 2
BEGIN, PAD, END_OF_TEXT, UNKNOWN = 0, 1, 2, 3
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]
# names of the special tokens in each model family: OPT, GPT-NeoX
CONVENTIONS = (
    {"bos_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"},
    {
        "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|padding|>",
        "unk_token": "<|endoftext|>",
    },
)
