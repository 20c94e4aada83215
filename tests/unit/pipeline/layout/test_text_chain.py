import copy
import re
import shlex
from types import SimpleNamespace

import pytest
import yaml

from collapse.decoding.options import DECODER_OPTIONS, DECODERS
from pipeline.configuration import expand
from pipeline.layout.link import Link, flags
from pipeline.layout.text_chain import TextChain
from tests.project import ROOT

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def test_no_value_reaches_the_shell_as_anything_but_one_word():
    hostile = "a; rm -rf ~ $(reboot) `x` 'q' \"d\" \n& | > é"
    assert shlex.split(flags(search=hostile, file={"train": hostile})) == [
        *("--search", hostile),
        *("--file", f"train={hostile}"),
    ]


def test_flags_name_their_values_so_that_a_swap_is_another_string():
    assert flags(first=1, second=2) != flags(first=2, second=1)
    assert flags(left_out=None, seed=[1, 2]) == "--seed 1 --seed 2"
    assert flags(link=[("a b", 1), ("c", 2)]) == "--link 'a b' 1 --link c 2"


def chain_of(generations=3, **arms) -> TextChain:
    text = DEFAULT["text"] | {"arms": list(arms), "seeds": [1], "generations": generations}
    return TextChain(DEFAULT | {"arms": arms, "text": text}, "text")


REPLACE = {"policy": "replace"}


DOSE = {"policy": "preserve", "human_draw": "once", "human_fraction": 0.1}
SAMPLE = REPLACE | {"decoder": "sample"}
KINDS = ("training", "model", "text", "evaluation")


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [  # in how many generations the two arms share training sets, models, texts and evaluations
        (REPLACE, REPLACE, (3, 3, 3, 3)),
        (REPLACE, {"policy": "accumulate"}, (1, 1, 1, 1)),
        (REPLACE, REPLACE | {"decoder": "greedy"}, (1, 1, 0, 0)),
        (REPLACE, REPLACE | {"prompts": "previous"}, (2, 2, 1, 1)),
        (REPLACE, REPLACE | {"initialization": "previous"}, (2, 1, 1, 1)),
        (REPLACE, REPLACE | {"blocks": 9}, (1, 0, 0, 0)),
        (REPLACE, REPLACE | {"size": "wide"}, (1, 0, 0, 0)),
        (REPLACE, REPLACE | {"epochs": 6}, (1, 0, 0, 0)),
        (REPLACE, DOSE, (1, 1, 1, 1)),
        (DOSE, DOSE | {"human_fraction": 0.5}, (1, 1, 1, 1)),
        (DOSE, DOSE | {"human_draw": "each_generation"}, (1, 1, 1, 1)),
        (SAMPLE, SAMPLE | {"prompts": "none"}, (1, 1, 0, 0)),
        (SAMPLE, SAMPLE | {"candidates": 4, "verifier": "likely"}, (1, 1, 0, 0)),
        (SAMPLE, SAMPLE | {"watermark_bias": 2.0}, (1, 1, 0, 0)),
    ],
)
def test_arms_share_exactly_what_is_made_alike(one, other, shared):
    chain = chain_of(one=one, other=other)
    for kind, generations in zip(KINDS, shared, strict=True):
        owners = [chain.link(kind, "other", 1, generation).arm for generation in range(3)]
        assert owners == ["one"] * generations + ["other"] * (3 - generations), kind


POOL = {"policy": "pool", "writers": ["one", "other"], "writer_seeds": "own"}


def test_a_pool_reads_the_newest_text_of_every_writer_and_seed():
    chain = chain_of(one=POOL, other=POOL | {"decoder": "greedy"}, all=POOL | {"writer_seeds": "all"})
    place = SimpleNamespace(arm="one", seed="1", generation="2")
    assert chain.earlier(place) == [Link("text", "one", 1, 1), Link("text", "other", 1, 1)]
    assert str(chain.earlier(place)[0]) == "text/one/seed1/generation1"
    assert chain.link("training", "other", 1, 2).arm == "one"  # the same pool
    assert chain.link("text", "other", 1, 2).arm == "other"
    chain.seeds = [1, 5]
    place.arm = "all"
    assert [link.seed for link in chain.earlier(place)] == [1, 5, 1, 5]
    assert chain.link("training", "all", 1, 1).arm == "all"


def test_arms_of_one_family_differ_in_blocks_alone():
    chain = chain_of(all=REPLACE, half=REPLACE | {"blocks": 8}, greedy=REPLACE | {"blocks": 4, "decoder": "greedy"})
    assert chain.families() == [("all", "half")]


def test_a_sweep_is_one_arm_for_every_combination():
    config = copy.deepcopy(DEFAULT)
    dose = {"policy": "preserve", "human_draw": "once", "sweep": {"human_fraction": [0.1, 0.5], "epochs": [5, 10]}}
    config["arms"]["dose"], config["text"]["arms"] = dose, ["replace", "dose"]
    expand(config)
    name = "dose-human_fraction-0.5-epochs-10"
    assert config["arms"][name] == {"policy": "preserve", "human_draw": "once", "human_fraction": 0.5, "epochs": 10}
    assert len(config["text"]["arms"]) == 5 and name in config["text"]["arms"]
    before = copy.deepcopy(config)
    expand(config)
    assert config == before


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_is_given_its_own_options_alone(name):
    generate = DEFAULT["text"]["generate"] | {"decoder": name, "top_k": 5}
    chain = TextChain(DEFAULT | {"text": DEFAULT["text"] | {"generate": generate}}, "text")
    options = chain.decoder_options(SimpleNamespace(arm="replace", seed="1", generation="1"))
    given = {option for option in DECODER_OPTIONS if f"--{option.replace('_', '-')} " in options}
    assert given == set(DECODERS[name].options)


def test_several_processes_are_started_by_accelerate():
    def command(processes):
        finetune = DEFAULT["text"]["finetune"] | {"processes": processes}
        return TextChain(DEFAULT | {"text": DEFAULT["text"] | {"finetune": finetune}}, "text").finetune_command()

    assert command(1) == "python -m scripts finetune"
    assert re.match(r"accelerate launch .*--num_processes 3 .*--module scripts\.shared\.start finetune$", command(3))


def test_the_order_of_keys_changes_no_path_and_no_option():
    def reordered(node):
        return {key: reordered(node[key]) for key in reversed(node)} if isinstance(node, dict) else node

    arms = {"b": REPLACE | {"sweep": {"epochs": [5, 6], "blocks": [9, 8]}}, "a": DOSE, "c": REPLACE}
    first = copy.deepcopy(DEFAULT | {"arms": arms, "text": DEFAULT["text"] | {"arms": ["c", "b", "a"]}})
    second = reordered(copy.deepcopy(first))
    expand(first)
    expand(second)
    assert list(second) == list(first) and list(second["arms"]) == list(first["arms"])
    chains = [TextChain(config, "text") for config in (first, second)]
    assert chains[0].links() == chains[1].links()
    assert chains[0].summary_options() == chains[1].summary_options()
