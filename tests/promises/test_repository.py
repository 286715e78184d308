"""What the repository promises about itself: its layout, its lock file, what may never be written in it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    *(
        "ingestion",
        "dbt_project",
        "orchestration",
        "operations",
        "demo",
        "serving",
        "warehouse",
        "sandbox",
        "tests",
        "bench",
        "docs",
    ),
    *("pyproject.toml", "profiles.yml", "requirements.lock", "development.lock", "Makefile", "README.md"),
    *(".ci", ".gitignore", ".env.example", ".sqlfluffignore"),
}


def tracked() -> list[Path]:
    """The files git knows; a copy without git is read as it lies."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_the_top_level_is_the_documented_one() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_no_test_imports_another() -> None:
    """What several tests need stands in a conftest or a module of its own, where it is looked for."""
    importing = re.compile(r"^\s*(?:from|import) tests\S*\.test_|^\s*from tests\S* import .*\btest_", re.M)
    found = [path for path in (ROOT / "tests").rglob("*.py") if importing.search(path.read_text())]
    assert found == []


def test_each_locked_package_has_an_exact_version_and_a_hash() -> None:
    packages = re.split(r"\n(?=\S)", (ROOT / "development.lock").read_text().strip())
    assert len(packages) > 100
    assert [package for package in packages if package.startswith("uv==")], "it installs the others"
    loose = [
        package
        for package in packages
        if not re.match(r"[\w.-]+(\[.*\])?==\S+.*--hash=sha256:", package, re.S)
    ]
    assert loose == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a registry's host", r"(pypi|pythonhosted|npmjs)\.(org|com)|registry\.\w+\.(org|com)"),
        ("a path of somebody's machine", r"(?<![\w.])/(root|home/\w+|work/\w+)/"),
        ("a private key", r"BEGIN (RSA |EC )?PRIVATE KEY"),
        ("a live key of Cliniko's form", r"MS0xL[A-Za-z0-9+/=]{20,}-[a-z]{2}\d"),
    ],
)
def test_nothing_holds(what: str, pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path, text in texts()
        if path != Path(__file__)
        for match in re.finditer(pattern, text)
    ]
    assert not found, f"{what} is written in {found[:5]}"


def test_each_python_package_says_what_belongs_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] != "tests" and '"""' not in text
    ]
    assert silent == []
