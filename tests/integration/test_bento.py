import gzip
import io
import json
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import yaml
from PIL import Image

from components.config.errors import EndpointError
from components.config.settings import artifacts
from components.inference.smoke.client import running_endpoint
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from docs import api
from tests.conftest import ROOT, Project, end
from tests.processes import child
from tests.servers import free_port

PACKAGE = """
import sys
from pathlib import Path
from components.inference.package import package
print(package(Path("artifacts/digits/bundle"), "digits", sys.argv[1]))
"""
BARRED = ("torch", "mlflow", "prefect", "dvc", "lightning", "torchmetrics")


@pytest.fixture(scope="module")
def packaged(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A trained checkout whose bundle is in a Bento, and the Bento's tag. Not to be changed."""
    path = tmp_path_factory.mktemp("packaged") / "journeyman"
    shutil.copytree(trained_once.path, path, symlinks=True)
    project = Project(path)
    return project, project.run("python", "-c", PACKAGE, "1", PYTHONPATH=".").split()[-1]


@pytest.fixture(scope="module")
def endpoint(packaged: tuple[Project, str]) -> Iterator[str]:
    project, bento = packaged
    with serving(project, bento, cwd=project.path.parent) as url:
        yield url


def test_the_same_bundle_and_code_are_packaged_once(packaged: tuple[Project, str]) -> None:
    project, bento = packaged
    place = project.path / "state" / "bentoml" / "bentos" / bento.replace(":", "/")
    before = place.stat().st_mtime_ns
    assert project.run("python", "-c", PACKAGE, "1", PYTHONPATH=".").split()[-1] == bento
    assert place.stat().st_mtime_ns == before


def test_an_endpoint_that_does_not_get_ready_is_one_line(
    packaged: tuple[Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, bento = packaged
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(EndpointError, match=r"did not get ready within 0.01 s \(serve.start_timeout\)"),
        running_endpoint(bento, start_timeout=0.01),
    ):
        pass
    with (
        pytest.raises(EndpointError, match=r"ended with status \d+ before it was ready. Its last words: .*nothing"),
        running_endpoint("digits:nothing", start_timeout=300),
    ):
        pass


def test_other_code_is_another_bento_of_the_same_model(packaged: tuple[Project, str], tmp_path: Path) -> None:
    shutil.copytree(packaged[0].path, tmp_path / "journeyman", symlinks=True)
    project = Project(tmp_path / "journeyman")
    with (project.path / "components" / "inference" / "door.py").open("a") as file:
        file.write("\n# another line\n")
    bento = project.run("python", "-c", PACKAGE, "1", PYTHONPATH=".").split()[-1]
    assert bento != packaged[1]
    assert bento.rpartition("-")[0] == packaged[1].rpartition("-")[0]


@pytest.mark.parametrize("arrivals", [0, 1])
def test_a_kill_leaves_nothing_that_is_believed(arrivals: int, trained: Project) -> None:
    """Killed with the model, then with the Bento made in full, but not yet moved to where it is looked for."""
    killer = f"""
import os, signal
from components.inference import package
arrive, left = package._arrive, [{arrivals}]
def killed(*args):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    arrive(*args)
package._arrive = killed
package.package(package.Path("artifacts/digits/bundle"), "digits", "1")
"""
    trained.fail("python", "-c", killer, PYTHONPATH=".")
    assert trained.run("bentoml", "list", "-o", "json").strip() in ("[]", "")
    bento = trained.run("python", "-c", PACKAGE, "1", PYTHONPATH=".").split()[-1]
    assert json.loads(trained.run("bentoml", "list", "-o", "json"))[0]["tag"] == bento
    homes = [path.name for path in Path("state/bentoml").iterdir()]
    assert not [name for name in homes if name.startswith(".")]


def test_bentoml_build_in_the_project_folder_pins_the_model(packaged: tuple[Project, str], tmp_path: Path) -> None:
    shutil.copytree(packaged[0].path, tmp_path / "journeyman", symlinks=True)
    project = Project(tmp_path / "journeyman")
    output = project.run("bentoml", "build", "--arg", "workload=digits", "-o", "tag")
    bento = output.split("__tag__:")[1].split()[0]
    assert bento.startswith("digits:")
    project.run("python", "-c", PACKAGE, "2", PYTHONPATH=".")  # a newer model comes, the Bento keeps its own
    with serving(project, bento, cwd=tmp_path) as url:
        assert _ask(url, _picture())["model_version"] == "1"


def test_bentoml_serve_works_in_the_project_folder(packaged: tuple[Project, str]) -> None:
    project, _ = packaged
    with serving(project, ".", "--arg", "workload=digits", cwd=project.path) as url:
        assert _ask(url, _picture())["model_version"] == "1"


def test_the_endpoint_answers_as_the_bundle_was_measured(endpoint: str, packaged: tuple[Project, str]) -> None:
    data = open_prepared(packaged[0].path / artifacts("digits", "prepared"))
    inputs, labels = data.inputs("test"), data.labels("test")
    right = 0
    for place in range(len(labels)):
        right += _ask(endpoint, codec.encode(inputs[place])["picture"])["label"] == data.classes[labels[place]]
    metrics = json.loads((packaged[0].path / artifacts("digits", "report") / "metrics.json").read_text())
    assert right / len(labels) == pytest.approx(metrics["accuracy"])


@pytest.mark.parametrize("format", codec.FORMATS)
def test_every_format_is_answered(format: str, endpoint: str) -> None:
    answer = _ask(endpoint, _picture(format))
    fields = {"label", "probability", "probabilities", "model_version", "unfamiliar", "unfamiliar_rank", "id"}
    assert set(answer) == fields
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert answer["probability"] == max(answer["probabilities"].values())
    assert answer["model_version"] == "1"


@pytest.mark.parametrize("headers", [{"content-type": "image/png"}, {}])
def test_a_bare_body_is_answered_as_a_form_is(headers: dict[str, str], endpoint: str) -> None:
    answer = httpx.post(f"{endpoint}/predict", content=_picture(), headers=headers)
    assert _without_id(answer.json()) == _without_id(_ask(endpoint, _picture()))


PNG = {"content-type": "image/png"}


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        ({"files": {"picture": b"hello"}}, 400, "not a PNG, JPEG, WebP or BMP picture"),
        ({"files": {"picture": b""}}, 400, "the picture is empty (0 bytes)"),
        ({"files": {"photo": b"hello"}}, 400, "not a PNG, JPEG, WebP or BMP picture"),
        ({"files": {"a": b"hello", "b": b"hello"}}, 400, "there are 2 files ('a', 'b'), and one is asked for: send it"),
        ({"files": {"picture": (None, "http://here/x.png")}}, 400, "picture: send the file itself, not its address"),
        ({"files": {"a": (None, "1"), "b": (None, "2")}}, 400, "picture: field required"),
        ({"data": {"picture": "hello"}}, 415, "send the file in the field 'picture' of a multipart/form-data form, or"),
        ({"json": {"picture": "hello"}}, 415, "send the file in the field 'picture' of a multipart/form-data form, or"),
        ({"content": b"hello", "headers": PNG}, 400, "not a PNG, JPEG, WebP or BMP picture"),
        ({"content": b"", "headers": PNG}, 400, "the picture is empty (0 bytes)"),
        ({"content": b"junk", "headers": {"content-type": "multipart/form-data"}}, 400, "the multipart form cannot"),
        ({"content": bytes(10 * 2**20 + 1), "headers": PNG}, 413, "the request is larger than 10,485,760 bytes"),
        ({"content": iter([bytes(2**20)] * 11), "headers": PNG}, 413, "the request is larger than 10,485,760 bytes"),
    ],
)
def test_a_wrong_upload_is_refused_in_one_sentence(
    request_: dict[str, Any], status: int, sentence: str, endpoint: str
) -> None:
    answer = httpx.post(f"{endpoint}/predict", timeout=30, **request_)
    assert answer.status_code == status, answer.text
    (key,) = answer.json()
    assert key == "error"
    assert answer.json()["error"].startswith(sentence)
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("field", ["file", "image", "upload"])
def test_one_file_is_taken_whatever_its_field_is_called(field: str, endpoint: str) -> None:
    answer = httpx.post(f"{endpoint}/predict", files={field: _picture()}, data={"comment": "mine"})
    assert _without_id(answer.json()) == _without_id(_ask(endpoint, _picture()))


