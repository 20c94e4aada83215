import copy
import math
import re

import pytest
import yaml

from collapse.decoding.registry import DECODERS, DEVICES, ENGINES, PRECISIONS
from collapse.decoding.verifiers import VERIFIERS
from collapse.mixing import POLICIES
from pipeline import configuration
from pipeline.configuration import ConfigurationError
from tests.project import ROOT

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
    def overlay(base, over):
        for key, value in over.items():
            base[key] = (
                overlay(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
            )
        return base

    config = overlay(copy.deepcopy(DEFAULT), yaml.safe_load(path.read_text()))
    if config["corpus"]["source"] == "files":
        config["corpus"]["folder"] = config["corpus"]["folder"] or "anywhere"
    if config["vae"]["images"]["source"] == "files":
        config["vae"]["images"]["folder"] = "anywhere"
    check(config)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("text.generation", 10, r"text\.generation: unknown key; known here: arms, .*generations"),
        ("text.generations", "ten", r'text\.generations: "ten": must be of type integer'),
        ("text.generations", 0, r"text\.generations: 0: must be at least 1"),
        ("text.generate.num_beams", 65, r"num_beams: 65: must be at most 64"),
        ("text.generate.engine", "typewriter", r'engine: "typewriter": must be one of collapse, transformers'),
        ("text.generate.precision", "float16", r'precision: "float16": must be one of float32, bfloat16'),
        ("text.generate.temperature", 0, r"temperature: 0: must be more than 0"),
        ("text.generate.top_k", 0, r"top_k: 0: must be at least 1"),
        ("text.generate.top_p", 1.1, r"top_p: 1\.1: must be at most 1"),
        ("text.generate.shards", 0, r"shards: 0: must be at least 1"),
        ("text.finetune.processes", 9, r"text\.finetune\.processes: 9: more than the 8 blocks of a batch"),
        ("text.evaluate.modes", 100, r"modes: 100: a stretch would have fewer than two of the 160 blocks"),
        ("text.evaluate.batch_blocks", 32, r"text\.evaluate\.batch_blocks: unknown key"),
        ("memory_gigabytes", 0, r"memory_gigabytes: 0: must be more than 0"),
        ("text.seeds", [], r"text\.seeds: \[\]: needs at least 1"),
        ("text.seeds", [1, 1], r"text\.seeds: \[1, 1\]: names one thing twice"),
        ("experiment", "../escape", r'experiment: "../escape": must match'),
        ("experiment", "a; rm -rf ~", r"experiment: .*must match"),
        ("corpus.source", "web", r'corpus\.source: "web": must be one of pydoc, files, hub'),
        ("arms.replace.policy", "replica", r"arms\.replace\.policy: replica: unknown policy; .*replace, preserve"),
        ("arms.replace.human_fraction", 0.5, r"human_fraction: 0\.5: policy replace has no such option; leave it out"),
        ("arms.preserve_10pct.human_fraction", 1.5, r"must be at most 1"),
        ("arms.preserve_10pct.human_draw", "twice", r'human_draw: "twice": must be one of each_generation, once'),
        (
            "arms.new",
            {"policy": "preserve", "human_draw": "once"},
            r"arms\.new\.human_fraction: missing: policy preserve",
        ),
        ("arms.new", {"policy": "replace", "decoder": "bard"}, r"arms\.new\.decoder: bard: unknown; there are beam"),
        ("arms.new", {"policy": "replace", "top_k": 5}, r"arms\.new\.top_k: 5: decoder beam_search has no such option"),
        ("arms.new", {"policy": "replace", "prompts": "none"}, r"new\.prompts: none: .* again and again; use sample"),
        (
            "arms.new",
            {"policy": "replace", "candidates": 4},
            r"candidates: 4: decoder beam_search writes one; use sample",
        ),
        (
            "arms.new",
            {"policy": "replace", "decoder": "sample", "candidates": 4},
            r"verifier: None, with 4 candidates: candidates needs a verifier",
        ),
        ("arms.new", {"policy": "replace", "learning_rate": 1e-9}, r"new\.final_learning_rate: .* above learning_rate"),
        ("arms.new", {"policy": "replace", "batch_blocks": 4}, r"arms\.new\.batch_blocks: unknown key"),
        (
            "arms.new",
            {"policy": "replace", "sweep": {"epochs": [0]}},
            r"arms\.new-epochs-0\.epochs: 0: must be at least",
        ),
        ("text.arms", ["replay"], r"text\.arms: replay: no such arm; .*preserve_10pct"),
        ("text.generate.decoder", "oracle", r"text\.generate\.decoder: oracle: unknown; there are beam_search"),
        ("corpus.source", "files", r"corpus\.folder: null"),
        ("corpus.source", "hub", r"corpus\.revision: null"),
        ("base_model.source", "hub", r"base_model\.repository: null"),
        ("corpus.revision", "main", r'corpus\.revision: "main": must match'),
        ("base_model.pretraining.heads", 3, r"heads: 3: must divide the width"),
        ("text.statistics.reference", "replay", r"text\.statistics\.reference: replay: not among the arms compared"),
        ("text.statistics.measures", ["log(a) + b"], r"measures\.0: .* must match"),
        ("text.profile.any_increase.direction", "up", r'direction: "up": must be one of rise, fall'),
        ("text.profile.collapse_of_all", {}, r"text\.profile\.collapse_of_all: unknown key"),
        ("text.finetune.final_learning_rate", 0.5, r"final_learning_rate: 0\.5: above learning_rate"),
        ("corpus.test_fraction", 0.96, r"leaves no text to train on"),
        ("parts", ["poetry"], r'parts\.0: "poetry": must be one of text, discrete'),
        ("discrete.samples", [1], r"discrete\.samples\.0: 1: must be at least 2"),
        ("gaussian.samples", [1], r"gaussian\.samples\.0: 1: must be at least 2"),
        ("mixture.samples", [1], r"mixture\.samples\.0: 1: must be at least 2"),
        ("three_errors.samples", 1, r"three_errors\.samples: 1: must be at least 2"),
        ("gaussian.samples", [3], r"gaussian\.samples: 3: not more than 3 dimensions, .* raise it"),
        ("gaussian.real_fraction", 0.001, r"gaussian\.real_fraction: 0\.001: of 100 points it leaves no real one"),
        (
            "discrete.distributions.zipf.exponent",
            None,
            r"distributions\.zipf\.exponent: null: kind zipf needs a number",
        ),
        ("mixture.generations", [0, 0], r"mixture\.generations: .* names one thing twice"),
        ("vae.images.source", "files", r"vae\.images\.files\.train_labels: missing: source files needs a file for it"),
        ("vae.images.source", "hub", r"vae\.images\.revision: null"),
        ("text.generate.verifier", "oracle", r'verifier: "oracle": must be one of likely, .*, null'),
        ("text.generations", 3.0, r"text\.generations: 3\.0: must be of type integer"),
        ("text.seeds", [2**63], r"text\.seeds\.0: 9223372036854775808: must be of type integer"),
        ("memory_gigabytes", math.nan, r"memory_gigabytes: NaN: must be of type number"),
        ("experiment", "name\n", r'experiment: "name.n": must match'),
        ("corpus.folder", "a\0b", r"corpus\.folder: 'a.x00b': holds the character U\+0000; leave it out"),
        ("corpus.folder", "a\ud800", r"corpus\.folder: .* holds the character U\+D800"),
        ("arms", {1: {"policy": "replace"}}, r"arms\.1: a key must be text"),
        ("arms.a", {"policy": "replace", "sweep": {"epochs": [1, "1"]}}, r"arms\.a\.sweep: a-epochs-1: another arm"),
        ("arms.a", {"policy": "replace", "sweep": {"epochs": [*range(1, 2000)]}}, r"stands for 1999 arms, more than"),
        ("text.passage.search", "x" * 99_999, r"configuration: \d+ characters .* more than 80000"),
        ("vae.methods", ["oracle"], r'vae\.methods\.0: "oracle": must be one of fresh_means'),
    ],
)
def test_a_fault_is_named_with_key_value_and_remedy(key, value, message):
    with pytest.raises(ConfigurationError, match=message):
        check(changed(**{key: value}))


