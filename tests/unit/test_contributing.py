"""What CONTRIBUTING, SECURITY, the hooks and CI name is there: targets, files, links, modules."""

import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PAGES = [path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_targets_that_make_nothing_are_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


@pytest.mark.parametrize("page", PAGES)
def test_every_target_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE)
    assert set(named) <= TARGETS


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_every_link_and_heading_is_there(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!http)([^)#]+)#?([^)]*)\)", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), target
        headings = re.findall(r"^#+ (.*)$", (ROOT / target).read_text(), re.MULTILINE)
        assert not anchor or anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


def test_every_file_that_contributing_names_exists() -> None:
    named = [word for code in re.findall(r"`([^`\n]+)`", CONTRIBUTING) for word in code.split() if _is_path(word)]
    assert {"tests/unit", "dvc.yaml", ".ci/run", "components/kinds/contract"} <= set(named)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_module_that_contributing_names_can_be_run() -> None:
    named = re.findall(r"python -m ([\w.]+)", CONTRIBUTING)
    assert named
    assert [module for module in named if find_spec(module) is None] == []


def test_hooks_call_make() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["entry"].removeprefix("make ") for hook in hooks} == {"lint", "quick"} <= TARGETS
    for hook in hooks:
        assert hook["language"] == "system"
        assert not hook["pass_filenames"]
        assert set(hook["stages"]) <= set(config["default_install_hook_types"])


def test_ci_runs_what_people_run() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    command, coverage = [step["run"] for step in job["steps"] if "run" in step]
    assert coverage == "make coverage"
    assert os.access(ROOT / command, os.X_OK)
    assert (ROOT / command).read_text().splitlines()[-1] == "make test"
    used = {step["uses"].partition("@")[0]: step for step in job["steps"] if "uses" in step}
    python = used["actions/setup-python"]["with"]["python-version"]
    assert f'requires-python = ">={python}"' in (ROOT / "pyproject.toml").read_text()


def test_ci_runs_actions_that_nobody_can_change() -> None:
    uses = re.findall(r"uses: \S+@(.*)", (ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert uses
    assert [reference for reference in uses if not re.fullmatch(r"[0-9a-f]{40}  # v[\d.]+", reference)] == []


def _is_path(word: str) -> bool:
    if not re.fullmatch(r"[\w./-]+", word):
        return False
    return "/" in word or Path(word).suffix in (".md", ".toml", ".txt", ".yaml")
