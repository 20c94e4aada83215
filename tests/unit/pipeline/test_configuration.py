import copy
import math
import re

import pytest
import yaml

from collapse import mixing
from collapse.decoding import collapse_engine
from collapse.decoding.options import DECODER_OPTIONS, DECODERS, Generate
from collapse.options import choices, fields, names
from collapse.policies import POLICIES
from collapse.training.options import Finetune
from pipeline import configuration, reference, schema
from pipeline.configuration import ConfigurationError
from tests.project import ROOT, overlay

REPLACE = {"policy": "replace"}
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(**values):
    """Return the default configuration with changed keys: `changed(**{"text.generations": 0})`."""
    config = copy.deepcopy(DEFAULT)
    for key, value in values.items():
        *path, last = key.split(".")
        node = config
        for part in path:
            node = node[part]
        node[last] = value
    return config


def check(config):
    configuration.resolve(copy.deepcopy(config))


def test_the_default_configuration_is_valid():
    check(DEFAULT)


@pytest.mark.parametrize("path", [*sorted((ROOT / "presets").glob("*.yaml")), ROOT / "tests" / "mini.yaml"])
def test_every_preset_is_valid_over_the_default(path):
    config = overlay(DEFAULT, yaml.safe_load(path.read_text()))
    if config["corpus"]["source"] == "files":
        config["corpus"]["folder"] = config["corpus"]["folder"] or "anywhere"
    if config["vae"]["images"]["source"] == "files":
        config["vae"]["images"]["folder"] = "anywhere"
    check(config)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("text.generation", 10, r"text\.generation: unknown key; do you mean generations\? known here: arms, .*"),
        ("text.generations", "ten", r'text\.generations is "ten"; it must be of type integer \(number of generations'),
        ("text.generations", 0, r"text\.generations is 0; it must be at least 1"),
        ("text.generate.num_beams", 65, r"num_beams is 65; it must be at most 64"),
        ("text.generate.engine", "typewriter", r'engine is "typewriter"; it must be one of collapse, transformers'),
        ("text.generate.precision", "float16", r'precision is "float16"; it must be one of float32, bfloat16'),
        ("text.generate.temperature", 0, r"temperature is 0; it must be more than 0"),
        ("text.generate.top_k", 0, r"top_k is 0; it must be at least 1"),
        ("text.generate.top_p", 1.1, r"text\.generate\.top_p is 1\.1; it must be at most 1 \(.*probability mass"),
        ("text.generate.shards", 0, r"shards is 0; it must be at least 1"),
        ("text.finetune.processes", 9, r"text\.finetune\.processes is 9; the processes share a batch of only 8 blocks"),
        ("text.evaluate.modes", 100, r"modes is 100; a mode would have fewer than two of the 160 blocks"),
        ("text.evaluate.batch_blocks", 0, r"text\.evaluate\.batch_blocks is 0; it must be at least 1"),
        ("memory_gigabytes", 0, r"memory_gigabytes is 0; it must be more than 0"),
        ("text.seeds", [], r"text\.seeds is \[\]; it needs at least 1 entry"),
        ("text.seeds", [1, 1], r"text\.seeds is \[1, 1\]; it must name nothing twice"),
        ("experiment", "../escape", r'experiment is "../escape"; it must match'),
        ("experiment", "a; rm -rf ~", r"experiment is .*must match"),
        ("corpus.source", "web", r'corpus\.source is "web"; it must be one of pydoc, files, hub'),
        ("arms.replace.policy", "replica", r"arms\.replace\.policy is replica; there is no such policy: .*preserve"),
        ("arms.replace.human_fraction", 0.5, r"is 0\.5; policy replace has no such option: leave it out"),
        ("arms.preserve_10pct.human_fraction", 1.5, r"must be at most 1"),
        ("arms.preserve_10pct.human_draw", "twice", r'human_draw is "twice"; it must be one of each_generation, once'),
        ("arms.new", {"policy": "preserve", "human_draw": "once"}, r"new\.human_fraction is missing; policy preserve"),
        ("arms.new", REPLACE | {"decoder": "bard"}, r'arms\.new\.decoder is "bard"; it must be one of beam_search'),
        ("arms.new", REPLACE | {"top_k": 5}, r"arms\.new\.top_k is 5; decoder beam_search has no such option"),
        ("arms.new", REPLACE | {"prompts": "none"}, r"prompts is none; .* same block each time: use decoder sample"),
        ("arms.new", REPLACE | {"candidates": 4}, r"candidates is 4; decoder beam_search writes one: use .* sample"),
        ("arms.new", REPLACE | {"decoder": "sample", "candidates": 4}, r"verifier is null with 4 candidates; several"),
        ("arms.new", REPLACE | {"learning_rate": 1e-9}, r"new\.final_learning_rate .* not be above learning_rate"),
        ("arms.new", REPLACE | {"batch_blocks": 4}, r"arms\.new\.batch_blocks: unknown key"),
        ("arms.new", REPLACE | {"sweep": {"epochs": [0]}}, r"arms\.new-epochs-0\.epochs is 0; it must be at least"),
        ("text.arms", ["replay"], r"text\.arms names replay; there is no such arm: .*preserve_10pct"),
        ("text.generate.decoder", "oracle", r'text\.generate\.decoder is "oracle"; it must be one of beam_search'),
        ("corpus.source", "files", r"corpus\.folder is null; source files needs the folder"),
        ("corpus.source", "hub", r"corpus\.revision is null; source hub needs it"),
        ("base_model.source", "hub", r"base_model\.repository is null"),
        ("corpus.revision", "main", r'corpus\.revision is "main"; it must match'),
        ("base_model.pretraining.heads", 3, r"heads is 3; it must divide the width"),
        ("text.statistics.reference", "replay", r"text\.statistics\.reference is replay; it is not among the arms"),
        ("text.statistics.measures", ["log(a) + b"], r"measures\.0 is .* must match"),
        ("text.profile.any_increase.direction", "up", r'direction is "up"; it must be one of rise, fall'),
        ("text.profile.collapse_of_all", {}, r"text\.profile\.collapse_of_all: unknown key"),
        ("text.finetune.final_learning_rate", 0.5, r"final_learning_rate is 0\.5; it must not be above learning_rate"),
        ("corpus.test_fraction", 0.96, r"leaves no text to train on"),
        ("parts", ["poetry"], r'parts\.0 is "poetry"; it must be one of text, discrete'),
        ("discrete.samples", [1], r"discrete\.samples\.0 is 1; it must be at least 2"),
        ("gaussian.samples", [1], r"gaussian\.samples\.0 is 1; it must be at least 2"),
        ("mixture.samples", [1], r"mixture\.samples\.0 is 1; it must be at least 2"),
        ("three_errors.samples", 1, r"three_errors\.samples is 1; it must be at least 2"),
        ("gaussian.samples", [3], r"gaussian\.samples has 3; a covariance in 3 dimensions cannot .* raise it"),
        ("gaussian.real_fraction", 0.001, r"gaussian\.real_fraction is 0\.001; of 100 points it leaves no real"),
        ("discrete.distributions.zipf.exponent", None, r"zipf\.exponent is null; kind zipf needs a number"),
        ("mixture.generations", [0, 0], r"mixture\.generations is .* must name nothing twice"),
        ("vae.images.source", "files", r"vae\.images\.files\.train_labels is missing; source files needs it"),
        ("vae.images.source", "hub", r"vae\.images\.revision is null"),
        ("text.generate.verifier", "oracle", r'verifier is "oracle"; it must be one of likely, .*, null'),
        ("text.generations", 3.0, r"text\.generations is 3\.0; it must be of type integer"),
        ("text.seeds", [2**63], r"text\.seeds\.0 is 9223372036854775808; it must be of type integer"),
        ("memory_gigabytes", math.nan, r"memory_gigabytes is NaN; it must be of type number"),
        ("experiment", "name\n", r'experiment is "name.n"; it must match'),
        ("corpus.folder", "a\0b", r"corpus\.folder: 'a.x00b': holds the character U\+0000; leave it out"),
        ("corpus.folder", "a\ud800", r"corpus\.folder: .* holds the character U\+D800"),
        ("arms", {1: REPLACE}, r"arms\.1: a key must be text"),
        ("arms.a", REPLACE | {"sweep": {"epochs": [1, "1"]}}, r"sweep makes an arm named a-epochs-1, and another"),
        ("arms.a", REPLACE | {"sweep": {"epochs": [*range(1, 2000)]}}, r"stands for 1999 arms, more than"),
        ("text.passage.search", "x" * 10_001, r"text\.passage\.search is .*it must have at most 10000 characters"),
        ("text.arms", ["x" * 20_001], r"text\.arms has 1 arms, .* 20001 characters, more than the 20000"),
        ("vae.methods", ["oracle"], r'vae\.methods\.0 is "oracle"; it must be one of fresh_means'),
    ],
)
def test_a_fault_is_named_with_key_value_and_remedy(key, value, message):
    with pytest.raises(ConfigurationError, match=message):
        check(changed(**{key: value}))


