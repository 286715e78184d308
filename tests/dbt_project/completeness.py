"""What a complete project has, read from dbt's manifest: each rule yields the names that lack something."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from orchestration.dbt.build import PROJECT

Manifest = dict[str, Any]
Rule = Callable[[Manifest], Iterator[str]]
SHORT = 3  # so many words are sooner written than looked up
VAR = re.compile(r"""var\(\s*(\w+\s*~\s*)?['"](\w+)['"]""")
IN_BRACES = re.compile(r"\{(\w+)\}")


def models(manifest: Manifest) -> Iterator[dict[str, Any]]:
    yield from (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def marts(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """The models that somebody reads."""
    yield from (node for node in models(manifest) if node["config"]["materialized"].startswith("served"))


def models_without_twin(manifest: Manifest) -> Iterator[str]:
    for node in models(manifest):
        twin = str(Path(node["original_file_path"]).with_suffix(".yml"))
        if not str(node["patch_path"]).endswith(twin):
            yield node["name"]


def models_without_description(manifest: Manifest) -> Iterator[str]:
    yield from (node["name"] for node in models(manifest) if not node["description"].strip())


def marts_without_grain(manifest: Manifest) -> Iterator[str]:
    yield from (
        node["name"] for node in marts(manifest) if not node["description"].startswith("One row per ")
    )


def marts_without_contract(manifest: Manifest) -> Iterator[str]:
    yield from (node["name"] for node in marts(manifest) if not node["config"]["contract"]["enforced"])


def columns_without_description(manifest: Manifest) -> Iterator[str]:
    for node in marts(manifest):
        for column in node["columns"].values():
            if not (column["description"].strip() and column["data_type"]):
                yield f"{node['name']}.{column['name']}"


def sentences_written_often(manifest: Manifest) -> Iterator[str]:
    """What is said of a third column is a doc block, so that it is mended in one place."""
    written = Counter(
        column["description"].strip()
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
        for column in node["columns"].values()
        if not column["doc_blocks"] and len(column["description"].split()) > SHORT
    )
    yield from (sentence for sentence, times in written.items() if times > 2)


def tables_without_key(manifest: Manifest) -> Iterator[str]:
    """The primary key of the contract is that by which rows are published; the organization comes first."""
    for node in marts(manifest):
        if node["config"]["materialized"] == "served":
            keys = [one["columns"] for one in node["constraints"] if one["type"] == "primary_key"]
            if len(keys) != 1 or keys[0][0] != "organization_id":
                yield node["name"]


def sources_without_freshness(manifest: Manifest) -> Iterator[str]:
    for node in manifest["sources"].values():
        limits = node["freshness"] or {}
        is_watched = (limits.get("warn_after") or {}).get("count") and (limits.get("error_after") or {}).get(
            "count"
        )
        if not is_watched and not node["meta"].get("why_no_freshness", "").strip():
            yield f"{node['source_name']}.{node['name']}"


def unit_tests_without_description(manifest: Manifest) -> Iterator[str]:
    yield from (
        test["name"] for test in manifest["unit_tests"].values() if not (test["description"] or "").strip()
    )


def marts_with_a_threshold_and_no_unit_test(manifest: Manifest) -> Iterator[str]:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    for node in marts(manifest):
        if VAR.search(node["raw_code"]) and node["name"] not in tested:
            yield node["name"]


def unused_vars(manifest: Manifest) -> Iterator[str]:
    """A name with its first part computed, as in `var(level ~ '_score')`, uses all that end so.

    The API's statements say a var in braces.
    """
    code = [node.get("raw_code") or "" for node in manifest["nodes"].values()]
    code += [macro["macro_sql"] for macro in manifest["macros"].values() if macro["package_name"] == "routiq"]
    used = {(bool(start), name) for text in code for start, name in VAR.findall(text)}
    statements = "".join(file.read_text() for file in (PROJECT.parent / "serving").rglob("*.sql"))
    used |= {(False, name) for name in IN_BRACES.findall(statements)}
    for name in yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]:
        if not any(name.endswith(end) if is_end else name == end for is_end, end in used):
            yield name


RULES: tuple[Rule, ...] = (
    models_without_twin,
    models_without_description,
    marts_without_grain,
    marts_without_contract,
    columns_without_description,
    sentences_written_often,
    tables_without_key,
    sources_without_freshness,
    unit_tests_without_description,
    marts_with_a_threshold_and_no_unit_test,
    unused_vars,
)
