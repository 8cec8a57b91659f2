"""One name, one meaning: no class or type alias is defined in two files."""

import ast
import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "federation"
#: As classes are named, and what is made with `TypeAlias`, `Literal` or `TypeVar`.
_CAPITALISED = re.compile(r"_*[A-Z]\w*[a-z]\w*")


def names_of(source: str) -> set[str]:
    """The classes and type aliases of a file, wherever in it; private ones bare."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            named.add(node.name)
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        targets = (node.target,) if isinstance(node, ast.AnnAssign) else targets
        named |= {one.id for one in targets if isinstance(one, ast.Name)}
    return {one.lstrip("_") for one in named if _CAPITALISED.fullmatch(one)}


def several_meanings(files: dict[str, str]) -> dict[str, list[str]]:
    """The names that more than one file defines, and those files."""
    places = defaultdict(list)
    for file, source in sorted(files.items()):
        for name in names_of(source):
            places[name].append(file)
    return {name: found for name, found in places.items() if len(found) > 1}


def test_each_class_and_type_alias_has_one_meaning():
    files = {
        str(path.relative_to(PACKAGE)): path.read_text()
        for path in PACKAGE.rglob("*.py")
    }
    assert len(files) > 200
    assert several_meanings(files) == {}


def test_a_name_with_two_meanings_is_found_however_it_is_defined():
    one = "class Slot: ...\nKind = Literal['a']\nclass _Row: ...\nA_LIMIT = 1\n_T = 2"
    other = "Slot: TypeAlias = str\n_Kind = str\nif x:\n    class Row: ...\nA_LIMIT = 2"
    assert several_meanings({"one": one, "other": other, "third": "T: int"}) == {
        name: ["one", "other"] for name in ("Slot", "Kind", "Row")
    }
