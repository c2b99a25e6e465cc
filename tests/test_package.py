"""What users install: the wheel's contents, the lock file, and what an import costs."""

import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import extractor

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PACKAGES = ("extractor", "prompts", "schemas")
DATA = {".jinja", ".json", ".typed"}
PIN = re.compile(r"^([a-z0-9-]+)==[^ ]+", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel under test if ``make test`` built one, else one built for this run."""
    folder = Path(os.environ.get("EXTRACTOR_WHEEL", ""))
    if not os.environ.get("EXTRACTOR_WHEEL"):
        folder = tmp_path_factory.mktemp("dist")
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def source_files():
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", *DATA} and "__pycache__" not in path.parts
    }


def loaded_after(statement, *modules):
    """Which of ``modules`` a fresh interpreter has loaded after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*(m for m in {modules!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.skipif("EXTRACTOR_WHEEL" not in os.environ, reason="make test installs the wheel")
def test_the_installed_package_is_tested_and_not_the_checkout():
    for name in PACKAGES:
        assert "site-packages" in Path(sys.modules[name].__file__ or "").parts


def test_the_wheel_holds_every_source_file_and_nothing_else(wheel):
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == source_files()


@pytest.mark.parametrize(
    "name",
    [
        "extractor/py.typed",
        "prompts/claims.v2/examples.json",
        "prompts/claims.v2/system.jinja",
        "prompts/clauses.v1/examples.json",
        "prompts/clauses.v1/grammar.jinja",
        "prompts/py.typed",
        "schemas/claims.py",
        "schemas/py.typed",
    ],
)
def test_the_wheel_holds_prompts_schemas_and_type_markers(wheel, name):
    assert name in wheel.namelist()


def test_the_wheel_carries_licence_and_notice(wheel):
    texts = {Path(n).name: wheel.read(n).decode() for n in wheel.namelist() if "/licenses/" in n}
    assert texts["LICENSE"].lstrip().startswith("Apache License")
    assert "Qwen2.5-Coder-1.5B-Instruct" in texts["NOTICE"]


def test_the_notice_names_the_weights_that_are_read():
    from extractor.weights import SHA256, SIZE

    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert SHA256 in notice
    assert f"{SIZE:,}" in notice


def test_the_wheel_is_not_to_be_uploaded_and_has_its_command(wheel):
    info = {Path(n).name: wheel.read(n).decode() for n in wheel.namelist() if ".dist-info/" in n}
    assert "Classifier: Private :: Do Not Upload" in info["METADATA"]
    assert "extractor = extractor.cli:app" in info["entry_points.txt"]


def test_the_lock_names_no_index_and_no_address():
    options = [line for line in LOCK.splitlines() if re.match(r"\s*-", line)]
    assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in options)
    assert not re.search(r"://|@ |^#", LOCK, re.MULTILINE)


def test_every_lock_entry_has_hashes():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) == len(PIN.findall(LOCK))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_covers_what_the_package_declares():
    locked = set(PIN.findall(LOCK))
    declared = map(Requirement, importlib.metadata.requires("fact-extractor") or [])
    unlocked = ('extra == "ray"',)  # for a cluster, and tested there
    names = {canonicalize_name(r.name) for r in declared if str(r.marker) not in unlocked}
    assert names <= locked


def test_nothing_heavy_is_locked():
    heavy = {"torch", "tensorflow", "transformers", "llama-cpp-python", "ray"}
    assert heavy.isdisjoint(PIN.findall(LOCK))


@pytest.mark.parametrize("name", ["instructor", "openai", "pydantic", "tenacity"])
def test_installed_versions_are_in_the_declared_range(name):
    declared = map(Requirement, importlib.metadata.requires("fact-extractor") or [])
    (requirement,) = (r for r in declared if r.name == name and r.marker is None)
    assert requirement.specifier  # without a bound, releases years old are accepted
    assert requirement.specifier.contains(importlib.metadata.version(name))


def test_schemas_alone_are_light():
    heavy = ("openai", "instructor", "tenacity", "spacy", "extractor", "prompts")
    assert loaded_after("import schemas", *heavy) == []


def test_importing_the_package_leaves_the_sdks_unloaded():
    heavy = ("openai", "instructor", "spacy", "xllamacpp")
    assert loaded_after("import extractor", *heavy) == []


def test_the_public_names_are_there():
    assert all(hasattr(extractor, name) for name in extractor.__all__)
