"""OPT for reading: the weights of a Hugging Face folder and the forward pass for scoring and generation.

Reading needs no gradients and no transformers, whose import takes 3 seconds. The tests compare this forward pass with
the logits of transformers. OPT: Zhang et al., arXiv:2205.01068.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from collapse.artefacts import whole_file, write_json
from collapse.models.allocator import keep_freed
from collapse.models.families import ModelError, check_engine, read_config

POSITION_OFFSET = 2  # OPT's learned positions start at row 2 of their table


class Linear:
    """A linear map from rows (n, in) to rows (n, out), with a weight (out, in).

    On a processor the weight is packed once for oneDNN's matrix product. This saves a tenth to a third of the time.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.bias = bias
        self.packed = packable(weight)
        self.weight = pack(weight) if self.packed else weight

    def __call__(self, rows: Tensor) -> Tensor:
        return packed_product(rows, self.weight, self.bias) if self.packed else F.linear(rows, self.weight, self.bias)

    def relu(self, rows: Tensor) -> Tensor:
        if self.packed:
            return packed_product(rows, self.weight, self.bias, "relu")
        return F.linear(rows, self.weight, self.bias).relu_()

    def add_to(self, hidden: Tensor, rows: Tensor) -> Tensor:
        """Return `hidden` (n, out) plus the map of `rows` (n, in)."""
        if self.packed:
            total: Tensor = torch.ops.mkldnn._linear_pointwise.binary(rows, hidden, self.weight, self.bias, "add")
            return total
        return F.linear(rows, self.weight, self.bias).add_(hidden)


PACKED_ROWS = 256  # number of rows that the layout is best for; it works with any number


def packable(weight: Tensor) -> bool:
    """Whether oneDNN can multiply by this weight: on a processor, and in bfloat16 only with instructions for it."""
    return (
        weight.device.type == "cpu"
        and torch.backends.mkldnn.is_available()
        and (weight.dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


def pack(weight: Tensor) -> Tensor:
    """Reorder a weight (out, in) into oneDNN's own layout, for `packed_product`."""
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), PACKED_ROWS)
    return packed


def packed_product(rows: Tensor, packed: Tensor, bias: Tensor | None = None, activation: str = "none") -> Tensor:
    """Multiply rows (n, in) by a packed weight (out, in), add the bias, apply `none` or `relu`: (n, out)."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(rows, packed, bias, activation, [], "")
    return product


@dataclass(frozen=True)
class Norm:
    """Scale and shift of a layer norm."""

    weight: Tensor
    bias: Tensor

    def __call__(self, hidden: Tensor) -> Tensor:
        return F.layer_norm(hidden, self.weight.shape, self.weight, self.bias, 1e-5)


@dataclass(frozen=True)
class Layer:
    """One pre-norm transformer layer. One matrix holds the query, key and value projections; queries are scaled."""

    attention_norm: Norm
    query_key_value: Linear
    attention_output: Linear
    feed_forward_norm: Norm
    feed_forward_in: Linear
    feed_forward_out: Linear

    def feed_forward(self, hidden: Tensor) -> Tensor:
        """Apply the residual feed-forward half of the layer; (rows, width) in and out."""
        return self.feed_forward_out.add_to(hidden, self.feed_forward_in.relu(self.feed_forward_norm(hidden)))


@dataclass(frozen=True)
class Opt:
    """Weights of an OPT language model in evaluation mode, float32 or bfloat16."""

    embedding: Tensor  # (vocabulary, width)
    positions: Tensor  # (positions, width), without the offset
    layers: tuple[Layer, ...]
    final_norm: Norm
    output: Linear  # the embedding again, as a map from hidden states to logits
    heads: int

    @property
    def width(self) -> int:
        return self.embedding.shape[1]

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    @property
    def vocabulary_size(self) -> int:
        return self.embedding.shape[0]

    def check_positions(self, tokens: int) -> None:
        """Raise ValueError if the model has fewer positions than `tokens`."""
        if tokens > self.positions.shape[0]:
            raise ValueError(
                f"corpus.block_tokens: prompt and continuation have {tokens} tokens, more than the model's "
                f"{self.positions.shape[0]} positions; lower it"
            )

    def project(self, hidden: Tensor, layer: Layer, tokens: int) -> tuple[Tensor, Tensor, Tensor]:
        """Project rows (blocks × tokens, width) to queries, keys, values: (blocks, heads, tokens, head width) each."""
        joined = layer.query_key_value(layer.attention_norm(hidden))
        query, key, value = joined.view(-1, tokens, 3, self.heads, self.width // self.heads).permute(2, 0, 3, 1, 4)
        return query, key, value

    def hidden_states(
        self,
        ids: Tensor,
        keep: Callable[[Tensor, Tensor], None] | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """Return the final hidden states of ids (blocks, tokens), with causal attention: (blocks × tokens, width).

        `keep` is called with the keys and the values of each layer in turn. `last_only` computes the end of the last
        layer only for the last token of each block: (blocks, width).
        """
        blocks, tokens = ids.shape
        hidden = (self.embedding[ids] + self.positions[:tokens]).view(blocks * tokens, self.width)
        for number, layer in enumerate(self.layers):
            query, key, value = self.project(hidden, layer, tokens)
            if keep:
                keep(key, value)
            if last_only and number == len(self.layers) - 1:
                hidden = hidden.view(blocks, tokens, -1)[:, -1].contiguous()
                attended = F.scaled_dot_product_attention(query[:, :, -1:], key, value, scale=1.0)
            else:
                attended = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=1.0)
            hidden = layer.attention_output.add_to(hidden, attended.transpose(1, 2).reshape(hidden.shape))
            hidden = layer.feed_forward(hidden)
        return self.final_norm(hidden)


def load_opt(folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Opt:
    """Load a pre-norm OPT from `config.json` and `model.safetensors`.

    Raises ModelError for another model, and as `read_config` and `read_weights`. The process keeps freed memory from
    then on (`keep_freed`), because the logits of every step need it again.
    """
    keep_freed()
    config = read_config(folder)
    check_engine("collapse", config)
    weights = {name: tensor.to(device) for name, tensor in read_weights(folder).items()}
    return from_state_dict(weights, heads=config["num_attention_heads"], dtype=dtype)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read `model.safetensors` of a model folder in fp32. Raises ModelError if it is missing or damaged."""
    path = Path(folder) / "model.safetensors"
    if not path.is_file():
        raise ModelError(f"{path}: missing; the model folder needs config.json and model.safetensors")
    try:
        return {name: tensor.float() for name, tensor in load_file(path).items()}
    except Exception as error:  # safetensors raises its own type and the system's
        raise ModelError(f"{path}: truncated or not safetensors ({error}); fetch or make it again") from error


