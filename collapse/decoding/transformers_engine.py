"""Decoders by `transformers.generate`: the reference for this project's own engine."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel

from collapse.decoding.watermark import configuration
from collapse.models.batches import Progress
from collapse.models.transformers_files import load_model
from collapse.seeds import derive_seed


def load(folder: Path, precision: str, device: str) -> PreTrainedModel:
    """Load the model of a folder for decoding. Raises ModelError as `load_model`."""
    return load_model(folder, getattr(torch, precision)).to(device).eval()


def beam_search(model: PreTrainedModel, prompts: Tensor, *, num_beams: int, **options: Any) -> tuple[Tensor, Tensor]:
    """See `collapse.decoding.beam_search.beam_search`."""
    return _generate(model, prompts, {"num_beams": num_beams, "length_penalty": 1.0}, **options)


def greedy(model: PreTrainedModel, prompts: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
    """See `collapse.decoding.sampling.greedy`."""
    return _generate(model, prompts, {}, **options)


def sample(
    model: PreTrainedModel,
    prompts: Tensor,
    *,
    seed: int,
    streams: np.ndarray | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    watermark_bias: float = 0.0,
    marked: np.ndarray | None = None,
    **options: Any,
) -> tuple[Tensor, Tensor]:
    """See `collapse.decoding.sampling.sample`. The draws differ: each batch has one stream, that of its first block."""
    config = {"do_sample": True, "temperature": temperature, "top_k": top_k or 0, "top_p": top_p}
    if not watermark_bias:
        return _generate(model, prompts, config, seed=seed, streams=streams, **options)
    marks = np.ones(len(prompts), bool) if marked is None else marked
    numbers = np.arange(len(prompts)) if streams is None else streams
    tokens, scores = prompts.new_empty(len(prompts), options["new_tokens"]), torch.empty(len(prompts))
    for batch in torch.arange(len(prompts)).split(options.pop("batch_blocks", 32)):
        for mark in (False, True):  # generate marks all blocks of a batch or none
            rows = batch[torch.from_numpy(marks)[batch] == mark]
            if len(rows):
                marking = config | ({"watermarking_config": configuration(watermark_bias)} if mark else {})
                new = _generate(model, prompts[rows], marking, seed=seed, streams=numbers[rows.numpy()], **options)
                tokens[rows], scores[rows] = new[0], new[1].cpu()
    return tokens, scores


@torch.inference_mode()
def _generate(
    model: PreTrainedModel,
    prompts: Tensor,
    config: dict[str, Any],
    *,
    new_tokens: int,
    repetition_penalty: float = 1.0,
    batch_blocks: int = 32,
    progress: Progress = None,
    seed: int = 0,
    streams: np.ndarray | None = None,
) -> tuple[Tensor, Tensor]:
    length, positions = prompts.shape[1] + new_tokens, model.config.max_position_embeddings
    if length > positions:
        raise ValueError(
            f"corpus.block_tokens: prompt and continuation have {length} tokens, more than the model's {positions} "
            "positions; lower it"
        )
    end_of_text, pad = model.config.eos_token_id, model.config.pad_token_id
    generation = GenerationConfig(
        **{"do_sample": False, "num_beams": 1} | config,
        min_new_tokens=new_tokens,
        max_new_tokens=new_tokens,
        repetition_penalty=repetition_penalty,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text if pad is None else pad,  # nothing is padded
        return_dict_in_generate=True,
        output_scores=True,
    )
    tokens, scores = [], []
    with torch.random.fork_rng(devices=[]):
        for start in range(0, len(prompts), batch_blocks):
            batch = prompts[start : start + batch_blocks]
            torch.manual_seed(derive_seed(seed, "batch", start if streams is None else int(streams[start])))
            made = model.generate(batch, attention_mask=torch.ones_like(batch), generation_config=generation)
            tokens.append(made.sequences[:, batch.shape[1] :])
            if generation.num_beams > 1:
                scores.append(made.sequences_scores * new_tokens)  # transformers gives the mean over tokens
            else:
                logits = model(input_ids=made.sequences).logits[:, batch.shape[1] - 1 : -1].float()
                scores.append(logits.log_softmax(2).gather(2, tokens[-1][:, :, None]).sum((1, 2)))
            if progress:
                progress(start + len(batch), len(prompts))
    return torch.cat(tokens), torch.cat(scores)
