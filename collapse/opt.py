"""OPT for reading only: the weights of a Hugging Face folder and the forward pass that scoring and generation share.

Training goes through transformers. Scoring and generation need neither gradients nor its 3 seconds of imports, so they
run on this forward pass, which the tests hold to transformers' own logits.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

POSITION_OFFSET = 2  # OPT's learned positions start at row 2 of their table


class ModelError(ValueError):
    """A model folder cannot be used; the message names the file, what is wrong and the remedy."""


@dataclass(frozen=True)
class Affine:
    """A linear map with its bias, weight (out, in)."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Layer:
    """One pre-norm transformer layer; query, key and value projections are one matrix, queries already scaled."""

    attention_norm: Affine
    query_key_value: Affine
    attention_output: Affine
    feed_forward_norm: Affine
    feed_forward_in: Affine
    feed_forward_out: Affine


@dataclass(frozen=True)
class Opt:
    """Weights of an OPT language model in evaluation mode, fp32."""

    embedding: Tensor  # (vocabulary, width), also the output matrix
    positions: Tensor  # (positions, width), offset removed
    layers: tuple[Layer, ...]
    final_norm: Affine
    heads: int

    @property
    def width(self) -> int:
        return self.embedding.shape[1]

    @property
    def vocabulary_size(self) -> int:
        return self.embedding.shape[0]

    def embed(self, ids: Tensor, start: int) -> Tensor:
        """Token plus position embeddings of ids (..., tokens) whose first position is `start`."""
        return self.embedding[ids] + self.positions[start : start + ids.shape[-1]]

    def norm(self, hidden: Tensor, affine: Affine) -> Tensor:
        return F.layer_norm(hidden, (self.width,), affine.weight, affine.bias, 1e-5)

    def feed_forward(self, hidden: Tensor, layer: Layer) -> Tensor:
        """Residual feed-forward half of a layer; (rows, width) in and out."""
        inner = F.linear(self.norm(hidden, layer.feed_forward_norm), *_pair(layer.feed_forward_in)).relu_()
        return F.linear(inner, *_pair(layer.feed_forward_out)).add_(hidden)

    def project(self, hidden: Tensor, layer: Layer) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of (blocks, tokens, width): three of (blocks, heads, tokens, head width)."""
        blocks, tokens, _ = hidden.shape
        joined = F.linear(self.norm(hidden, layer.attention_norm), *_pair(layer.query_key_value))
        query, key, value = joined.view(blocks, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return query, key, value

    def attention_output(self, attended: Tensor, hidden: Tensor, layer: Layer) -> Tensor:
        """Residual attention half: attended (blocks, heads, tokens, head width), hidden (blocks, tokens, width)."""
        joined = attended.transpose(1, 2).reshape(hidden.shape)
        return F.linear(joined, *_pair(layer.attention_output)).add_(hidden)

    def hidden_states(self, ids: Tensor) -> Tensor:
        """Final hidden states (blocks, tokens, width) of ids (blocks, tokens), each token seeing those before it."""
        hidden = self.embed(ids, 0)
        for layer in self.layers:
            query, key, value = self.project(hidden, layer)
            attended = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=1.0)
            hidden = self.feed_forward(self.attention_output(attended, hidden, layer), layer)
        return self.norm(hidden, self.final_norm)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding)


def _pair(affine: Affine) -> tuple[Tensor, Tensor]:
    return affine.weight, affine.bias


def load_opt(folder: Path) -> Opt:
    """Read an OPT model from `config.json` and `model.safetensors`.

    ModelError if a file is missing or truncated, or if the architecture is another one: layer norm after the layer, or
    embeddings narrower than the model (OPT-350m).
    """
    folder = Path(folder)
    config_path, weights_path = folder / "config.json", folder / "model.safetensors"
    for path in (config_path, weights_path):
        if not path.is_file():
            raise ModelError(f"{path}: missing; the model folder needs config.json and model.safetensors")
    config = json.loads(config_path.read_text())
    if config.get("model_type") != "opt" or not config.get("do_layer_norm_before", True):
        raise ModelError(f"{config_path}: not a pre-norm OPT; choose a base model such as facebook/opt-125m")
    if config.get("word_embed_proj_dim", config["hidden_size"]) != config["hidden_size"]:
        raise ModelError(f"{config_path}: embeddings narrower than the model; choose one such as facebook/opt-125m")
    try:
        weights = {name: tensor.float() for name, tensor in load_file(weights_path).items()}
    except Exception as error:  # safetensors has one error type of its own and passes on those of the system
        raise ModelError(f"{weights_path}: truncated or not safetensors ({error}); fetch or make it again") from error
    return from_state_dict(weights, heads=config["num_attention_heads"])


def from_state_dict(weights: dict[str, Tensor], heads: int) -> Opt:
    """Arrange the weights of transformers' OPTForCausalLM (its names, any device) for reading."""
    prefix = "model.decoder."

    def affine(name: str) -> Affine:
        try:
            return Affine(weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"])
        except KeyError as error:
            raise ModelError(f"model.safetensors: no tensor {error.args[0]}; the file is of another model") from error

    embedding = affine_free(weights, f"{prefix}embed_tokens.weight")
    scale = (embedding.shape[1] // heads) ** -0.5
    layers = []
    count = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith(f"{prefix}layers."))
    for index in range(count):
        base = f"layers.{index}."
        query, key, value = (affine(f"{base}self_attn.{part}_proj") for part in "qkv")
        layers.append(
            Layer(
                attention_norm=affine(f"{base}self_attn_layer_norm"),
                query_key_value=Affine(
                    torch.cat([query.weight * scale, key.weight, value.weight]),
                    torch.cat([query.bias * scale, key.bias, value.bias]),
                ),
                attention_output=affine(f"{base}self_attn.out_proj"),
                feed_forward_norm=affine(f"{base}final_layer_norm"),
                feed_forward_in=affine(f"{base}fc1"),
                feed_forward_out=affine(f"{base}fc2"),
            )
        )
    return Opt(
        embedding=embedding,
        positions=affine_free(weights, f"{prefix}embed_positions.weight")[POSITION_OFFSET:],
        layers=tuple(layers),
        final_norm=affine("final_layer_norm"),
        heads=heads,
    )


def affine_free(weights: dict[str, Tensor], name: str) -> Tensor:
    if name not in weights:
        raise ModelError(f"model.safetensors: no tensor {name}; the file is of another model")
    return weights[name]