def test_a_missing_key_is_named():
    config = copy.deepcopy(DEFAULT)
    del config["text"]["seeds"]
    with pytest.raises(ConfigurationError, match=r"text\.seeds: missing"):
        check(config)


def test_every_key_has_a_description_and_the_default_sets_every_key():
    descriptions = configuration.descriptions()
    assert all(descriptions.values()), [key for key, text in descriptions.items() if not text]

    def keys(node, prefix=""):
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from keys(value, f"{prefix}{key}.")

    given = {re.sub(r"^(arms|discrete\.distributions)\.[^.]+", r"\1.*", key) for key in keys(DEFAULT)}
    # the user's, as few as wanted
    chosen = re.compile(r"(corpus\.(files|splits)|vae\.images\.files|arms\.\*)\.|.*\.(sizes|questions)\.\*")
    given = {key for key in given - {"arms.*", "discrete.distributions.*"} if not chosen.match(key)}
    assert given == {key for key in descriptions if not chosen.match(key)}


def test_an_arm_may_set_every_option_of_a_policy_and_of_a_decoder():
    known = {key.removeprefix("arms.*.") for key in configuration.descriptions()}
    assert {option for one in POLICIES.values() for option in one.options} <= known
    assert {option for one in DECODERS.values() for option in one.options} <= known
    assert {
        *configuration.schema()["properties"]["arms"]["additionalProperties"]["properties"]["verifier"]["enum"]
    } == {
        *VERIFIERS,
        None,
    }


def test_the_schema_knows_every_engine_precision_and_option_of_a_decoder():
    generate = configuration.schema()["properties"]["text"]["properties"]["generate"]["properties"]
    assert generate["engine"]["enum"] == list(ENGINES)
    assert generate["precision"]["enum"] == list(PRECISIONS)
    assert configuration.schema()["properties"]["device"]["enum"] == list(DEVICES)
    assert {option for decoder in DECODERS.values() for option in decoder.options} <= set(generate)


def test_the_predicted_number_of_weights_is_the_models():
    from collapse.images.autoencoder import new_model
    from collapse.models.transformers_files import new_opt

    shape = DEFAULT["base_model"]["pretraining"]
    model = new_opt(
        vocabulary_size=shape["vocabulary_size"],
        layers=shape["layers"],
        width=shape["width"],
        heads=shape["heads"],
        positions=2 * DEFAULT["corpus"]["block_tokens"],
        dropout=0.0,
        seed=0,
    )
    assert configuration.pretrained_shape(DEFAULT).weights == sum(parameter.numel() for parameter in model.parameters())

    for source, side in (("digits", 8), ("files", 28)):
        shape = DEFAULT["vae"]
        autoencoder = new_model(side, shape["capacity"], shape["latent_dimensions"], seed=0)
        weights = sum(parameter.numel() for parameter in autoencoder.parameters())
        assert configuration.autoencoder_parameters(changed(**{"vae.images.source": source})) == weights