def test_missing_keys_are_named_once_each():
    config = copy.deepcopy(DEFAULT)
    del config["text"]["seeds"], config["text"]["arms"]
    with pytest.raises(ConfigurationError) as refused:
        check(config)
    lines = str(refused.value).splitlines()[1:]
    assert [line.split(" is missing; set it (")[0].strip() for line in lines] == ["text.seeds", "text.arms"]


def test_generated_files_are_up_to_date():
    for path, text in reference.files().items():
        assert path.read_text() == text, f"{path}: python -m pipeline.reference writes it anew"


def test_every_key_has_a_description_and_the_default_sets_every_key():
    descriptions = schema.descriptions(configuration.schema())
    assert all(descriptions.values()), [key for key, text in descriptions.items() if not text]

    def keys(node, prefix=""):
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from keys(value, f"{prefix}{key}.")

    given = {re.sub(r"^(arms|discrete\.distributions)\.[^.]+", r"\1.*", key) for key in keys(DEFAULT)}
    # the user's, as few as wanted
    chosen = re.compile(r"(corpus\.(files|splits)|vae\.images\.files|arms\.\*)\.|.*\.(sizes|questions)\.\*")
    given = {key for key in given if not chosen.match(key)}
    assert given == {key for key in descriptions if not chosen.match(key)}


