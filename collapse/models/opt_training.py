"""OPT for training: weights and gradient in one flat buffer each, and an explicit backward pass.

This code avoids work that transformers and autograd do without need: padding masks, the logits of all tokens at once
(most of the memory with a vocabulary of 50,272), one product for each of three projections, and weights in a slow
layout. A step takes little more time than its matrix products.
"""

import numpy as np
import torch
from torch import Tensor

from collapse.models.logits import rows_at_a_time
from collapse.models.opt import POSITION_OFFSET, Opt, from_state_dict, pack, packable, packed_product

ROWS_OF_LOGITS = 1024  # computed at a time; a product of so many rows runs at full speed
ROWS_WORTH_PACKING = 1024  # tokens of a batch; for fewer tokens, packing the weights costs more than it saves


class TrainableOpt:
    """A pre-norm OPT in training. `weights` and `gradients` are flat fp32 tensors; `state_dict()` gives named views.

    Each of `threads` has a gradient and computes its own blocks at the same time as the others. Matrix products use
    `precision`. Weights, gradients, the residual stream, norms and the loss are fp32.
    """

    def __init__(
        self,
        weights: dict[str, Tensor],
        heads: int,
        dropout: float = 0.0,
        precision: torch.dtype = torch.float32,
        threads: int = 1,
    ) -> None:
        weights = {name.removeprefix("model.decoder."): tensor for name, tensor in weights.items()}
        self.layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
        self.heads, self.dropout, self.precision = heads, dropout, precision
        self.names = _in_order(self.layers)
        shapes = [weights[name].shape for name in self.names]
        device = weights[self.names[0]].device
        self.weights = torch.cat([weights[name].detach().float().flatten() for name in self.names])
        self.gradients = [torch.zeros_like(self.weights) for _ in range(threads)]
        self.shapes = dict(zip(self.names, shapes, strict=True))
        self.width = self.shapes["embed_tokens.weight"][1]
        self._weight = self.views(self.weights)
        self._gradient = [self.views(gradient) for gradient in self.gradients]
        self.maps = {name: _Map(self._weight[name], precision) for name in self._map_names()}
        self.device = device

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a flat tensor by name. `qkv` joins the three projections of a layer, which lie side by side."""
        views, start = {}, 0
        for name, shape in self.shapes.items():
            views[name] = flat[start : start + shape.numel()].view(shape)
            if name.endswith("q_proj.weight") or name.endswith("q_proj.bias"):
                joined = flat[start : start + 3 * shape.numel()].view(3 * shape[0], *shape[1:])
                views[name.replace("q_proj", "qkv")] = joined
            start += shape.numel()
        return views

    def _map_names(self) -> list[str]:
        parts = ("self_attn.qkv", "self_attn.out_proj", "fc1", "fc2")
        return ["embed_tokens.weight"] + [
            f"layers.{layer}.{part}.weight" for layer in range(self.layers) for part in parts
        ]

    def state_dict(self) -> dict[str, Tensor]:
        """Weights by their names in transformers' OPTForCausalLM. The output matrix is the embedding."""
        return {f"model.decoder.{name}": self._weight[name] for name in self.names}

    def reader(self) -> Opt:
        """Model with the present weights, for scoring."""
        return from_state_dict(self.state_dict(), self.heads)

    def dropout_sites(self, tokens: int) -> tuple[int, int, int]:
        """Number and shape of the dropout masks of one block: (sites, tokens, width)."""
        return 2 * self.layers, tokens, self.width

    @torch.inference_mode()
    def add_gradient(self, ids: Tensor, scale: float, kept: Tensor | None = None, thread: int = 0) -> float:
        """Add the gradient of `scale` × loss of ids (blocks, tokens) to a thread's gradient; return the unscaled loss.

        The loss is the summed negative log-likelihood, in nats, of tokens 2 … n of every block. `kept` (sites, blocks ×
        tokens, width) is true where dropout keeps a number; it is needed if `dropout` is not 0. Warning: prepare every
        map of `maps` after each change of `weights`.
        """
        passes = _Passes(self, self._gradient[thread], kept)
        hidden = passes.embed(ids)
        for layer in range(self.layers):
            hidden = passes.attention(layer, hidden)
            hidden = passes.feed_forward(layer, hidden)
        loss, slope = passes.output(hidden, ids, scale)
        for layer in reversed(range(self.layers)):
            slope = passes.feed_forward_backward(layer, slope)
            slope = passes.attention_backward(layer, slope)
        passes.embed_backward(ids, slope)
        return loss