def test_a_form_is_read_without_its_boundary_or_names_of_files(endpoint: str) -> None:
    whole = httpx.Request("POST", endpoint, files={"picture": (None, _picture())})
    for headers in ({"content-type": "multipart/form-data"}, {"content-type": whole.headers["content-type"]}):
        answer = httpx.post(f"{endpoint}/predict", content=whole.read(), headers=headers)
        assert _without_id(answer.json()) == _without_id(_ask(endpoint, _picture()))


@pytest.mark.parametrize("form", [True, False])
def test_a_body_may_come_compressed(form: bool, endpoint: str) -> None:
    plain = httpx.Request("POST", endpoint, **({"files": {"file": _picture()}} if form else {"content": _picture()}))
    headers = {**dict(plain.headers), "content-encoding": "gzip"}
    del headers["content-length"]
    answer = httpx.post(f"{endpoint}/predict", content=gzip.compress(plain.read()), headers=headers)
    assert _without_id(answer.json()) == _without_id(_ask(endpoint, _picture()))
    refused = httpx.post(f"{endpoint}/predict", content=b"", headers={**headers, "content-encoding": "br"})
    assert refused.status_code == 415
    assert refused.json()["error"].startswith("a body with Content-Encoding: br is not read")


def test_a_request_that_asks_for_http_2_is_answered(endpoint: str) -> None:
    upgrade = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAAP__"}
    answer = httpx.post(f"{endpoint}/predict", content=_picture(), headers=upgrade)
    assert _without_id(answer.json()) == _without_id(_ask(endpoint, _picture()))


