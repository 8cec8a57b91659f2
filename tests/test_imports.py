"""No circle of imports, not even one for a type: every file can be read by itself.

import-linter (contract `circles`) lets no two folders import each other either; here
what a folder's `__init__.py` offers counts as that file.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import federation

PACKAGE = Path(federation.__file__).parent


def list_modules(package):
    """The files of a package by the names of their modules."""
    return {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in package.rglob("*.py")
    }


def list_imports(source, modules):
    """The modules that this source imports: anywhere in it, for a type as well."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in modules else node.module)
    return found & modules.keys()


def check_circles(package):
    modules = list_modules(package)
    graph = {
        name: list_imports(path.read_text(), modules) for name, path in modules.items()
    }
    TopologicalSorter(graph).prepare()
    return sum(map(len, graph.values()))


def test_no_files_import_each_other_in_a_circle():
    assert check_circles(PACKAGE) > 1000


@pytest.mark.parametrize(
    "source",
    [
        "import house.attic",
        "from house import attic",
        "from house.attic import roof",
        "def climb():\n    from house.attic import roof",
        "if TYPE_CHECKING:\n    from house.attic import roof",
    ],
)
def test_a_circle_is_seen_wherever_an_import_stands(tmp_path, source):
    package = write_package(tmp_path, source, "from house.cellar import wine")
    with pytest.raises(CycleError, match=r"house\.cellar"):
        check_circles(package)


def test_what_a_folder_offers_counts_as_its_own_file(tmp_path):
    package = write_package(tmp_path, "import os", "from house import wine")
    assert check_circles(package) == 1
    (package / "__init__.py").write_text("from house.attic import roof\n")
    with pytest.raises(CycleError, match=r"house\.attic"):
        check_circles(package)


def write_package(folder, cellar, attic):
    package = folder / "house"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cellar.py").write_text(cellar)
    (package / "attic.py").write_text(attic)
    return package
