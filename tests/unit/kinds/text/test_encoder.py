from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from components.config.errors import ConfigError, DataError
from components.config.params import parse
from components.inference.bundle import open_session
from components.kinds.prepared import PreparedData
from components.kinds.pretrained import read_artifact
from components.kinds.text import learner
from components.kinds.text.codec.characters import encoded, normalized
from components.kinds.text.codec.input import Input
from components.kinds.text.learner.encoder import Encoder, with_embeddings
from components.kinds.text.learner.wordpiece import WordPiece
from components.kinds.text.params import Train
from components.tasks.classification.objective import Classification
from components.training.export import write_onnx
from tests.encoders import PIECES, write_artifact

LENGTH = 48
NUMBERS = {piece: number for number, piece in enumerate(PIECES)}


def naive(text: str, pieces: int = 24) -> list[int]:
    """Return the pieces of a text word by word, as BERT's tokenizer finds them."""
    found = []
    for word in normalized(text, LENGTH)[: LENGTH - 2].split():
        of_word, start = [], 0
        while start < len(word):
            mark = "##" if start else ""
            ends = [end for end in range(len(word), start, -1) if mark + word[start:end] in NUMBERS]
            if not ends:
                of_word = [NUMBERS["[UNK]"]]
                break
            of_word.append(NUMBERS[mark + word[start : ends[0]]])
            start = ends[0]
        found += of_word
    return [NUMBERS["[CLS]"], *found[: pieces - 2], NUMBERS["[SEP]"]]


def read(*texts: str) -> list[list[int]]:
    pieces = WordPiece(PIECES, LENGTH, 24)(torch.from_numpy(encoded(texts, LENGTH)))
    return [[piece for piece in row if piece] for row in pieces.tolist()]


@given(st.lists(st.text(alphabet="ab zs!q", min_size=0, max_size=60), min_size=1, max_size=4))
def test_pieces_are_those_of_berts_tokenizer(texts: list[str]) -> None:
    assert read(*texts) == [naive(text) for text in texts]


def test_a_word_is_read_without_its_accents_and_one_that_is_no_piece_as_unknown() -> None:
    cafe, mozart, mixed, special = read("Café", "Mozart!", "the xylophone plays", "[CLS]")
    assert cafe == [2, NUMBERS["cafe"], 3]
    assert mozart == [2, *(NUMBERS[piece] for piece in ("mo", "##zart", "!")), 3]
    assert mixed == [2, NUMBERS["the"], 1, NUMBERS["play"], NUMBERS["##s"], 3]
    assert special == [2, 1, 1, 1, 3]  # what somebody writes is no mark of the vocabulary's own


def test_of_a_long_text_the_first_pieces_are_read() -> None:
    assert read("a " * 40) == [[2, *[NUMBERS["a"]] * 22, 3]]


@pytest.fixture
def pretrained(texts: PreparedData[Input], tmp_path: Path) -> PreparedData[Input]:
    """The texts, to be learned from beginning with a tiny encoder."""
    return replace(texts, backbone=write_artifact(tmp_path / "backbone"))


def test_a_text_is_embedded_alike_in_any_company(pretrained: PreparedData[Input]) -> None:
    encoder = Encoder(*read_artifact(pretrained.backbone), LENGTH).eval()
    codes = encoded(["play the song", "a", "book a table, the weather? " * 3], LENGTH)
    together = encoder(torch.from_numpy(codes))
    alone = torch.cat([encoder(torch.from_numpy(row[None])) for row in codes])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(3))
    kept = with_embeddings(encoder, codes)
    np.testing.assert_array_equal(kept[:, :LENGTH], codes)
    np.testing.assert_allclose(kept[:, LENGTH:].copy().view(np.float32), together.numpy(), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
def test_the_graph_answers_as_torch_does_and_as_it_was_learned(pretrained: PreparedData[Input], tmp_path: Path) -> None:
    objective = Classification(4, "accuracy")
    config = Train.model_validate({"recipe": "transfer", "buckets": 4_096, "width": 8, "batch_size": 8})
    torch.manual_seed(0)
    module = learner.module(pretrained, config, objective)
    torch.nn.init.normal_(module.network.head.weight)
    training, validation = learner.loaders(pretrained, config, objective)
    inputs, _ = next(iter(validation))
    given = torch.from_numpy(np.array(pretrained.inputs("validation")[: len(inputs)]))
    torch.testing.assert_close(module.eval().raw(inputs), module.raw(given), atol=1e-5, rtol=0)
    served = learner.serving(module)
    served.measure_unfamiliarity(pretrained)
    write_onnx(served, pretrained.inputs("test"), tmp_path / "model.onnx", ["probabilities", "embedding", "unfamiliar"])
    session = open_session(tmp_path / "model.onnx")
    for texts in (["play mozart"], ["привет 👍", "x" * 500, "-"], ["a b ab the weather? book"] * 5):
        codes = encoded(texts, pretrained.input["length"])
        with torch.inference_mode():
            expected = [part.numpy() for part in served(torch.from_numpy(codes))]
        for one, other in zip(session.run(None, {"inputs": codes}), expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)
    module.train().loss(*next(iter(training))).backward()
    learned = {name for name, weights in module.named_parameters() if weights.grad is not None}
    assert learned == {
        "network.vectors",
        *(f"network.{of}.{part}" for of in ("head", "meaning") for part in ("weight", "bias")),
    }


def test_without_an_encoder_the_recipe_says_what_to_run(texts: PreparedData[Input]) -> None:
    with pytest.raises(DataError, match="dvc repro"):
        learner.module(texts, Train(recipe="transfer"), Classification(4, "accuracy"))


def test_the_recipe_fills_in_its_encoder_and_another_takes_none() -> None:
    assert parse(Train, {"recipe": "transfer"}, "train.").pretrained() == "all-minilm-l6-v2"
    assert parse(Train, {}, "train.").pretrained() is None
    with pytest.raises(ConfigError, match="backbone: means nothing to recipe: quick"):
        parse(Train, {"backbone": "all-minilm-l6-v2"}, "train.")
    with pytest.raises(ConfigError, match="efficientnet-lite0"):
        parse(Train, {"recipe": "transfer", "backbone": "efficientnet-lite0"}, "train.")
