"""Self-attention: exact examples, what the hand-made sentence says, variance by theory, ledger rows by calculation."""

from dataclasses import replace

import numpy as np
import pytest
from studies_tools import outcomes

from annlab.lab.discover import load_study
from annlab.studies.features.self_attention import SENTENCE
from annlab.studies.features.self_attention_claims import of_weights, steps
from annlab.studies.features.self_attention_reading import WORDS

STUDY = load_study("self-attention")


def outcome(replicate=0, **params):
    return outcomes(STUDY, replace(STUDY.params, **params), [replicate])[0]


@pytest.mark.oracle
@pytest.mark.parametrize("part", ["numpy", "torch", "heads"])
def test_examples_agree_with_torchs_product(part):
    metrics = outcome(part=part).metrics
    assert metrics["numpy_difference"] < 1e-6
    assert metrics["torch_difference"] < 1e-6


def test_the_pronoun_takes_from_the_thing():
    weights = outcome(part="sentence").arrays["weights"]
    assert WORDS[weights[-1].argmax()] == "ball"
    assert weights[-1].max() > 0.7
    assert set(np.flatnonzero(weights[0] > 0.3)) == {1, 4}  # the article takes from both nouns
    assert SENTENCE.shape == (len(WORDS), 5)


def test_scores_have_the_variance_of_theory_and_repeat():
    raw, scaled = (outcome(part="scores", key_size=256, scaled=each).metrics for each in (False, True))
    assert raw["score_variance"] == pytest.approx(256, rel=0.1)
    assert scaled["score_variance"] == pytest.approx(raw["score_variance"] / 256)
    assert raw["entropy"] < scaled["entropy"] < np.log(32)
    assert outcome(part="scores", key_size=256, scaled=True).metrics == scaled
    assert outcome(1, part="scores", key_size=256, scaled=True).metrics != scaled


def test_scores_depend_on_the_tokens():
    assert not of_weights(None)[0]
    assert steps((2, 5, 7), 3, 2).output.shape == (2, 5, 2)