def write_weights(weights: Mapping[str, Tensor], config: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write a model in the Hugging Face layout and return its files. No file is left half written."""
    config_path, weights_path = Path(folder) / "config.json", Path(folder) / "model.safetensors"
    write_json(config_path, dict(config))
    with whole_file(weights_path) as target:
        save_file({name: tensor.cpu().clone() for name, tensor in weights.items()}, target, metadata={"format": "pt"})
    return [config_path, weights_path]


def from_state_dict(weights: dict[str, Tensor], heads: int, dtype: torch.dtype = torch.float32) -> Opt:
    """Arrange the weights of transformers' OPTForCausalLM (its names, any device) for reading.

    Raises ModelError if a weight is missing.
    """

    def tensor(name: str) -> Tensor:
        try:
            return weights[f"model.decoder.{name}"].detach()
        except KeyError as error:
            raise ModelError(
                f"model.safetensors: no tensor {error.args[0]}: the file belongs to another model; fetch or make the "
                "model again"
            ) from error

    def norm(name: str) -> Norm:
        return Norm(tensor(f"{name}.weight").to(dtype), tensor(f"{name}.bias").to(dtype))

    def linear(*names: str, scale: float = 1.0) -> Linear:
        """Join linear maps with the same input into one; scale the first map."""
        parts = [torch.cat([tensor(f"{name}.{kind}") for name in names]) for kind in ("weight", "bias")]
        if scale != 1:
            for part in parts:
                part[: len(part) // len(names)] *= scale
        return Linear(parts[0].to(dtype), parts[1].to(dtype))

    embedding = tensor("embed_tokens.weight").to(dtype)
    scale = (embedding.shape[1] // heads) ** -0.5
    layers = []
    count = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("model.decoder.layers."))
    for base in (f"layers.{index}" for index in range(count)):
        layers.append(
            Layer(
                attention_norm=norm(f"{base}.self_attn_layer_norm"),
                query_key_value=linear(*(f"{base}.self_attn.{part}_proj" for part in "qkv"), scale=scale),
                attention_output=linear(f"{base}.self_attn.out_proj"),
                feed_forward_norm=norm(f"{base}.final_layer_norm"),
                feed_forward_in=linear(f"{base}.fc1"),
                feed_forward_out=linear(f"{base}.fc2"),
            )
        )
    return Opt(
        embedding=embedding,
        positions=tensor("embed_positions.weight")[POSITION_OFFSET:].to(dtype),
        layers=tuple(layers),
        final_norm=norm("final_layer_norm"),
        output=Linear(embedding, None),
        heads=heads,
    )
