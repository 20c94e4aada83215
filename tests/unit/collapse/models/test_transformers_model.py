"""Models that transformers computes equal a plain loop over its own model. training/test_loop.py divides the work."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel

from collapse.decoding.registry import decode, load
from collapse.measures.perplexity import mean_states, token_losses
from collapse.models.families import ModelError, check_engine, foreign, read_config, shape
from collapse.models.interfaces import load_reader
from collapse.models.opt import load_opt, read_weights, write_weights
from collapse.models.transformers_files import load_model, write_model
from collapse.models.transformers_model import TrainableTransformer
from collapse.training.loop import train
from tests.models import post_norm_opt, random_pythia

BLOCKS = np.random.default_rng(0).integers(4, 64, (10, 12), dtype=np.int32)
IDS = torch.from_numpy(BLOCKS).long()
OPTIONS = dict(batch_blocks=4, learning_rate=1e-2, final_learning_rate=1e-2, weight_decay=0.01)
MODELS = pytest.mark.parametrize("made", [random_pythia, post_norm_opt])


def trainable(folder, reference: PreTrainedModel, dropout=0.0, **options) -> TrainableTransformer:
    write_model(reference, folder)
    config = read_config(folder)
    name = "hidden_dropout" if config["model_type"] == "gpt_neox" else "dropout"
    return TrainableTransformer(read_weights(folder), config | {name: dropout}, **options)


@MODELS
def test_steps_are_those_of_a_plain_loop(tmp_path, made):
    reference = made()
    model = trainable(tmp_path, reference)
    losses = train(model, BLOCKS, epochs=4, seed=1, **OPTIONS | {"batch_blocks": 10})
    optimizer = torch.optim.AdamW(reference.parameters(), lr=1e-2, weight_decay=0.01)
    expected = []
    for _ in range(4):  # every batch is all blocks, in whatever order
        optimizer.zero_grad()
        loss = reference(input_ids=IDS, labels=IDS).loss
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-5)
    assert losses[-1] < losses[0] - 0.1


@MODELS
def test_every_mask_of_dropout_is_used_once(tmp_path, made):
    """The loss changes with the dropped site, for every site. With a mask too few the call fails."""
    model = trainable(tmp_path, made(), 0.5)
    sites, tokens, width = model.dropout_sites(12)
    seen = []
    for site in range(sites):
        kept = torch.ones(sites, 10 * tokens, width, dtype=torch.bool)
        kept[site] = False
        seen.append(model.add_gradient(IDS, 1.0, kept))
    everything = model.add_gradient(IDS, 1.0, torch.ones(sites, 10 * tokens, width, dtype=torch.bool))
    assert len({round(loss, 2) for loss in [*seen, everything]}) == sites + 1
    with pytest.raises(StopIteration):
        model.add_gradient(IDS, 1.0, torch.ones(sites - 1, 10 * tokens, width, dtype=torch.bool))


@MODELS
def test_a_trained_model_is_written_as_transformers_writes_it(tmp_path, made):
    model = trainable(tmp_path / "base", made())
    train(model, BLOCKS, epochs=1, seed=1, **OPTIONS)
    write_weights(model.state_dict(), read_config(tmp_path / "base"), tmp_path / "trained")
    names = [load_file(tmp_path / name / "model.safetensors").keys() for name in ("base", "trained")]
    assert names[0] == names[1]
    read = dict(load_model(tmp_path / "trained").named_parameters())
    assert all(torch.equal(read[name], tensor) for name, tensor in model.views(model.weights).items())


@MODELS
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_scores_are_those_of_transformers(tmp_path, made, precision):
    reference = made()
    write_model(reference, tmp_path)
    with torch.no_grad():
        expected = -reference(input_ids=IDS).logits[:, :-1].log_softmax(2).gather(2, IDS[:, 1:, None])[:, :, 0]
    model = load_reader(tmp_path, precision)
    assert model.vocabulary_size == 64
    found = token_losses(model, IDS, batch_blocks=4)
    np.testing.assert_allclose(found, expected, atol=1e-5 if precision == torch.float32 else 0.2)
    assert (mean_states(model, IDS, batch_blocks=3).shape[1]) == reference.get_output_embeddings().in_features
    assert (token_losses(model, IDS[2:3], batch_blocks=4) == found[2]).all()  # whatever stands beside it


@pytest.mark.parametrize(
    ("decoder", "options"), [("beam_search", {"num_beams": 3}), ("greedy", {}), ("sample", {"seed": 1})]
)
@MODELS
def test_text_is_written_without_the_models_own_end_of_text(tmp_path, made, decoder, options):
    write_model(made(), tmp_path)
    model = load("transformers", tmp_path)
    tokens, log_probability = decode("transformers", decoder, model, IDS, new_tokens=20, **options)
    assert tokens.shape == (10, 20) and log_probability.shape == (10,)
    assert (tokens != read_config(tmp_path)["eos_token_id"]).all()
    with pytest.raises(ValueError, match="have 72 tokens, more than the model's 64 positions"):
        decode("transformers", decoder, model, IDS, new_tokens=60, **options)


def test_the_engine_of_this_project_refuses_them_with_a_remedy(tmp_path):
    for made, reason in ((random_pythia, "model_type gpt_neox"), (post_norm_opt, "do_layer_norm_before False")):
        write_model(made(), tmp_path)
        message = rf"text\.generate\.engine: collapse: .* the base model has {reason}; use text.*transformers"
        assert foreign(read_config(tmp_path)) == reason
        check_engine("transformers", read_config(tmp_path))
        with pytest.raises(ModelError, match=message):
            load_opt(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model_type", "gpt2", "model_type 'gpt2'; only opt and gpt_neox are known; choose"),
        ("attention_dropout", 0.1, "attention_dropout 0.1; only 0 is supported; choose"),
        ("eos_token_id", [0, 5], r"eos_token_id \[0, 5\]; it must be one token; choose"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path, key, value, message):
    write_model(random_pythia(), tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match=message):
        load_reader(tmp_path)


def test_a_missing_tensor_is_named_and_not_drawn_at_random(tmp_path):
    write_model(random_pythia(), tmp_path)
    weights, config = read_weights(tmp_path), read_config(tmp_path)
    del weights["gpt_neox.layers.1.mlp.dense_h_to_4h.bias"]
    with pytest.raises(ModelError, match=r"lacks \['gpt_neox.layers.1.mlp.dense_h_to_4h.bias'\]"):
        TrainableTransformer(weights, config)
    write_weights(weights, config, tmp_path)
    with pytest.raises(ModelError, match=r"lacks \['gpt_neox.layers.1.mlp.dense_h_to_4h.bias'\]"):
        load_reader(tmp_path)


@MODELS
def test_the_weights_are_no_more_than_the_estimate_of_memory_counts(tmp_path, made):
    reference = made()
    write_model(reference, tmp_path)
    counted, there = shape(read_config(tmp_path)).weights, sum(one.numel() for one in reference.parameters())
    assert there <= counted < 1.5 * there
