"""The house keeps its shape: imports run one way, every page begins with the guard, one cache."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "pages").glob("*.py"))
COMPONENTS = sorted((ROOT / "components").glob("*.py"))
STORE = sorted((ROOT / "quorum" / "store").glob("*.py"))
DOMAIN = sorted(set((ROOT / "quorum").rglob("*.py")) - set(STORE))

# Who asks the store; sign-in and an empty store's first form come before there is a member.
ASKS_THE_STORE = {"components/data.py", "components/session.py", "components/entrance.py"}
# What an operator runs; it opens stores.
OPERATORS = {"quorum/__main__.py", "quorum/demo.py"}
# What everybody may know of the store: its errors, the member, and the shape of its frames.
WORDS = {
    "AlreadyThere", "Conflict", "Consortium", "Invalid", "NotAllowed", "Principal", "Refused",
    "Row", "SignedOut", "StoreError", "Unavailable",
}  # fmt: skip


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[str]:
    """Everything a file imports, as `module` or `module.name`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, *packages: str) -> bool:
    return any(module == p or module.startswith(f"{p}.") for p in packages)


@pytest.mark.parametrize("path", [*DOMAIN, *STORE], ids=name)
def test_below_the_components_there_is_no_streamlit(path: Path) -> None:
    above = ("streamlit", "components", "pages", "streamlit_app")
    assert [m for m in imported(path) if within(m, *above)] == []


@pytest.mark.parametrize("path", COMPONENTS, ids=name)
def test_components_know_nothing_of_pages(path: Path) -> None:
    assert [m for m in imported(path) if within(m, "pages", "streamlit_app")] == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_pages_know_nothing_of_each_other(path: Path) -> None:
    assert [m for m in imported(path) if within(m, "pages", "streamlit_app")] == []


@pytest.mark.parametrize("path", STORE, ids=name)
def test_the_store_knows_nothing_of_the_domain(path: Path) -> None:
    known = ("quorum.store", "quorum.language")
    found = [m for m in imported(path) if within(m, "quorum") and not within(m, *known)]
    assert found == []


@pytest.mark.parametrize(
    "path", [p for p in [*PAGES, *COMPONENTS, *DOMAIN] if name(p) not in OPERATORS], ids=name
)
def test_only_data_session_and_entrance_reach_the_store(path: Path) -> None:
    if name(path) in ASKS_THE_STORE:
        return
    allowed = {f"quorum.store.{word}" for word in WORDS}
    found = [
        m
        for m in imported(path)
        if within(m, "quorum.store", "psycopg")
        and m not in allowed
        and not within(m, "quorum.store.relations")
        # the shell says why a store that does not fit cannot be opened
        and (name(path), m) != ("components/shell.py", "quorum.store.migrate.SchemaMismatch")
    ]
    assert found == []
    asked = re.findall(r"\bsession\.store\b|\.store\.(?:rows|call)\(", path.read_text("utf-8"))
    assert asked == []


# Who came by a link into an event finds these, and no other page answers them.
FOR_GUESTS = ("account", "commitments", "dialogue", "dialogues", "join", "room")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_does_nothing_before_it_asks_who_is_there(path: Path) -> None:
    """The first thing that runs, at the top of the page or of its `main`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    mains = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "main"]
    first = next(steps(tree.body))
    if ast.unparse(first) == "main()":
        first = next(steps(mains[0].body))
    guests = "guests=True" if path.stem in FOR_GUESTS else ""
    assert ast.unparse(first) == f"session = require_session({guests})"


def steps(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What does something: not imports, functions, nor constants in capitals that name things."""
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                continue
            case ast.FunctionDef(decorator_list=[]):
                continue
            case ast.Assign(targets=[ast.Name(id=constant)], value=value) if constant.isupper():
                called = {ast.unparse(n.func) for n in ast.walk(value) if isinstance(n, ast.Call)}
                named = {c for c in called if c != "_" and not c.startswith("st.column_config.")}
                assert not named, f"{constant} calls {named}"
            case _:
                yield statement


PYTHON = [*PAGES, *COMPONENTS, *DOMAIN, *STORE, ROOT / "streamlit_app.py"]


def test_there_is_one_cached_function() -> None:
    cached = [
        name(path)
        for path in PYTHON
        for _ in re.findall(
            r"cache_data|cache_resource|lru_cache|functools\.cache\b", path.read_text("utf-8")
        )
        if name(path).startswith(("pages/", "components/", "streamlit_app"))
    ]
    assert cached == ["components/data.py"]


def test_no_html_of_ours_carries_what_somebody_wrote() -> None:
    found = {name(p) for p in PYTHON if "unsafe_allow" in p.read_text("utf-8")}
    assert found == {"components/session.py"}  # which leaves for a path of our own making


def repository() -> list[Path]:
    """The files that somebody who clones the repository gets, as far as they are text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a clone")
    binary = {".png", ".svg", ".woff2", ".xlsx", ".csv", ".gz", ".zip"}
    files = [ROOT / line for line in listed.stdout.split("\0") if line]
    return [f for f in files if f.is_file() and f.suffix not in binary]


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
    assert [name(f) for f in repository() if mark.search(f.read_text("utf-8"))] == []


def test_no_file_names_this_machine_or_an_index() -> None:
    mark = re.compile(r"/(?:work|root|home)/\w|--(?:extra-)?index-url|https?://[^\s\"']*/simple\b")
    assert [name(f) for f in repository() if mark.search(f.read_text("utf-8"))] == []
