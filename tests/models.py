"""Models for tests: two layers, random weights spread wide enough that logits differ."""

import torch
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.language_model import new_opt


def random_opt(seed: int = 0, vocabulary_size: int = 64, width: int = 16, positions: int = 64) -> OPTForCausalLM:
    model = new_opt(
        vocabulary_size=vocabulary_size, layers=2, width=width, heads=2, positions=positions, dropout=0.0, seed=seed
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model.eval()
