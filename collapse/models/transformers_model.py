"""Base models other than pre-norm OPT, for reading and training, computed by transformers and autograd.

They are slower than this project's own code. They have the same interfaces: `Reader` and `Trainable` in
`collapse/models/interfaces.py`.
"""

import contextlib
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from collapse.models.allocator import keep_freed
from collapse.models.transformers_files import from_weights, load_model

NAME_IN_FILES = {"gpt_neox": {"lm_head.weight": "embed_out.weight"}}  # weights with another name in the module
DROPOUT = {"opt": "dropout", "gpt_neox": "hidden_dropout"}
EMBEDDING_SITES = {"opt": 0, "gpt_neox": 1}  # dropout sites beside two in each layer


class Transformer:
    """A language model of transformers, for reading."""

    def __init__(self, module: PreTrainedModel) -> None:
        self.module = module.eval()
        self.device: torch.device = module.device
        self.vocabulary_size: int = module.config.vocab_size

    def hidden_states(self, ids: Tensor) -> Tensor:
        """Return the final hidden states of ids (blocks, tokens): (blocks × tokens, width)."""
        hidden: Tensor = self.module.base_model(input_ids=ids, use_cache=False).last_hidden_state
        return hidden.flatten(0, 1)

    def output(self, hidden: Tensor) -> Tensor:
        """Map hidden states (rows, width) to logits (rows, vocabulary)."""
        logits: Tensor = self.module.get_output_embeddings()(hidden)
        return logits


def load_transformer(folder: Path, dtype: torch.dtype, device: str) -> Transformer:
    """Load the model of a folder for reading. Raises ModelError as `load_model`."""
    keep_freed()
    return Transformer(load_model(folder, dtype).to(device))


class TrainableTransformer:
    """A language model of transformers, in training.

    Every thread has its own modules. Their weights are views into the common `weights`; their gradients are views into
    the thread's own gradient. Autocast computes matrix products in `precision`.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        config: Mapping[str, Any],
        precision: torch.dtype = torch.float32,
        threads: int = 1,
    ) -> None:
        self.kind, self.precision = config["model_type"], precision
        self.dropout: float = config.get(DROPOUT[self.kind], 0.0)
        self.layers, self.width = config["num_hidden_layers"], config["hidden_size"]
        self.maps: dict[str, Any] = {}
        self.device = next(iter(weights.values())).device
        module = from_weights(weights, config).to(self.device).eval()
        self.shapes = {name: parameter.shape for name, parameter in module.named_parameters()}
        self.weights = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
        self.gradients = [torch.zeros_like(self.weights) for _ in range(threads)]
        self.modules: list[PreTrainedModel] = []
        for gradient in self.gradients:
            copied = module if not self.modules else copy.deepcopy(module)
            own_weights, own_gradient = self.views(self.weights), self.views(gradient)
            for name, parameter in copied.named_parameters():
                parameter.data, parameter.grad = own_weights[name], own_gradient[name]
            self.modules.append(copied)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a flat tensor by name. A tied parameter appears once."""
        parts = flat.split([shape.numel() for shape in self.shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def state_dict(self) -> dict[str, Tensor]:
        """Weights by their names in the model's files."""
        names = NAME_IN_FILES.get(self.kind, {})
        return {names.get(name, name): tensor for name, tensor in self.views(self.weights).items()}

    def reader(self) -> Transformer:
        """Model with the present weights, for scoring."""
        return Transformer(self.modules[0])

    def dropout_sites(self, tokens: int) -> tuple[int, int, int]:
        """Number and shape of the dropout masks of one block: (sites, tokens, width)."""
        return 2 * self.layers + EMBEDDING_SITES[self.kind], tokens, self.width

    def add_gradient(self, ids: Tensor, scale: float, kept: Tensor | None = None, thread: int = 0) -> float:
        """See `collapse.models.opt_training.TrainableOpt.add_gradient`. Here the logits of all tokens exist at once."""
        model = Transformer(self.modules[thread])
        autocast = torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)
        with _Dropout(kept, self.dropout) if kept is not None else contextlib.nullcontext(), autocast:
            hidden = model.hidden_states(ids).view(*ids.shape, -1)
            logits = model.output(hidden[:, :-1].flatten(0, 1))
        loss = F.cross_entropy(logits.float(), ids[:, 1:].flatten(), reduction="sum")
        (scale * loss).backward()  # adds to the present gradients
        return float(loss.detach())


class _Dropout(TorchFunctionMode):
    """Replaces each dropout call of the modules by the next of the given masks (sites, blocks × tokens, width).

    The modules are in evaluation mode, so no other dropout happens.
    """

    def __init__(self, kept: Tensor, dropout: float) -> None:
        super().__init__()
        self.masks, self.dropout = iter(kept), dropout

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is F.dropout:
            return args[0] * next(self.masks).view(args[0].shape) / (1 - self.dropout)
        return function(*args, **(kwargs or {}))
