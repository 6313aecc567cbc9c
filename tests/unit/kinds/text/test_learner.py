from pathlib import Path

import numpy as np
import pytest
import torch

from components.inference.bundle import open_session
from components.kinds.prepared import PreparedData
from components.kinds.text import learner
from components.kinds.text.codec.characters import encoded
from components.kinds.text.codec.input import Input
from components.kinds.text.learner.hashing import Hashing
from components.kinds.text.learner.served import LargestLogit, TextServing
from components.kinds.text.params import Train
from components.tasks.classification.objective import Classification
from components.training.export import write_onnx

HASHING = Hashing(64, 16, 4_096)


def buckets(text: str) -> set[int]:
    return set(HASHING(torch.from_numpy(encoded([text], 64)))[0].tolist()) - {0}


def test_a_word_has_its_bucket_wherever_it_stands() -> None:
    alone, first, last = buckets("purr"), buckets("purr cats do"), buckets("do cats purr")
    assert alone <= first
    assert alone <= last
    assert first != last  # pairs of words tell their order


def test_nothing_is_hashed_behind_the_text_and_long_texts_are_hashed_too() -> None:
    codes = torch.from_numpy(encoded(["a", "word " * 400], 64))
    found = (HASHING(codes) > 0).sum(dim=1).tolist()
    assert found[0] == 1 + 1  # the word, and it between its blanks
    assert found[1] > 100


def test_buckets_are_evenly_filled() -> None:
    words = np.random.default_rng(0).integers(97, 123, (2_000, 8))
    texts = ["".join(map(chr, word)) for word in words]
    found = HASHING(torch.from_numpy(encoded(texts, 64)))
    counts = torch.bincount(found[found > 0], minlength=4_096)[1:].double()
    assert counts.std() / counts.mean() < 0.5  # of a Poisson distribution with that mean: 0.4


@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
def test_the_graph_answers_as_torch_does(texts: PreparedData[Input], tmp_path: Path) -> None:
    objective = Classification(4, "accuracy")
    torch.manual_seed(0)
    module = learner.module(texts, Train(buckets=4_096, width=8), objective)
    torch.nn.init.normal_(module.network.head.weight)
    served = learner.serving(module)
    assert isinstance(served, TextServing)
    served.measure_unfamiliarity(texts)
    write_onnx(served, texts.inputs("test"), tmp_path / "model.onnx", ["probabilities", "embedding", "unfamiliar"])
    inputs = encoded(["play mozart", "привет 👍", "x" * 500, "-"], texts.input["length"])
    with torch.inference_mode():
        expected = [part.numpy() for part in served(torch.from_numpy(inputs))]
    found = open_session(tmp_path / "model.onnx").run(None, {"inputs": inputs})
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_what_raises_no_logit_is_unfamiliar() -> None:
    raw = torch.tensor([[9.0, -2.0, 0.0], [0.3, 0.2, 0.1]])
    familiar, strange = LargestLogit(3)(raw, []).tolist()
    assert strange > familiar
    sure, unsure = LargestLogit(1)(torch.tensor([[-5.0], [0.1]]), []).tolist()
    assert unsure > sure
