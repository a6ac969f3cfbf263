"""Run dbt as a subprocess: in this process it would keep the warehouse's lock.

The project is `sql/`. dbt writes below the data directory, since an installed package may be
read-only. API: https://docs.getdbt.com/reference/artifacts/run-results-json
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.foundation.errors import TransformError
from pipelines.foundation.paths import SQL, dbt_dir, warehouse_path
from pipelines.transform.selection import refuse_unmatched

NOT_FOR_DBT = ("DBT_", "GIGSTACK_API_", "SOURCES__", "PREFECT_", "SENDGRID_")  # beginnings
MEMORY_LIMIT = "1GB"
QUIET_PYTHON = ("-W", "ignore")  # of warnings about dbt's own modules, which hide what went wrong
SAFE_PATH = "-P"  # Python imports nothing from the working directory
DBT = """
import ctypes, runpy, signal, sys
if sys.platform == "linux":  # it ends with its parent, however that ends: PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
sys.argv[0] = "dbt"
import dbt.compilation  # no model waits for the tests of another: an error in one would skip it
dbt.compilation.Linker.add_test_edges = lambda *_: None
runpy.run_module("dbt.cli.main", run_name="__main__")
"""
FAILED = ("error", "fail", "runtime error", "partial success")


_QUOTED = re.compile(r"""(?<!\w)['"].*""", re.DOTALL)
COMPILATION = "Compilation Error"
# of an error that no data can cause: the project itself is wrong
OF_THE_PROJECT = (COMPILATION, "Parser Error", "Binder Error", "Catalog Error")


@dataclass(frozen=True)
class NodeResult:
    """The result of a model, seed or test. `kind` is the first part of dbt's unique id.

    `table` is the model itself, or what a test reads; `reads` are the unique ids of what a node
    reads. `query` selects the rows that a test objects to.
    """

    unique_id: str
    kind: str
    name: str
    schema: str
    table: str
    status: str
    message: str
    seconds: float
    query: str | None
    reads: tuple[str, ...]

    @property
    def is_failed(self) -> bool:
        return self.status in FAILED

    @property
    def is_project_error(self) -> bool:
        """Whether it failed for its own text, whatever the data."""
        return self.is_failed and self.message.startswith(OF_THE_PROJECT)


def dbt(data_dir: Path, verb: Sequence[str], variables: dict[str, Any]) -> list[NodeResult]:
    """Run a dbt command on the warehouse of a data directory and wait for its end.

    The results tell what failed during the run.

    Raises:
        TransformError: dbt cannot begin, for example because a model does not parse.
        ConfigurationError: A selector matches nothing.
    """
    target = dbt_dir(data_dir.absolute()) / "target"
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    output = _run(data_dir, target, verb, variables)
    if not results.exists():
        refuse_unmatched(output)
        raise TransformError(f"dbt {verb[0]} could not begin: {_reason(output)}")
    return list(_node_results(results, target / "manifest.json"))


def _run(data_dir: Path, target: Path, verb: Sequence[str], variables: dict[str, Any]) -> str:
    """What dbt printed."""
    process = subprocess.Popen(
        [
            *(sys.executable, SAFE_PATH, *QUIET_PYTHON, "-c", DBT),
            *("--quiet", "--log-format", "text"),
            *verb,
            *("--project-dir", SQL, "--profiles-dir", SQL),
            *("--target-path", target, "--log-path", dbt_dir(data_dir.absolute()) / "logs"),
            *("--vars", json.dumps(variables)),
        ],
        env=_environment(data_dir),
        cwd=data_dir,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate()
    except BaseException:  # dbt must not go on alone, and hold the warehouse
        process.kill()
        process.wait()
        raise
    return output


def _environment(data_dir: Path) -> dict[str, str]:
    """Without the API key, without settings of another dbt project, and without reports to
    anybody.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FOR_DBT)}
    return plain | {
        # dbt parses the whole project anew where the path is another: a data directory may move
        "GIGSTACK_WAREHOUSE": warehouse_path(data_dir).name,
        "GIGSTACK_MEMORY_LIMIT": os.environ.get("GIGSTACK_MEMORY_LIMIT", MEMORY_LIMIT),
        "DO_NOT_TRACK": "1",
    }


def _node_results(results: Path, manifest: Path) -> Iterator[NodeResult]:
    nodes = json.loads(manifest.read_bytes())["nodes"]
    for result in json.loads(results.read_bytes())["results"]:
        unique_id = result["unique_id"]
        node = nodes.get(unique_id, {})
        reads = tuple(node.get("depends_on", {}).get("nodes", ()))
        kind = unique_id.partition(".")[0]
        yield NodeResult(
            unique_id,
            kind,
            (node.get("test_metadata") or node or {}).get("name", unique_id),
            node.get("schema", ""),
            _tables(node, reads) if kind == "test" else node.get("name", unique_id),
            result["status"],
            _reason_without_values(result["message"] or ""),
            result["execution_time"],
            result.get("compiled_code"),
            reads,
        )


def _tables(test: dict[str, Any], reads: Sequence[str]) -> str:
    """The table of a generic test, or all that another test reads."""
    attached = test.get("attached_node")
    return ", ".join(name.rpartition(".")[2] for name in ([attached] if attached else reads))


def _reason(text: str) -> str:
    """The one line of dbt's output that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "Error: " in line or line.startswith("Got ")]
    return (telling or lines or ["it says nothing"])[-1]


def _reason_without_values(message: str) -> str:
    """Why a node failed. An error of the data may quote what it could not convert, on several
    lines: nothing from the first quote on is told.
    """
    first, _, rest = message.strip().partition("\n")
    if first.startswith(COMPILATION):
        return f"{COMPILATION}: {(rest.strip().splitlines() or [first])[0].strip()}"
    reason = _reason(message)
    return reason if reason.startswith(OF_THE_PROJECT) else _reason(_QUOTED.sub("…", message))
