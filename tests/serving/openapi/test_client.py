"""The TypeScript client: its types are those of the API's description, and what they promise compiles.

Runs the locked packages themselves, installed into a folder of the test's own.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from serving.app import ROUTERS
from serving.openapi.document import describe

CLIENT = Path(__file__).parents[3] / "serving" / "client"
DOCUMENT = describe(ROUTERS)
HEAD = """\
import type { operations } from "./schema";

type Json<R> = R extends { content: { "application/json": infer A } } ? A : never;
type Responses<O extends keyof operations> = operations[O]["responses"];
type Answer<O extends keyof operations> = Json<Responses<O>[keyof Responses<O> & (200 | 201)]>;
type Body<O extends keyof operations> = Json<NonNullable<operations[O]["requestBody"]>>;
type Refusal = operations["getRiskMetrics"]["responses"][422]["content"]["application/problem+json"];

"""
WRONG = """
// @ts-expect-error a level that does not exist
export const wrongLevel: Answer<"listPrioritizedPatients">["patients"][number]["risk_level"] = "urgent";
// @ts-expect-error a body without its outcome
export const wrongBody: Body<"logOutreach"> = { patient_id: "1", method: "sms", notes: "" };
// @ts-expect-error a name that is not the document's
export const wrongName: Answer<"getRiskMetrics">["risk_summry"] = {};
"""


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("client") / "client"
    shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "openapi.json"))
    run(copy, "npm", "ci", "--ignore-scripts", "--prefer-offline")
    (copy / "openapi.json").write_text(json.dumps(DOCUMENT, sort_keys=True))
    return copy


def test_the_types_are_those_of_the_description(folder: Path) -> None:
    committed = (folder / "schema.d.ts").read_text()
    run(folder, "npm", "run", "generate")
    same = (folder / "schema.d.ts").read_text() == committed
    assert same, "the API's description has changed: run `make client` and commit serving/client/schema.d.ts"


def examples() -> str:
    lines = []
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            name = operation["operationId"]
            for status in operation["responses"].keys() & {"200", "201"}:
                answer = operation["responses"][status]["content"]["application/json"]["example"]
                lines.append(f'export const {name}: Answer<"{name}"> = {json.dumps(answer)};')
            if body := operation.get("requestBody"):
                sent = body["content"]["application/json"]["example"]
                lines.append(f'export const {name}Body: Body<"{name}"> = {json.dumps(sent)};')
    refusal: Any = DOCUMENT["components"]["responses"]["Unprocessable"]["content"]
    lines.append(
        f"export const refusal: Refusal = {json.dumps(refusal['application/problem+json']['example'])};"
    )
    return "\n".join(lines)


def test_the_documents_samples_have_these_types_and_the_example_compiles(folder: Path) -> None:
    (folder / "samples.ts").write_text(HEAD + examples() + WRONG)
    run(folder, "npm", "run", "check")


def test_the_lock_file_names_no_address() -> None:
    text = (CLIENT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert len(packages) > 20
    assert "://" not in text, "drop `resolved` and `funding`"
    assert all("integrity" in package for name, package in packages.items() if name)
