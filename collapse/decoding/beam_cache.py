"""Keys and values of blocks during decoding: the prompt of each block, and the beams that branch off it.

The prompt runs once a block, not once a beam, and the beams share its keys and values. Each new token writes its keys
and values into its own row. A table lists the rows from which each beam descends. A beam that changes its parent copies
a line of the table; no key or value moves. Every few steps, the rows without a descendant are dropped.
"""

import numpy as np
import torch
from torch import Tensor

from collapse.models.opt import Opt

WINDOW_STEPS = 8  # steps between two clearings: fewer cost copies, more cost attention to useless rows
ROW_MULTIPLE = 16  # the number of rows is a multiple: a longer neighbour then adds only exact zeros to a block's sums


class BeamCache:
    """Keys and values of prompts (blocks, tokens) and of `beams` continuations of each.

    The rows of a block are the prompt, the window of the latest steps, and the surviving rows of earlier steps without
    gaps. Only its own block decides the place of a row, so results do not depend on the other blocks of the batch.
    """

    def __init__(self, model: Opt, prompts: Tensor, beams: int, new_tokens: int) -> None:
        self.model, self.beams = model, beams
        self.blocks, self.prompt = prompts.shape
        self.steps = 0
        self.window_steps = min(WINDOW_STEPS, new_tokens) if beams > 1 else new_tokens
        self.window_end = self.prompt + beams * self.window_steps
        self.length = _multiple(self.window_end)  # rows in use by the fullest block
        # added to attention scores: 0 where a beam descends from a row, -inf elsewhere
        rows = _multiple(self.window_end + (new_tokens if beams > 1 else 0))
        self.unseen = model.embedding.new_full((self.blocks, beams, rows), -torch.inf)
        self.unseen[:, :, : self.prompt] = 0
        self.own = model.embedding.new_full((beams, beams), -torch.inf).fill_diagonal_(0)
        self.keys: list[Tensor] = []  # for each layer (blocks × heads, head width, rows)
        self.values: list[Tensor] = []  # for each layer (blocks × heads, rows, head width)
        self.last_hidden = model.hidden_states(prompts, keep=self._keep_prompt, last_only=True)  # (blocks, width)

    def _keep_prompt(self, key: Tensor, value: Tensor) -> None:
        """Store the prompt's keys and values of one layer, (blocks, heads, tokens, head width)."""
        pairs, width, rows = self.blocks * self.model.heads, key.shape[3], self.unseen.shape[2]
        self.keys.append(key.new_zeros(pairs, width, rows))
        self.values.append(value.new_zeros(pairs, rows, width))
        self._write(len(self.keys) - 1, 0, key, value)

    def _write(self, number: int, first: int, key: Tensor, value: Tensor) -> None:
        blocks, heads, tokens, width = key.shape
        last = first + tokens
        self.keys[number].view(blocks, heads, width, -1)[..., first:last] = key.transpose(2, 3)
        self.values[number].view(blocks, heads, -1, width)[:, :, first:last] = value

    def extend(self, tokens: Tensor) -> Tensor:
        """Append a token (blocks, beams) to every beam; return its final hidden states (blocks × beams, width)."""
        slot = self.steps % self.window_steps
        if slot == 0 and self.steps:
            self._clear_window()
        first = self.prompt + self.beams * slot
        self.unseen[:, :, first : first + self.beams] = self.own
        model = self.model
        hidden = (model.embedding[tokens] + model.positions[self.prompt + self.steps]).flatten(0, 1)
        for number, layer in enumerate(model.layers):
            query, key, value = model.project(hidden, layer, self.beams)
            self._write(number, first, key, value)
            hidden = layer.attention_output.add_to(hidden, self._attend(number, query))
            hidden = layer.feed_forward(hidden)
        self.steps += 1
        return model.final_norm(hidden)

    def _attend(self, number: int, query: Tensor) -> Tensor:
        """Attend with queries (blocks, heads, beams, head width) to the rows from which each beam descends."""
        blocks, heads, beams, width = query.shape
        # with so few queries a head, two batched products are faster than a fused attention kernel
        scores = product(query.reshape(-1, beams, width), self.keys[number][:, :, : self.length])
        scores = scores.view(blocks, heads, beams, -1).add_(self.unseen[:, None, :, : self.length])
        weights = torch.softmax(scores, dim=3).view(-1, beams, self.length)
        attended = product(weights, self.values[number][:, : self.length])
        return attended.view(blocks, heads, beams, width).transpose(1, 2).reshape(blocks * beams, -1)

    def follow(self, parents: Tensor) -> None:
        """Make beam i of each block a child of its beam `parents[block, i]`; parents (blocks, beams)."""
        table = self.unseen[:, :, : self.length]
        table.copy_(table.gather(1, parents[:, :, None].expand_as(table)))

    def _clear_window(self) -> None:
        """Move the window's rows with a descendant behind the window; drop the other rows."""
        old = self.unseen[:, :, self.prompt : self.length]
        alive = (old == 0).any(1)  # (blocks, rows)
        most = int(alive.sum(1).max())
        chosen = torch.sort(alive.logical_not(), dim=1, stable=True).indices[:, :most]  # living rows first, in order
        survivors = old.gather(2, chosen[:, None, :].expand(-1, self.beams, -1))
        chosen = (self.prompt + chosen).repeat_interleave(self.model.heads, dim=0)
        first, last = self.window_end, self.window_end + most
        missing = _multiple(last) - self.unseen.shape[2]
        if missing > 0:
            self.unseen = torch.nn.functional.pad(self.unseen, (0, missing), value=-torch.inf)
        for number, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            chosen_keys = keys.gather(2, chosen[:, None, :].expand(-1, keys.shape[1], -1))
            chosen_values = values.gather(1, chosen[:, :, None].expand(-1, -1, values.shape[2]))
            if missing > 0:
                keys = self.keys[number] = torch.nn.functional.pad(keys, (0, missing))
                values = self.values[number] = torch.nn.functional.pad(values, (0, 0, 0, missing))
            keys[:, :, first:last] = chosen_keys
            values[:, first:last] = chosen_values
        self.unseen[:, :, self.prompt :] = -torch.inf
        self.unseen[:, :, first:last] = survivors
        self.length = _multiple(last)


def product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply batches of small matrices. For fp32 on a processor, numpy's BLAS takes half the time of torch's."""
    if left.device.type == "cpu" and left.dtype == torch.float32:
        return torch.from_numpy(np.matmul(left.numpy(), right.numpy()))
    return torch.bmm(left, right)


def _multiple(rows: int) -> int:
    return -(-rows // ROW_MULTIPLE) * ROW_MULTIPLE
