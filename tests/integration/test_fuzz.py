"""Live endpoints of both kinds, asked whatever their OpenAPI allows, and what it forbids; and by damaged pictures."""

import io
import itertools
import json
import shutil
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from benchmarks.fuzz import QUICK, Way, fuzz, in_process
from benchmarks.mutations import mutant
from components.config.settings import artifacts
from components.inference.engine.model import Model
from components.kinds.image import codec
from tests.conftest import Project
from tests.integration.test_bento import PACKAGE, serving
from tests.integration.test_follow import without_golden_rows

_EXAMPLES = 25  # of each operation, of what is allowed and of what is not
_QUIET = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.large_base_example],
)
LIMITS = {
    "digits": {"max_bytes": 20_000, "formats": ["PNG"], "max_pixels": 10_000},
    "payments": {"max_bytes": 1_000_000},
}
ROUTES = {"digits": ["/labels", "/predict"], "payments": ["/explain", "/labels", "/predict"]}
UNLIKELY = {("digits", "/labels"), ("payments", "/labels")}
"""Where a label that is taken is hardly found by chance: a class has a name, and a time has come."""


@pytest.fixture(scope="module")
def endpoints(
    trained_once: Project, payments_once: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The addresses of a digits endpoint and of a payments one."""
    with ExitStack() as stack:
        urls = {}
        for workload, once in {"digits": trained_once, "payments": payments_once}.items():
            path = tmp_path_factory.mktemp(workload) / "journeyman"
            project = Project(Path(shutil.copytree(once.path, path, symlinks=True)))
            _narrow(path / artifacts(workload, "bundle") / "bundle.json", LIMITS[workload])
            package = PACKAGE.replace("digits", workload)
            bento = project.run("python", "-c", package, "1", PYTHONPATH=".").split()[-1]
            urls[workload] = stack.enter_context(serving(project, bento, cwd=path))
        yield urls


def _narrow(about: Path, limits: dict[str, object]) -> None:
    content = json.loads(about.read_text())
    without_golden_rows(about.parent, content)  # which are of every format
    about.write_text(json.dumps({**content, "serve": {**content["serve"], **limits}}))


def test_two_thousand_damaged_pictures_are_answered_or_refused(trained_once: Project, tmp_path: Path) -> None:
    model = Model.open(trained_once.path / artifacts("digits", "bundle"), "1", None)
    found = fuzz(in_process(model), range(QUICK), 0, tmp_path)
    assert found.failures == []
    assert set(found.outcomes) == set(codec.FORMATS)
    assert all(counts["answered"] and counts["the picture is damaged"] for counts in found.outcomes.values())
    assert sum(counts.total() for counts in found.outcomes.values()) == QUICK


def test_the_fuzzer_sees_what_must_not_come(tmp_path: Path) -> None:
    hours = itertools.count(step=3_600)
    grown = itertools.count(step=100)

    def crash(data: bytes) -> str:
        raise struct.error("a decoder's own")

    found = fuzz(Way(crash, lambda: float(next(hours)), lambda: float(next(grown))), range(100), 7, tmp_path)
    assert len([failure for failure in found.failures if "error: a decoder's own" in failure]) == 100
    assert len([failure for failure in found.failures if "took 3600.0 s" in failure]) == 100
    assert [failure for failure in found.failures if "grew by" in failure]
    assert (tmp_path / "3.picture").read_bytes() == mutant(7, 3)[1]


@pytest.mark.parametrize("workload", ROUTES)
def test_whatever_is_asked_is_answered_as_the_openapi_says(workload: str, endpoints: dict[str, str]) -> None:
    load_all_checks()
    refusals = {"checks": {"negative_data_rejection": {"expected-statuses": [400, 413]}}}  # 413: the body is not read
    config = schemathesis.Config.from_dict(refusals)
    schema = schemathesis.openapi.from_url(f"{endpoints[workload]}/docs.json", config=config).include(method="POST")
    operations = {result.ok().path: result.ok() for result in schema.get_all_operations()}
    assert sorted(operations) == ROUTES[workload]
    with requests.Session() as session:
        session.trust_env = False
        for operation in operations.values():
            for mode in GenerationMode:
                statuses = _ask(operation.as_strategy(generation_mode=mode), session)
                expected = 400 if mode.is_negative or (workload, operation.path) in UNLIKELY else 200
                assert expected in statuses, (operation.path, mode)


@pytest.mark.parametrize("form", [True, False])
def test_the_endpoint_takes_what_its_bundle_says(form: bool, endpoints: dict[str, str]) -> None:
    def ask(data: bytes) -> tuple[int, str]:
        body = {"files": {"picture": data}} if form else {"content": data}
        answer = httpx.post(f"{endpoints['digits']}/predict", **body)
        return answer.status_code, answer.json().get("error", "")

    assert ask(saved((100, 100), "PNG")) == (200, "")
    assert ask(saved((100, 101), "PNG")) == (400, "the picture has 100 x 101 pixels, at most 10,000 are taken")
    assert ask(saved((8, 8), "BMP")) == (400, "not a PNG picture")
    assert ask(bytes(20_001)) == (413, "the request is larger than 20,000 bytes")


def saved(size: tuple[int, int], format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, format)
    return buffer.getvalue()


def _ask(cases: object, session: requests.Session) -> set[int]:
    """Ask every case, check every answer, and return the statuses that came."""
    statuses: set[int] = set()

    @_QUIET
    @given(case=cases)
    def ask(case: Case) -> None:
        answer = case.call(session=session)
        statuses.add(answer.status_code)
        # valid by the schema are also bytes that are no picture, and times that have not come
        case.validate_response(
            answer, excluded_checks=[positive_data_acceptance], additional_checks=[refusals_have_one_shape]
        )

    ask()
    return statuses


def refusals_have_one_shape(context: CheckContext, response: Response, case: Case) -> None:
    assert response.headers["x-request-id"]
    if response.status_code >= 400:
        refusal = response.json()
        assert list(refusal) == ["error"]
        assert "\n" not in refusal["error"]
        assert "Traceback" not in refusal["error"]
