"""Blocks while they are being continued: every block's prompt, and the beams that branch off it.

The prompt runs once a block, not once a beam, and the beams share its keys and values. A new token's keys and values
are written into a row of their own: a beam that changes its parent takes over a line of the table that says which rows
it descends from, and no key or value moves. Every few steps the rows that no beam descends from are dropped.
"""

import numpy as np
import torch
from torch import Tensor

from collapse.models.opt import Opt

WINDOW_STEPS = 8  # steps between two clearings; fewer cost copies, more cost attention to rows that are of no use
ROW_MULTIPLE = 16  # of the length of all rows: a longer neighbour then adds nothing but exact zeros to a block's sums


class BeamCache:
    """Keys and values of prompts (blocks, tokens) and of `beams` continuations of each.

    A block's rows: the prompt, the window of the latest steps, and what survived of the steps before, densely. The
    place of a row depends on its own block alone, so a block's numbers do not depend on its neighbours in the batch.
    """

    def __init__(self, model: Opt, prompts: Tensor, beams: int, new_tokens: int) -> None:
        self.model, self.beams = model, beams
        self.blocks, self.prompt = prompts.shape
        self.steps = 0
        self.window_steps = min(WINDOW_STEPS, new_tokens) if beams > 1 else new_tokens
        self.window_end = self.prompt + beams * self.window_steps
        self.length = _multiple(self.window_end)  # rows in use by the fullest block
        # 0 where a beam descends from a row, elsewhere -inf: added to attention scores
        rows = _multiple(self.window_end + (new_tokens if beams > 1 else 0))
        self.unseen = model.embedding.new_full((self.blocks, beams, rows), -torch.inf)
        self.unseen[:, :, : self.prompt] = 0
        self.own = model.embedding.new_full((beams, beams), -torch.inf).fill_diagonal_(0)
        self.keys: list[Tensor] = []  # a layer: (blocks × heads, head width, rows)
        self.values: list[Tensor] = []  # a layer: (blocks × heads, rows, head width)
        self.last_hidden = model.hidden_states(prompts, keep=self._keep_prompt, last_only=True)  # (blocks, width)

    def _keep_prompt(self, key: Tensor, value: Tensor) -> None:
        """Keys and values of a layer, (blocks, heads, tokens, head width)."""
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
        """Append a token (blocks, beams) to every beam; its final hidden states, (blocks × beams, width)."""
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
        """Attention of queries (blocks, heads, beams, head width) to the rows that each beam descends from."""
        blocks, heads, beams, width = query.shape
        # a handful of queries a head is too few for a fused attention kernel: two batched products are faster
        scores = product(query.reshape(-1, beams, width), self.keys[number][:, :, : self.length])
        scores = scores.view(blocks, heads, beams, -1).add_(self.unseen[:, None, :, : self.length])
        weights = torch.softmax(scores, dim=3).view(-1, beams, self.length)
        attended = product(weights, self.values[number][:, : self.length])
        return attended.view(blocks, heads, beams, width).transpose(1, 2).reshape(blocks * beams, -1)

    def follow(self, parents: Tensor) -> None:
        """Beam i of a block becomes a child of its beam `parents[block, i]`."""
        seen = self.unseen[:, :, : self.length]
        seen.copy_(seen.gather(1, parents[:, :, None].expand_as(seen)))

    def _clear_window(self) -> None:
        """Move the rows that a beam descends from out of the window, behind it; drop the others."""
        old = self.unseen[:, :, self.prompt : self.length]
        alive = (old == 0).any(1)  # (blocks, rows)
        kept = int(alive.sum(1).max())
        chosen = torch.sort(alive.logical_not(), dim=1, stable=True).indices[:, :kept]  # the living first, in order
        survivors = old.gather(2, chosen[:, None, :].expand(-1, self.beams, -1))
        chosen = (self.prompt + chosen).repeat_interleave(self.model.heads, dim=0)
        first, last = self.window_end, self.window_end + kept
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
    """Batched product of many small matrices; for fp32 on a processor numpy's BLAS takes half the time of torch's."""
    if left.device.type == "cpu" and left.dtype == torch.float32:
        return torch.from_numpy(np.matmul(left.numpy(), right.numpy()))
    return torch.bmm(left, right)


def _multiple(rows: int) -> int:
    return -(-rows // ROW_MULTIPLE) * ROW_MULTIPLE
