import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from components.inference.gateway import tracing
from components.inference.gateway.keys import new_key
from tests.conftest import Project, end
from tests.servers import free_port, wait_for

PACKAGE = """
from pathlib import Path
from components.inference.package import package
print(package(Path("artifacts/digits/bundle"), "digits", "1"))
"""
SHOP, SHOPS_LINE = new_key("shop")
TILL, TILLS_LINE = new_key("till")
ORIGIN = "https://shop.example"
BY_THE_SECOND = tuple(
    f"journeyman_{name}" for name in ("cpu_seconds_total", "energy_joules_total", "busy_cores", "requests_in_hand")
)
"""Metrics that change though nobody asks."""


@dataclass(frozen=True)
class Served:
    """A running endpoint."""

    client: httpx.Client
    """Opens a connection for each request, so that any worker may take it."""
    server: "subprocess.Popen[bytes]"
    log: Path

    def workers(self) -> list[psutil.Process]:
        found = psutil.Process(self.server.pid).children()
        return [one for one in found if one.status() != psutil.STATUS_ZOMBIE]

    def ask(self, **headers: str) -> httpx.Response:
        return self.client.post("/predict", content=picture(), headers={"content-type": "image/png", **_named(headers)})

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=_named(headers))

    def told(self) -> dict[str, Any]:
        """The lines of the log by request; each worker writes its own behind its answer, in no order with others'."""
        lines = [line for line in self.log.read_text().splitlines(keepends=True) if line.startswith('{"time"')]
        return {one["request_id"]: one for one in map(json.loads, [line for line in lines if line.endswith("}\n")])}

    def metrics(self) -> dict[str, float]:
        """The samples, each under its name with its labels' values, as Prometheus reads them."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        return {" ".join([one.name, *map(str, one.labels.values())]): one.value for one in samples}


@pytest.fixture(scope="module")
def bento(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    project = Project(tmp_path_factory.mktemp("access") / "journeyman")
    subprocess.run(["cp", "-r", trained_once.path, project.path], check=True)
    return project, project.run("python", "-c", PACKAGE, PYTHONPATH=".").split()[-1]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(f"# the shop's and the till's\n{SHOPS_LINE}\n{TILLS_LINE}\n")
    return file


@pytest.fixture(scope="module")
def served(bento: tuple[Project, str], keys: Path) -> Iterator[Served]:
    """Two workers that ask for keys and write down what they are asked."""
    settings = {
        "JOURNEYMAN_API_KEYS_FILE": str(keys),
        "JOURNEYMAN_CORS": ORIGIN,
        "JOURNEYMAN_LOG_REQUESTS": "1",
        "BENTOML_CONFIG_OPTIONS": "services.digits.workers=2",
    }
    with serving(bento, "2", **settings) as endpoint:
        wait_for(lambda: endpoint.metrics().get("journeyman_model_workers 1") == 2, told=endpoint.log.read_text)
        yield endpoint


def test_a_key_is_asked_for_and_health_is_not(served: Served) -> None:
    for headers in ({}, {"x_api_key": "wrong"}, {"authorization": f"Basic {SHOP}"}):
        refused = served.ask(**headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert list(refused.json()) == ["error"]
    for headers in ({"x_api_key": SHOP}, {"authorization": f"Bearer {TILL}"}):
        assert served.ask(**headers).json()["model_version"] == "1"
    form = served.client.post("/predict", files={"picture": picture()})
    assert form.status_code == 401, "the typed route is behind the same door"
    form = served.client.post("/predict", files={"picture": picture()}, headers={"x-api-key": SHOP})
    assert form.status_code == 200
    for path in ("/livez", "/readyz", "/metrics", "/", "/page/page.js"):
        assert served.get(path).status_code == 200, path
    for path in ("/about", "/card", "/examples/0", "/docs", "/docs.json", "/nowhere"):
        assert served.get(path).status_code == 401, path
    assert served.get("/docs.json", x_api_key=SHOP).status_code == 200


def test_a_worker_knows_where_it_listens(served: Served) -> None:
    """By which it knows when to warn that it has no keys."""
    connections = [connection for worker in served.workers() for connection in worker.net_connections()]
    assert [one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN] == ["127.0.0.1"] * 2


def test_every_answer_is_named_and_says_what_browsers_are_not_to_do(served: Served) -> None:
    for answer in (served.ask(x_api_key=SHOP, x_request_id="mine-1"), served.get("/docs.json", x_request_id="mine-1")):
        assert answer.headers["x-request-id"] == "mine-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert len(answer.headers.get_list("cache-control")) == 1
    made = {served.ask(x_api_key=SHOP, x_request_id="not sane").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert "not sane" not in made


def test_a_page_of_a_named_origin_may_ask(served: Served) -> None:
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}
    allowed = served.client.options("/predict", headers={"origin": ORIGIN, **asks})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    refused = served.client.options("/predict", headers={"origin": "https://else.example", **asks})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    assert served.ask(x_api_key=SHOP, origin=ORIGIN).headers["access-control-allow-origin"] == ORIGIN
    assert served.ask(origin=ORIGIN).headers["access-control-allow-origin"] == ORIGIN, (
        "a page may read that it is refused"
    )


def at_rest(served: Served) -> dict[str, float]:
    """Return the metrics once those of former requests are in: a request is counted after it is answered."""
    while True:
        before = served.metrics()
        time.sleep(1)
        after = served.metrics()
        if all(before.get(name) == value for name, value in after.items() if "/predict" in name):
            return after


def test_metrics_are_the_sum_over_workers_and_outlive_one(served: Served) -> None:
    before = at_rest(served)
    who = {served.ask(x_api_key=SHOP).headers["x-request-id"][:12] for _ in range(60)}
    assert len(who) == 2, "both workers answered"
    served.ask()
    served.client.post("/predict", content=b"{}", headers={"content-type": "application/json", "x-api-key": SHOP})

    def counted() -> dict[str, float]:
        """What has been counted since, by whichever worker is asked: ten times, they all say the same."""
        scrapes = [served.metrics() for _ in range(10)]
        for name in scrapes[0]:
            if "/metrics" not in name and not name.startswith(BY_THE_SECOND):
                assert len({scrape[name] for scrape in scrapes}) == 1, name
        return {name: value - before.get(name, 0.0) for name, value in scrapes[0].items()}

    seen = "journeyman_request_seconds_count /predict"
    wait_for(lambda: served.metrics()[seen] - before.get(seen, 0.0) == 62)  # it is counted once it is answered
    found = counted()
    assert found["journeyman_requests_total /predict 200"] == 60
    assert found["journeyman_requests_total /predict 401"] == 1
    assert found["journeyman_requests_total /predict 415"] == 1
    assert found["journeyman_refused_total key"] == 1
    assert found["journeyman_refused_total invalid"] == 1
    assert found["journeyman_body_bytes_sum"] == 60 * len(picture())
    assert found["journeyman_batch_size_sum"] == 60
    labels = [name for name in found if name.startswith("journeyman_predictions_total 1 digit-")]
    assert sum(found[name] for name in labels) == 60
    killed = served.workers()[0]
    killed.send_signal(signal.SIGKILL)
    wait_for(lambda: killed.pid not in [one.pid for one in served.workers()] and len(served.workers()) == 2)
    wait_for(lambda: len({served.ask(x_api_key=SHOP).headers["x-request-id"][:12] for _ in range(20)}) == 2)
    assert served.metrics()["journeyman_model_workers 1"] == 2
    found = counted()
    assert found["journeyman_requests_total /predict 401"] == 1
    assert found["journeyman_requests_total /predict 200"] >= 80


def test_a_key_is_revoked_without_a_restart(served: Served, keys: Path) -> None:
    assert served.ask(x_api_key=TILL).status_code == 200
    keys.write_text(f"{SHOPS_LINE}\n")
    time.sleep(1.2)
    assert {served.ask(x_api_key=TILL).status_code for _ in range(20)} == {401}
    assert {served.ask(x_api_key=SHOP).status_code for _ in range(20)} == {200}
    keys.write_text("this is no key\n")
    time.sleep(1.2)
    assert {served.ask(x_api_key=SHOP).status_code for _ in range(20)} == {200}
    assert {served.ask(x_api_key=TILL).status_code for _ in range(20)} == {401}
    assert "the keys from before" in served.log.read_text()


def test_each_request_has_a_line_and_no_key_is_in_the_log(served: Served) -> None:
    served.ask(x_api_key=SHOP, x_request_id="a-line-of-its-own")
    served.ask(x_api_key="a-wrong-key-that-is-nobodys", x_request_id="and-another")
    wait_for(lambda: {"a-line-of-its-own", "and-another"} <= served.told().keys(), 60)
    answered, refused = (served.told()[name] for name in ("a-line-of-its-own", "and-another"))
    assert (answered["status"], answered["key"], answered["model_version"]) == (200, "shop", "1")
    assert (answered["method"], answered["path"], answered["bytes"]) == ("POST", "/predict", len(picture()))
    assert answered["ms"] > 0
    assert (refused["status"], refused["key"], refused["outcome"]) == (401, None, "key")
    for secret in (SHOP, TILL, "a-wrong-key-that-is-nobodys", SHOPS_LINE.partition(":")[2]):
        assert secret not in served.log.read_text()


def test_a_key_may_not_come_too_often_and_metrics_can_be_off(bento: tuple[Project, str]) -> None:
    settings = {
        "JOURNEYMAN_API_KEYS": f"{SHOPS_LINE},{TILLS_LINE}",
        "JOURNEYMAN_RATE": "0.05",
        "JOURNEYMAN_BURST": "3",
        "JOURNEYMAN_METRICS": "off",
    }
    with serving(bento, "rate", **settings) as endpoint:
        assert [endpoint.ask(x_api_key=SHOP).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        refused = endpoint.ask(x_api_key=SHOP)
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.json()["error"].startswith("too many requests")
        assert endpoint.ask(x_api_key=TILL).status_code == 200
        assert endpoint.get("/readyz").status_code == 200
        assert endpoint.get("/metrics", x_api_key=TILL).status_code == 404


def test_without_its_keys_it_does_not_start(bento: tuple[Project, str]) -> None:
    project, tag = bento
    said = project.fail("bentoml", "serve", tag, "--port", str(free_port()), JOURNEYMAN_API_KEYS_FILE="/nowhere/keys")
    assert "JOURNEYMAN_API_KEYS_FILE: /nowhere/keys cannot be read" in said.splitlines()[-1]
    assert "Traceback" not in said


@pytest.mark.skipif(not tracing._installed(), reason=f"needs the package {tracing.PACKAGE}")
def test_a_request_becomes_a_span_where_that_is_asked_for(bento: tuple[Project, str]) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    def spans() -> list[dict[str, str]]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in received]
        every = [span for one in requests for r in one.resource_spans for s in r.scope_spans for span in s.spans]
        return [
            {"trace": span.trace_id.hex(), **{one.key: one.value.string_value for one in span.attributes}}
            for span in every
        ]

    trace = "0af7651916cd43dd8448eb211c80319c"
    collector = HTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=collector.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{collector.server_port}/v1/traces"
    try:
        with serving(bento, "tracing", JOURNEYMAN_TRACING=address, OTEL_BSP_SCHEDULE_DELAY="100") as endpoint:
            endpoint.ask(x_request_id="traced-1", traceparent=f"00-{trace}-b7ad6b7169203331-01")
            wait_for(lambda: any(span.get("journeyman.request_id") == "traced-1" for span in spans()))
    finally:
        collector.shutdown()
        collector.server_close()
    (span,) = [span for span in spans() if span.get("journeyman.request_id") == "traced-1"]
    assert span["trace"] == trace
    assert (span["journeyman.model_version"], span["journeyman.outcome"]) == ("1", "answered")


@contextmanager
def serving(bento: tuple[Project, str], name: str, **settings: str) -> Iterator[Served]:
    project, tag = bento
    log, port = project.path / "state" / f"{name}.log", free_port()
    command = [sys.executable, "-m", "bentoml", "serve", tag, "--port", str(port)]
    environment = {**project.environment(), **settings}
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=project.path.parent, env=environment, stdout=output, stderr=output)
    apart = httpx.Limits(max_keepalive_connections=0)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", limits=apart, timeout=10, trust_env=False) as client:
            endpoint = Served(client, server, log)
            wait_for(lambda: server.poll() is not None or endpoint.get("/readyz").is_success)
            assert server.poll() is None, log.read_text()
            yield endpoint
    finally:
        end(server)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).save(buffer, "PNG")
    return buffer.getvalue()
