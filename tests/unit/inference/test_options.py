import pytest

from components.config.errors import ConfigError
from components.inference.options import Options


def test_what_is_not_set_has_a_default() -> None:
    assert Options.read({"JOURNEYMAN_QUEUE": "", "OTHER": "1"}) == Options()


def test_each_setting_is_a_variable() -> None:
    options = Options.read({"JOURNEYMAN_QUEUE": "7", "JOURNEYMAN_DEADLINE": "0.5"})
    assert (options.queue, options.deadline) == (7, 0.5)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("JOURNEYMAN_QUEUE", "0", "JOURNEYMAN_QUEUE: input should be greater than or equal to 1"),
        (
            "JOURNEYMAN_LOG_DIR",
            "log",
            "JOURNEYMAN_LOG_DIR: name the folder by its whole path, as /.*/log: workers stand",
        ),
        ("JOURNEYMAN_DEADLINE", "soon", "JOURNEYMAN_DEADLINE: input should be a valid number"),
    ],
)
def test_a_wrong_value_is_a_sentence_that_names_the_variable(variable: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Options.read({variable: value})
