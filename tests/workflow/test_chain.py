import re
import shlex
from pathlib import Path

import pytest
import yaml

from collapse.decoding import DECODERS
from scripts.decoder import OPTIONS
from workflow.chain import Chain, flags
from workflow.code_hash import code_hash, sources

ROOT = Path(__file__).parents[2]
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


def test_arms_that_train_alike_share_generation_zero_and_nothing_else():
    arms = DEFAULT["arms"] | {"half": {"policy": "preserve", "human_fraction": 0.5, "epochs": 5}}
    chain = Chain(DEFAULT | {"arms": arms}, "text")
    assert chain.link("half", 1, 0) == chain.link("replace", 1, 0) == "text/replace/seed1/generation0"
    assert chain.link("half", 1, 1) == "text/half/seed1/generation1"
    assert chain.link("preserve_10pct", 1, 0) == "text/preserve_10pct/seed1/generation0"
    assert len(chain.links()) == 2 * 3 * 10


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_is_given_its_own_options_alone(name):
    generate = DEFAULT["text"]["generate"] | {"decoder": name, "top_k": 5}
    chain = Chain(DEFAULT | {"text": DEFAULT["text"] | {"generate": generate}}, "text")
    options = chain.decoder_options()
    given = {option for option in OPTIONS if f"--{option.replace('_', '-')} " in options}
    assert given == set(DECODERS[name].options)


def test_several_processes_are_started_by_accelerate():
    def command(processes):
        finetune = DEFAULT["text"]["finetune"] | {"processes": processes}
        return Chain(DEFAULT | {"text": DEFAULT["text"] | {"finetune": finetune}}, "text").finetune_command()

    assert command(1) == "python -m scripts finetune"
    assert re.match(r"accelerate launch .*--num_processes 3 .*--module scripts\.finetune$", command(3))


def test_a_jobs_code_is_its_script_and_what_that_imports(tmp_path):
    names = {path.name for path in sources(ROOT, "evaluate")}
    assert {"evaluate.py", "diversity.py", "tails.py", "beam_search.py", "opt.py", "job.py"} <= names
    assert not {"finetuning.py", "mixing.py", "intervals.py"} & names
    assert "diversity.py" not in {path.name for path in sources(ROOT, "generate")}
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.py").write_text("x = 1\n")
    before = code_hash(tmp_path, "a")
    (tmp_path / "scripts" / "a.py").touch()
    assert code_hash(tmp_path, "a") == before
    (tmp_path / "scripts" / "a.py").write_text("x = 2\n")
    assert code_hash(tmp_path, "a") != before
