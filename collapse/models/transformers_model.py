"""Base models other than pre-norm OPT, by transformers' modules and autograd: for reading and for training.

Slower than the code of this project and the same to those that use it: see `Reader` and `Trainable` in
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

NAME_IN_FILES = {"gpt_neox": {"lm_head.weight": "embed_out.weight"}}  # where a module calls a weight something else
DROPOUT = {"opt": "dropout", "gpt_neox": "hidden_dropout"}
EMBEDDING_SITES = {"opt": 0, "gpt_neox": 1}  # of dropout, beside two a layer


class Transformer:
    """A language model of transformers for reading."""

    def __init__(self, module: PreTrainedModel) -> None:
        self.module = module.eval()
        self.device: torch.device = module.device
        self.vocabulary_size: int = module.config.vocab_size

    def hidden_states(self, ids: Tensor) -> Tensor:
        """What the output matrix is applied to: (blocks × tokens, width) of ids (blocks, tokens)."""
        return self.module.base_model(input_ids=ids, use_cache=False).last_hidden_state.flatten(0, 1)

    def output(self, hidden: Tensor) -> Tensor:
        return self.module.get_output_embeddings()(hidden)


def load_transformer(folder: Path, dtype: torch.dtype, device: str) -> Transformer:
    keep_freed()
    return Transformer(load_model(folder, dtype).to(device))


class TrainableTransformer:
    """A language model of transformers in training.

    Every thread has modules of its own, whose weights are views into the one `weights`, and whose gradients are views
    into the thread's own. `precision` is what autocast computes matrix products in.
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
            one = module if not self.modules else copy.deepcopy(module)
            own_weights, own_gradient = self.views(self.weights), self.views(gradient)
            for name, parameter in one.named_parameters():
                parameter.data, parameter.grad = own_weights[name], own_gradient[name]
            self.modules.append(one)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Every parameter by its name; one that is tied stands once."""
        parts = flat.split([shape.numel() for shape in self.shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by the names of the files of such models."""
        names = NAME_IN_FILES.get(self.kind, {})
        return {names.get(name, name): tensor for name, tensor in self.views(self.weights).items()}

    def reader(self) -> Transformer:
        return Transformer(self.modules[0])

    def dropout_sites(self, tokens: int) -> tuple[int, int, int]:
        return 2 * self.layers + EMBEDDING_SITES[self.kind], tokens, self.width

    def add_gradient(self, ids: Tensor, scale: float, kept: Tensor | None = None, thread: int = 0) -> float:
        """As `collapse.models.opt_training.TrainableOpt.add_gradient`; the logits of all tokens exist at once."""
        model = Transformer(self.modules[thread])
        autocast = torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)
        with _Dropout(kept, self.dropout) if kept is not None else contextlib.nullcontext(), autocast:
            hidden = model.hidden_states(ids).view(*ids.shape, -1)
            logits = model.output(hidden[:, :-1].flatten(0, 1))
        loss = F.cross_entropy(logits.float(), ids[:, 1:].flatten(), reduction="sum")
        (scale * loss).backward()  # adds to what the gradients hold
        return float(loss.detach())


class _Dropout(TorchFunctionMode):
    """Modules ask for dropout; this gives it by masks (sites, blocks × tokens, width), in the order of the asking.

    They are in evaluation mode, so that nothing else is left out at random.
    """

    def __init__(self, kept: Tensor, dropout: float) -> None:
        super().__init__()
        self.masks, self.dropout = iter(kept), dropout

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is F.dropout:
            return args[0] * next(self.masks).view(args[0].shape) / (1 - self.dropout)
        return function(*args, **(kwargs or {}))
