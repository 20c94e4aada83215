"""Models for tests: two layers, with random weights of a large spread, so that logits differ."""

import torch
from transformers import GPTNeoXConfig, OPTConfig, PreTrainedConfig, PreTrainedModel
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXForCausalLM
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.models.transformers_files import new_opt


def random_opt(seed: int = 0, vocabulary_size: int = 64, width: int = 16, positions: int = 64) -> OPTForCausalLM:
    model = new_opt(
        vocabulary_size=vocabulary_size, layers=2, width=width, heads=2, positions=positions, dropout=0.0, seed=seed
    )
    return spread(model, seed)


def random_pythia(seed: int = 0, vocabulary_size: int = 64, width: int = 16, positions: int = 64) -> PreTrainedModel:
    """Make a model like EleutherAI's Pythia: rotary positions, parallel layer halves, a separate output matrix."""
    sizes = shape(vocabulary_size, width, positions)
    config = GPTNeoXConfig(intermediate_size=4 * width, bos_token_id=0, eos_token_id=0, **sizes)
    return drawn(GPTNeoXForCausalLM, config, seed)


def post_norm_opt(seed: int = 0, vocabulary_size: int = 64, width: int = 16, positions: int = 64) -> PreTrainedModel:
    """Make a model like facebook/opt-350m: layer norm after the layer, embeddings narrower than the model."""
    own = {"word_embed_proj_dim": width // 2, "ffn_dim": 4 * width, "do_layer_norm_before": False, "dropout": 0.0}
    return drawn(OPTForCausalLM, OPTConfig(**own, **shape(vocabulary_size, width, positions)), seed)


def shape(vocabulary_size: int, width: int, positions: int) -> dict[str, int]:
    """Return the sizes that both families name alike."""
    layers = {"num_hidden_layers": 2, "num_attention_heads": 2}
    return {"vocab_size": vocabulary_size, "hidden_size": width, "max_position_embeddings": positions} | layers


def drawn(kind: type[PreTrainedModel], config: PreTrainedConfig, seed: int) -> PreTrainedModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return spread(kind(config), seed)


def spread(model: PreTrainedModel, seed: int) -> PreTrainedModel:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model.eval()