CLIENTS = """
import asyncio, json, sys
from pathlib import Path
import bentoml
from PIL import Image
url, path = sys.argv[1], Path(sys.argv[2])
with bentoml.SyncHTTPClient(url) as client:
    answers = [
        client.predict(picture=path), client.predict(path), client.predict(picture=str(path)),
        client.predict(picture=Image.open(path)), client.call("predict", picture=path),
    ]
async def ask():
    async with bentoml.AsyncHTTPClient(url) as client:
        return await client.predict(picture=path)
print(json.dumps([*answers, asyncio.run(ask())]))
"""


def test_bentomls_own_clients_ask(endpoint: str, tmp_path: Path) -> None:
    path = tmp_path / "a picture.png"
    path.write_bytes(_picture())
    told, expected = by_clients(CLIENTS, endpoint, str(path)), _ask(endpoint, _picture())
    assert [{**answer, "id": expected["id"]} for answer in told] == [expected] * 6


OPEN_INFERENCE = """
import json, sys
from pathlib import Path
import numpy as np
from tritonclient.http import InferenceServerClient, InferenceServerException, InferInput, InferRequestedOutput
url, workload, path = sys.argv[1].removeprefix("http://"), sys.argv[2], Path(sys.argv[3])
client = InferenceServerClient(url)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(workload)
assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
described = client.get_model_metadata(workload)
file = InferInput("picture", [2], "BYTES")
file.set_data_from_numpy(np.array([path.read_bytes()] * 2, dtype=object))
pixels = np.load(path.with_suffix(".npy"))
drawn = InferInput("picture", list(pixels.shape), "UINT8")
drawn.set_data_from_numpy(pixels)
listed = InferInput("picture", list(pixels.shape), "UINT8")
listed.set_data_from_numpy(pixels, binary_data=False)
asked = [
    client.infer(workload, [file]),
    client.infer(workload, [drawn], model_version=described["versions"][0], request_compression_algorithm="gzip"),
    client.infer(workload, [listed], outputs=[InferRequestedOutput("answer", binary_data=False)]),
]
told = [[json.loads(text) for text in result.as_numpy("answer").tolist()] for result in asked]
columns = {name: asked[0].as_numpy(name).tolist() for name in ("probability", "probabilities")}
columns["label"] = [label.decode() for label in asked[0].as_numpy("label")]
refused = []
for name, version in (("nobody", ""), (workload, "999")):
    try:
        client.infer(name, [file], model_version=version)
    except InferenceServerException as error:
        refused.append(str(error))
print(json.dumps({"told": told, "columns": columns, "refused": refused, "described": described}))
"""


