import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.measures import evaluation, registry
from collapse.measures.evaluation import Texts, against_human, sampled, variety
from collapse.measures.options import Evaluate
from collapse.models.opt import from_state_dict
from scripts import plot_diversity, plot_perplexity, plot_tails, write_gallery
from tests.models import random_opt
from tests.project import ROOT

WORK = {"precision": "float32", "batch_blocks": 4, "sample_blocks": 4}
OPTIONS = Evaluate(**WORK, frequency_groups=3, repeated_ngram_tokens=2, modes=2, minority_share=0.25)
# what the manifests of training and text know, and what needs more than one evaluation
FROM_ELSEWHERE = {
    *("training_blocks", "training_steps", "training_tokens", "human_fraction", "verifier_accuracy"),
    *(f"watermark_flagged_{text}" for text in ("marked", "unmarked", "human")),
    registry.IMPROBABLE_BLOCKS,
    registry.SCALING_EXPONENT,
}


def random_reader(seed):
    return from_state_dict(random_opt(seed).state_dict(), heads=2)


@pytest.fixture(scope="module")
def evaluated():
    draw = np.random.default_rng(0)
    human, test, synthetic = (draw.integers(3, 60, (8, 9)).astype(np.int32) for _ in range(3))
    human[0, 4] = test[0, 0] = test[1, 5] = END_OF_TEXT
    texts = Texts(human, test, synthetic, END_OF_TEXT)
    models = [random_reader(seed) for seed in (0, 1)]
    readings = evaluation.read(models[0], models[1], texts, OPTIONS, batch_blocks=4, seed=1)
    return texts, readings, models


def measured(texts, readings):
    return evaluation.metrics(texts, readings, OPTIONS, decode=str, vocabulary_size=64, seed=1)


def test_every_name_that_a_table_figure_or_configuration_uses_is_a_measure(evaluated):
    texts, readings, _ = evaluated
    names = set(measured(texts, readings)) | FROM_ELSEWHERE
    assert {*registry.WITH_RISE, *registry.HEADLINE, *registry.BY_ARM.values(), "test_tokens"} <= names
    assert {*plot_diversity.MEASURES, *plot_perplexity.MEASURES} <= names
    assert {*write_gallery.SOME_ARMS_ONLY, write_gallery.PERPLEXITY} <= names
    assert {*plot_tails.HALVES} <= {*registry.WITH_RISE}
    assert {f"{plot_tails.PREFIX}{group}" for group in (1, 2, 3)} <= names
    text = yaml.safe_load((ROOT / "config.yaml").read_text())["text"]
    rules = text["profile"].values()
    used = [*text["statistics"]["measures"], *(rule[key] for rule in rules for key in ("measure", "against"))]
    assert {re.sub(r"log\((\w+)\)", r"\1", name) for name in used if name} <= names


def test_generation_0_is_read_once_and_gives_what_reading_it_twice_gives(evaluated):
    texts, _, (model, _) = evaluated
    firsts = model, random_reader(0)
    once, again = (evaluation.read(model, first, texts, OPTIONS, batch_blocks=4, seed=1) for first in firsts)
    assert measured(texts, once) == pytest.approx(measured(texts, again), rel=1e-4)


def test_each_model_scores_its_own_part(evaluated):
    texts, readings, (model, first) = evaluated
    swapped = evaluation.read(first, model, texts, OPTIONS, batch_blocks=4, seed=1)
    assert readings.test_losses == pytest.approx(swapped.first_test_losses, rel=1e-4)
    assert readings.own_losses == pytest.approx(swapped.first_losses, rel=1e-4)
    assert readings.test_losses != pytest.approx(swapped.test_losses, rel=1e-4)


def test_the_minority_is_chosen_by_generation_0(evaluated):
    texts, readings, _ = evaluated
    first = readings.test_losses.copy()
    first[3] += 100  # generation 0 finds block 3 least likely; a quarter of eight blocks are two
    first[5] += 90
    found = measured(texts, replace(readings, first_test_losses=first))
    assert found["test_loss_minority"] == pytest.approx(readings.test_losses[[3, 5]].mean())


def test_scores_leave_out_end_of_text_targets_alone(evaluated):
    texts, readings, _ = evaluated
    columns = evaluation.score_columns(texts, readings)
    assert columns["tokens_without_end_of_text"] == [8, 7, *6 * [8], *8 * [None]]  # the first token is no target
    kept = np.delete(readings.test_losses[1], 4)
    assert columns["loss_without_end_of_text"][1] == pytest.approx(kept.sum())
    assert columns["loss_under_generation0"][8:] == pytest.approx(readings.first_losses.sum(1))


def test_a_sample_is_all_or_the_same_few():
    assert sampled(5, 5, seed=1).tolist() == [0, 1, 2, 3, 4]
    rows = sampled(1000, 10, seed=1)
    assert len(np.unique(rows)) == 10
    assert (rows == sampled(1000, 10, seed=1)).all()
    assert (rows != sampled(1000, 10, seed=2)).any()


def test_end_of_text_makes_no_difference_to_synthetic_text_that_cannot_hold_it():
    human = np.array([[4, 5, 6, 7, END_OF_TEXT], [END_OF_TEXT, 4, 5, 6, 7]])
    found = against_human(human, np.array([[4, 5, 6, 7, 4], [5, 6, 7, 4, 5]]), END_OF_TEXT)
    assert found["total_variation_1"] == pytest.approx(((3 / 10 - 1 / 4) * 2 + (1 / 4 - 2 / 10) * 2) / 2)
    assert found["novel_1"] == 0
    assert found["novel_2"] == 2 / 8  # 74, twice
    assert found["novel_4"] == 3 / 4


def test_variety_looks_at_pairs_of_sampled_blocks_alone_and_counts_in_all():
    blocks = np.array([[4, 5, 6, 7], [8, 8, 8, END_OF_TEXT], [4, 5, 6, 7]])
    found = variety(blocks, np.array([0, 2]), np.eye(2), "text", END_OF_TEXT)
    assert found["self_bleu"] == pytest.approx(1)
    assert found["vendi_score"] == pytest.approx(2)
    assert found["missing_mass"] == 0
    assert found["hapax_share"] == 0
    assert variety(blocks[:2], np.array([0, 1]), np.eye(2), "text", END_OF_TEXT)["missing_mass"] == 4 / 7