class _Map:
    """A linear map in training: forward product, backward product and the gradient of the weight."""

    def __init__(self, weight: Tensor, precision: torch.dtype) -> None:
        self.weight, self.precision = weight, precision

    def prepare(self, rows: int) -> None:
        """Pack the weight for the next step. `rows` is the number of tokens of its whole batch."""
        weight = self.weight.to(self.precision)
        self.packed = rows >= ROWS_WORTH_PACKING and packable(weight)
        self.there, self.back = (pack(weight), pack(weight.t())) if self.packed else (weight, weight)

    def forward(self, rows: Tensor, bias: Tensor | None) -> Tensor:
        if self.packed:
            return packed_product(rows, self.there, bias)
        return torch.nn.functional.linear(rows, self.there, bias)

    def backward(self, slope: Tensor, rows: Tensor, gradient: Tensor) -> Tensor:
        """Turn the slope by the outputs (n, out) into the slope by the inputs (n, in); add to the weight's gradient."""
        if self.precision == torch.float32:
            gradient.addmm_(slope.t(), rows)
        else:
            gradient.add_(slope.t() @ rows)
        if self.packed:
            return packed_product(slope, self.back)
        return slope @ self.back


class _Passes:
    """Forward and backward pass of some blocks. `saved` holds the tensors that the backward pass needs."""

    def __init__(self, model: TrainableOpt, gradient: dict[str, Tensor], kept: Tensor | None) -> None:
        self.model, self.gradient, self.kept = model, gradient, kept
        self.saved: dict[tuple[str, int], tuple[Tensor, ...]] = {}

    def embed(self, ids: Tensor) -> Tensor:
        self.blocks, self.tokens = ids.shape
        weight = self.model._weight
        positions = weight["embed_positions.weight"][POSITION_OFFSET : POSITION_OFFSET + self.tokens]
        return (weight["embed_tokens.weight"][ids] + positions).view(-1, self.model.width)

    def embed_backward(self, ids: Tensor, slope: Tensor) -> None:
        positions = self.gradient["embed_positions.weight"][POSITION_OFFSET : POSITION_OFFSET + self.tokens]
        positions += slope.view(self.blocks, self.tokens, -1).sum(0)
        self.gradient["embed_tokens.weight"].index_add_(0, ids.flatten(), slope)

    def attention(self, layer: int, hidden: Tensor) -> Tensor:
        base, heads = f"layers.{layer}.self_attn", self.model.heads
        normed = self._norm(f"{base}_layer_norm", hidden)
        joined = self._map(f"{base}.qkv", normed)
        parts = joined.view(self.blocks, self.tokens, 3, heads, -1).permute(2, 0, 3, 1, 4).contiguous()
        query, key, value = parts.view(3, self.blocks * heads, self.tokens, -1)
        query *= query.shape[2] ** -0.5
        later = torch.full((self.tokens, self.tokens), -torch.inf, dtype=query.dtype, device=query.device).triu_(1)
        weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)).add_(later), dim=2)
        attended = torch.bmm(weights, value).view(self.blocks, heads, self.tokens, -1)
        attended = attended.transpose(1, 2).reshape(len(hidden), -1)
        self.saved["attention", layer] = (normed, query, key, value, weights, attended)
        return hidden + self._dropped(2 * layer, self._map(f"{base}.out_proj", attended))

    def attention_backward(self, layer: int, slope: Tensor) -> Tensor:
        base, heads = f"layers.{layer}.self_attn", self.model.heads
        normed, query, key, value, weights, attended = self.saved.pop(("attention", layer))
        inner = self._map_backward(f"{base}.out_proj", self._dropped(2 * layer, slope), attended)
        inner = inner.view(self.blocks, self.tokens, heads, -1).transpose(1, 2).reshape(query.shape)
        by_weights = torch.bmm(inner, value.transpose(1, 2))
        by_scores = torch._softmax_backward_data(by_weights, weights, 2, weights.dtype)
        parts = torch.empty(3, *query.shape, dtype=query.dtype, device=query.device)
        torch.bmm(by_scores, key, out=parts[0]).mul_(query.shape[2] ** -0.5)
        torch.bmm(by_scores.transpose(1, 2), query, out=parts[1])
        torch.bmm(weights.transpose(1, 2), inner, out=parts[2])
        joined = parts.view(3, self.blocks, heads, self.tokens, -1).permute(1, 3, 0, 2, 4).reshape(len(slope), -1)
        return slope + self._norm_backward(f"{base}_layer_norm", self._map_backward(f"{base}.qkv", joined, normed))

    def feed_forward(self, layer: int, hidden: Tensor) -> Tensor:
        base = f"layers.{layer}"
        normed = self._norm(f"{base}.final_layer_norm", hidden)
        inner = self._map(f"{base}.fc1", normed).relu_()
        self.saved["feed forward", layer] = (normed, inner)
        return hidden + self._dropped(2 * layer + 1, self._map(f"{base}.fc2", inner))

    def feed_forward_backward(self, layer: int, slope: Tensor) -> Tensor:
        base = f"layers.{layer}"
        normed, inner = self.saved.pop(("feed forward", layer))
        by_inner = self._map_backward(f"{base}.fc2", self._dropped(2 * layer + 1, slope), inner)
        by_inner = torch.ops.aten.threshold_backward(by_inner, inner, 0)
        by_normed = self._map_backward(f"{base}.fc1", by_inner, normed)
        return slope + self._norm_backward(f"{base}.final_layer_norm", by_normed)

    def output(self, hidden: Tensor, ids: Tensor, scale: float) -> tuple[float, Tensor]:
        """Return the loss of all tokens but each block's first, and its slope by `hidden`. Few logits exist at once."""
        head = self.model.maps["embed_tokens.weight"]
        normed = self._norm("final_layer_norm", hidden)
        predicting = normed.view(self.blocks, self.tokens, -1)[:, :-1].flatten(0, 1)
        targets = ids[:, 1:].flatten()
        loss, slopes = 0.0, []
        for rows, target in zip(predicting.split(ROWS_OF_LOGITS), targets.split(ROWS_OF_LOGITS), strict=True):
            logits = head.forward(rows, None)
            loss += cross_entropy_and_slope(logits, target, scale)
            slopes.append(head.backward(logits, rows, self.gradient["embed_tokens.weight"]).float())
        by_normed = torch.zeros_like(hidden).view(self.blocks, self.tokens, -1)
        by_normed[:, :-1] = torch.cat(slopes).view(self.blocks, self.tokens - 1, -1)
        return loss, self._norm_backward("final_layer_norm", by_normed.view(hidden.shape))

    def _map(self, name: str, rows: Tensor) -> Tensor:
        bias = self.model._weight[f"{name}.bias"].to(rows.dtype)
        return self.model.maps[f"{name}.weight"].forward(rows, bias)

    def _map_backward(self, name: str, slope: Tensor, rows: Tensor) -> Tensor:
        self.gradient[f"{name}.bias"].add_(slope.sum(0, dtype=torch.float32))
        return self.model.maps[f"{name}.weight"].backward(slope.to(rows.dtype), rows, self.gradient[f"{name}.weight"])

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self.model._weight[f"{name}.weight"], self.model._weight[f"{name}.bias"]
        normed, mean, deviation = torch.native_layer_norm(hidden, weight.shape, weight, bias, 1e-5)
        self.saved[name, 0] = (hidden, mean, deviation)
        return normed.to(self.model.precision)

    def _norm_backward(self, name: str, slope: Tensor) -> Tensor:
        weight, bias = self.model._weight[f"{name}.weight"], self.model._weight[f"{name}.bias"]
        hidden, mean, deviation = self.saved.pop((name, 0))
        by_hidden: Tensor
        by_hidden, by_weight, by_bias = torch.ops.aten.native_layer_norm_backward(
            slope.float(), hidden, weight.shape, mean, deviation, weight, bias, [True, True, True]
        )
        self.gradient[f"{name}.weight"].add_(by_weight)
        self.gradient[f"{name}.bias"].add_(by_bias)
        return by_hidden

    def _dropped(self, site: int, rows: Tensor) -> Tensor:
        """Apply dropout: set dropped numbers to zero and scale the others up. The backward pass is the same."""
        if self.kept is None:
            return rows
        return torch.mul(rows, self.kept[site]).mul_(1 / (1 - self.model.dropout))  # not in place: `rows` are needed


