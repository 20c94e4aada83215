import json

import pytest
import torch

from collapse.models.families import ModelError
from collapse.models.opt import from_state_dict, load_opt
from collapse.models.transformers_files import load_model, write_model
from tests.models import random_opt


def test_logits_are_those_of_transformers(tmp_path):
    reference = random_opt()
    write_model(reference, tmp_path)
    model = load_opt(tmp_path)
    ids = torch.randint(4, 64, (3, 12), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = reference(input_ids=ids).logits
        torch.testing.assert_close(model.output(model.hidden_states(ids)).view_as(expected), expected)


def test_a_written_model_is_read_back_for_training(tmp_path):
    reference = random_opt()
    write_model(reference, tmp_path)
    for name, tensor in load_model(tmp_path).state_dict().items():
        assert torch.equal(tensor, reference.state_dict()[name])


@pytest.mark.parametrize("load", [load_opt, load_model])
def test_a_truncated_or_missing_file_is_named(tmp_path, load):
    write_model(random_opt(), tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="truncated"):
        load(tmp_path)
    weights.unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors: missing"):
        load(tmp_path)


def test_another_architecture_is_refused(tmp_path):
    write_model(random_opt(), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"do_layer_norm_before": False}))
    with pytest.raises(ModelError, match="pre-norm"):
        load_opt(tmp_path)


def test_a_missing_tensor_is_named():
    weights = dict(random_opt().state_dict())
    del weights["model.decoder.layers.1.fc1.weight"]
    with pytest.raises(ModelError, match=r"fc1\.weight"):
        from_state_dict(weights, heads=2)
