"""Starting: what a folder must be, and what a person is told when it is not."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.cliniko.running import run_cliniko
from sandbox.errors import SandboxError
from tests.conftest import free_port
from tests.sandbox.cliniko.clinic_files import Api, record, write_clinic

PARENT = """
import pathlib, sys, time
from sandbox.cliniko.running import run_cliniko

with run_cliniko([pathlib.Path(sys.argv[1])]) as address:
    print(address.rpartition(":")[2], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What stands on stderr when these folders are refused."""

    def refused(*folders: Path, port: int | None = None) -> str:
        folder_arguments = [text for folder in folders for text in ("--clinic", str(folder))]
        assert main(["cliniko", "--port", str(port or free_port()), *folder_arguments]) == 1
        return capsys.readouterr().err

    return refused


def test_a_taken_port_names_its_setting(tmp_path: Path, refusal: Callable[..., str]) -> None:
    folder = write_clinic(tmp_path / "c", {})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "ROUTIQ_CLINIKO_PORT" in refusal(folder, port=taken.getsockname()[1])


def test_a_broken_line_is_named_by_file_and_line_but_not_quoted(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    folder = write_clinic(tmp_path / "c", {"patients": [record("patients", 1)]})
    path = folder / "patients.jsonl"
    path.write_text(path.read_text() + '\n\n{"id": "2", "last_name": "Secret\n')
    said = refusal(folder)
    assert f"{path}, record 2 (line 4): is not valid JSON" in said
    assert "Secret" not in said


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[1, 2]", "(line 2): is not a JSON object"),
        ('{"last_name": "x"}', "needs an `id`"),
        ('{"id": "12a"}', "needs an `id`"),
        ('{"id": "1"}', "two records have the id 1"),
    ],
)
def test_a_line_that_is_no_record(
    tmp_path: Path, refusal: Callable[..., str], line: str, complaint: str
) -> None:
    folder = write_clinic(tmp_path / "c", {"patients": [record("patients", 1)]})
    with (folder / "patients.jsonl").open("a") as lines:
        lines.write(line + "\n")
    assert complaint in refusal(folder)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("forbidden = ['treatment_note']\n", "treatment_note"),
        ("[choices]\nretry_afterr = true\n", "unknown choice 'retry_afterr'"),
        ("[choices]\nretry_after = 1\n", "retry_after must be of type bool"),
        ("[choices]\nper_page_over_max = 'shrug'\n", "per_page_over_max must be one of reject, clamp"),
        ("name = 'twice'\n", "not valid TOML"),
    ],
)
def test_a_clinic_toml_that_does_not_fit(
    tmp_path: Path, refusal: Callable[..., str], toml: str, complaint: str
) -> None:
    said = refusal(write_clinic(tmp_path / "c", {}, toml=toml))
    assert "clinic.toml" in said
    assert complaint in said


def test_a_folder_that_is_no_clinic(tmp_path: Path, refusal: Callable[..., str]) -> None:
    assert "no clinic.toml" in refusal(tmp_path)
    (tmp_path / "clinic.toml").write_text('name = "x"\n')
    assert "`api_key` is missing" in refusal(tmp_path)


def test_clinics_that_cannot_be_told_apart(tmp_path: Path, refusal: Callable[..., str]) -> None:
    first = write_clinic(tmp_path / "one" / "c", {})
    assert "same name" in refusal(first, write_clinic(tmp_path / "two" / "c", {}, key="another"))
    assert "same api_key" in refusal(first, write_clinic(tmp_path / "d", {}, key="key-c-au2"))


def test_run_cliniko_says_why_it_did_not_start(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"no clinic\.toml"), run_cliniko([tmp_path]):
        pass


def test_a_server_of_a_test_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed while its server runs, and can clean up nothing."""
    folder = write_clinic(tmp_path / "c", {})
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        parent.kill()
        parent.stdout.read()  # at its end once nobody has it any more
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def test_lines_as_others_write_them(tmp_path: Path) -> None:
    """Blank lines, CRLF, spaces around, no newline at the end, a line that only Python reads."""
    folder = write_clinic(tmp_path / "c", {})
    lines = ['{"id": "1"}\r', "", '  {"id": 2, "last_name": "\\ud800"}  ', '\t{"id": "3", "last_name": "é"}']
    (folder / "patients.jsonl").write_bytes("\n".join(lines).encode())
    with run_cliniko([folder]) as address:
        rows = Api(address, "c").page("patients", sort="id")["patients"]
    assert [row["id"] for row in rows] == ["1", 2, "3"]
    assert [row.get("last_name") for row in rows] == [None, "\ud800", "é"]


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "cliniko" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main(["cliniko", "--help"])
    assert "--rate-limit" in capsys.readouterr().out


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clinko"]) == 2
    assert "generate" in capsys.readouterr().err


def test_clinics_drawn_when_all_had_one_account_id_have_their_own(tmp_path: Path) -> None:
    folders = [write_clinic(tmp_path / name, {}) for name in ("c", "d")]
    for folder in folders:
        (folder / "settings.json").write_text('{"account": {"id": "1001000000000000000", "name": "x"}}')
    with run_cliniko(folders) as address:
        apis = [Api(address, folder.name) for folder in folders]
        ids = {api.page("/settings/public")["account"]["id"] for api in apis}
        for api in apis:
            api.close()
    assert len(ids) == 2
    assert "1001000000000000000" not in ids