def cross_entropy_and_slope(logits: Tensor, targets: Tensor, scale: float) -> float:
    """Return the summed negative log-likelihood, in nats, of targets (rows,) under logits (rows, vocabulary).

    Overwrites the logits with the slope of `scale` × loss by them: `scale` × (probability − 1 at the target).
    """
    loss = 0.0
    rows = rows_at_a_time(logits)
    for part, target in zip(logits.split(rows), targets[:, None].split(rows), strict=True):
        values = part.float()
        largest, chosen = values.amax(1, keepdim=True), values.gather(1, target)
        total = values.sub_(largest).exp_().sum(1, keepdim=True)
        loss += float((total.log() + largest - chosen).sum(dtype=torch.float64))
        values.mul_(scale / total).scatter_add_(1, target, values.new_full(target.shape, -scale))
        if values.dtype != part.dtype:
            part.copy_(values)
    return loss


def _in_order(layers: int) -> list[str]:
    """List the names of all tensors, with queries, keys and values side by side."""
    names = ["embed_tokens.weight", "embed_positions.weight"]
    for layer in (f"layers.{index}" for index in range(layers)):
        names += [f"{layer}.self_attn_layer_norm.{kind}" for kind in ("weight", "bias")]
        names += [f"{layer}.self_attn.{part}_proj.{kind}" for kind in ("weight", "bias") for part in "qkv"]
        for part in ("self_attn.out_proj", "final_layer_norm", "fc1", "fc2"):
            names += [f"{layer}.{part}.{kind}" for kind in ("weight", "bias")]
    return [*names, "final_layer_norm.weight", "final_layer_norm.bias"]


def dropout_masks(seed: int, step: int, rows: range, shape: tuple[int, int, int], dropout: float) -> Tensor:
    """Draw dropout masks for the blocks `rows` of one step's batch: bool (sites, blocks × tokens, width), true = keep.

    Each block of each step has its own counter-based stream (Philox, Salmon et al., SC 2011, doi
    10.1145/2063384.2063405), so masks do not depend on the division of a batch. Probabilities are multiples of
    1/65,536.
    """
    threshold = round(dropout * 65536)
    drawn = [
        np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, step, row])).integers(0, 65536, shape, np.uint16)
        >= threshold
        for row in rows
    ]
    return torch.from_numpy(np.concatenate(drawn, axis=1))
