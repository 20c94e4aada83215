import pytest

from collapse.models import memory
from collapse.models.families import shape
from tests.models import random_opt

OPT_125M = memory.Shape(vocabulary_size=50_272, layers=12, width=768, heads=12, positions=2048)


def test_weights_are_counted_as_they_are():
    model = random_opt()
    assert shape(model.config.to_dict()).weights == sum(parameter.numel() for parameter in model.parameters())


def test_what_does_not_fit_is_refused_with_its_keys():
    with pytest.raises(memory.TooLittleMemory, match=r"memory_gigabytes: 1: scoring would take about"):
        memory.check(memory.scoring(OPT_125M, tokens=64, batch_blocks=64, precision="float32"), 1, "scoring")
    needed = memory.finetuning(OPT_125M, tokens=64, micro_batch_blocks=64, threads=1, precision="float32")
    with pytest.raises(memory.TooLittleMemory, match="or lower micro_batch_blocks"):
        memory.check(needed, 3, "training", "micro_batch_blocks")


def test_half_the_precision_takes_less():
    training = {"tokens": 64, "micro_batch_blocks": 16, "threads": 2}
    writing = {"prompt": 64, "new_tokens": 64, "beams": 5, "batch_blocks": 32}
    for work, sizes in ((memory.finetuning, training), (memory.generation, writing)):
        assert work(OPT_125M, precision="bfloat16", **sizes) < work(OPT_125M, precision="float32", **sizes)