def test_tritons_own_client_asks(packaged: tuple[Project, str], endpoint: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(_picture())
    pixels = np.asarray(Image.open(path))
    np.save(path.with_suffix(".npy"), np.stack([pixels[..., np.newaxis]] * 2))
    told, expected = by_clients(OPEN_INFERENCE, endpoint, "digits", str(path)), _ask(endpoint, _picture())
    answers = [_without_id(answer) for each in told["told"] for answer in each]
    assert answers == [_close_to(expected)] * 6
    assert len({answer["id"] for each in told["told"] for answer in each}) == 6
    assert told["columns"]["label"] == [expected["label"]] * 2
    assert told["columns"]["probability"] == [pytest.approx(expected["probability"], abs=1e-6)] * 2
    assert np.allclose(told["columns"]["probabilities"], [list(expected["probabilities"].values())] * 2, atol=1e-6)
    assert ["'nobody'" in told["refused"][0], "'999'" in told["refused"][1]] == [True, True]
    assert told["described"]["inputs"] == [{"name": "picture", "datatype": "BYTES", "shape": [-1]}]
    assert [each["name"] for each in told["described"]["outputs"]][:2] == ["answer", "label"]


def test_what_a_container_on_sagemaker_is_asked(endpoint: str) -> None:
    assert httpx.get(f"{endpoint}/ping").status_code == 200
    sent = {"content": _picture(), "headers": {"content-type": "application/x-image"}}
    assert _without_id(httpx.post(f"{endpoint}/invocations", **sent).json()) == _without_id(_ask(endpoint, _picture()))


def test_a_truncated_picture_is_refused(endpoint: str) -> None:
    whole = _picture()
    answer = httpx.post(f"{endpoint}/predict", files={"picture": whole[: len(whole) * 2 // 3]})
    assert answer.status_code == 400
    assert "damaged" in answer.json()["error"]


def test_the_documentation_names_the_upload_and_the_answer(endpoint: str) -> None:
    schema = httpx.get(f"{endpoint}/docs.json").json()
    post = schema["paths"]["/predict"]["post"]
    form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert json.dumps(form).count("binary") == 1
    assert "probabilities" in json.dumps(schema)
    assert api.page(api.PAGE.read_text(), schema) == api.PAGE.read_text(), "python -m docs.api URL"


def test_it_listens_on_loopback_alone(endpoint: str) -> None:
    port = int(endpoint.rpartition(":")[2])
    listening = {c.laddr.ip for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    assert listening == {"127.0.0.1"}


def test_requests_side_by_side_are_all_answered(endpoint: str) -> None:
    answers: list[str] = []

    def ask() -> None:
        with httpx.Client() as client:
            for _ in range(20):
                answer = client.post(f"{endpoint}/predict", files={"picture": _picture()})
                answers.append(answer.json()["label"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert len(set(answers)) == 1


def test_a_killed_supervisor_takes_its_worker_along(packaged: tuple[Project, str]) -> None:
    project, bento = packaged
    with serving(project, bento, cwd=project.path.parent) as url:
        supervisor = child(url.rpartition(":")[2])
        family = supervisor.children(recursive=True)
        assert family
        supervisor.kill()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url}/readyz", timeout=2)


def test_nothing_of_training_is_listed_or_imported(packaged: tuple[Project, str]) -> None:
    project, bento = packaged
    place = project.path / "state" / "bentoml" / "bentos" / bento.replace(":", "/")
    requirements = (place / "env" / "python" / "requirements.txt").read_text().lower()
    assert "onnxruntime" in requirements
    assert not [name for name in BARRED if name in requirements]
    carried = {path.relative_to(place / "src").as_posix() for path in (place / "src").rglob("*.py")}
    assert "components/inference/service.py" in carried
    assert "components/tasks/classification/live.py" in carried  # by which labels stop a canary
    assert not [name for name in carried if "training" in name or "registry" in name or "learner" in name]
    script = f"""
import sys
from components.internals.bentoml import keep_arguments
keep_arguments({{"workload": "digits"}})
from components.inference.service import Endpoint
Endpoint.inner()
print([name for name in {BARRED!r} if name in sys.modules])
"""
    said = project.run(sys.executable, "-c", script, PYTHONPATH=".")
    assert said.split("\n")[-2] == "[]"


def test_the_bento_lists_the_inference_group_as_it_is_pinned() -> None:
    listed = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["python"]["packages"]
    pins = {line.partition("==")[0].lower(): line.lower() for line in (ROOT / "constraints.txt").read_text().split()}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = [requirement.partition(">")[0] for requirement in groups["inference"]]
    assert listed == [pins[name] for name in wanted if name != "bentoml"]


def test_it_is_served_in_an_environment_that_has_only_what_it_lists(
    packaged: tuple[Project, str], tmp_path: Path
) -> None:
    project, bento = packaged
    place = project.path / "state" / "bentoml" / "bentos" / bento.replace(":", "/")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    requirements = place / "env" / "python" / "requirements.txt"
    pip = [sys.executable, "-m", "pip", "--python", python]
    install = [*pip, "install", "--quiet", "--no-compile", "-c", ROOT / "constraints.txt", "-r", requirements]
    subprocess.run(install, check=True, capture_output=True)
    listed = subprocess.run([*pip, "list"], check=True, capture_output=True, text=True).stdout.lower()
    assert not [name for name in BARRED if f"\n{name} " in listed]
    with serving(project, bento, cwd=tmp_path, python=str(python)) as url:
        assert _ask(url, _picture())["model_version"] == "1"


@contextmanager
def serving(
    project: Project,
    *arguments: str,
    cwd: Path,
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run `bentoml serve` as a user does, on a free port."""
    port = free_port()
    command = [python, "-m", "bentoml", "serve", *arguments, "--port", str(port)]
    with (project.path / "state" / "serve.log").open("w") as log:
        environment = {**project.environment(), **(variables or {})}
        server = subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert server.poll() is None, (project.path / "state" / "serve.log").read_text()
            assert time.monotonic() < deadline, (project.path / "state" / "serve.log").read_text()
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server)


def by_clients(script: str, *arguments: str) -> Any:
    """Return what a script has told that uses BentoML's clients, in a process of its own: they warn of themselves."""
    told = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.splitlines()[-1])


def _ask(url: str, picture: bytes) -> dict[str, Any]:
    answer = httpx.post(f"{url}/predict", files={"picture": picture})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _picture(format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).save(buffer, format)
    return buffer.getvalue()


def _close_to(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer, given in another batch."""
    return {
        name: pytest.approx(value, abs=1e-6) if isinstance(value, float | dict) else value
        for name, value in _without_id(answer).items()
    }


def _without_id(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer to the same question: only its own id is another each time."""
    assert answer["id"]
    return {name: value for name, value in answer.items() if name != "id"}