def test_an_arm_may_set_every_option_of_a_policy_and_of_a_decoder():
    known = {*configuration.arm_names()}
    of_policies = {option for policy in POLICIES.values() for option in names(policy.options)}
    assert of_policies | {*DECODER_OPTIONS} <= known
    assert known <= {"policy", "sweep", *names(Finetune), *names(Generate)} | of_policies


def test_every_declared_decoder_and_policy_can_be_chosen_and_is_a_function():
    assert choices(next(field for field in fields(Generate) if field.name == "decoder").kind) == (*DECODERS,)
    assert all(callable(getattr(mixing, policy)) for policy in POLICIES)
    assert all(callable(getattr(collapse_engine, decoder)) for decoder in DECODERS)


def test_the_predicted_number_of_weights_is_the_models():
    from collapse.images.autoencoder import new_model
    from collapse.models.transformers_files import new_opt

    shape = DEFAULT["base_model"]["pretraining"]
    sizes = {name: shape[name] for name in ("vocabulary_size", "layers", "width", "heads")}
    model = new_opt(**sizes, positions=2 * DEFAULT["corpus"]["block_tokens"], dropout=0.0, seed=0)
    assert configuration.pretrained_shape(DEFAULT).weights == sum(parameter.numel() for parameter in model.parameters())

    for source, side in (("digits", 8), ("files", 28)):
        shape = DEFAULT["vae"]
        autoencoder = new_model(side, shape["capacity"], shape["latent_dimensions"], seed=0)
        weights = sum(parameter.numel() for parameter in autoencoder.parameters())
        assert configuration.autoencoder_parameters(changed(**{"vae.images.source": source})) == weights
