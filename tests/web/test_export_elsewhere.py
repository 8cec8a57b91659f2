"""Parquet as DuckDB and pandas read it, beside what the API answers."""

import asyncio
import contextlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from yarl import URL

from tests import sample_map as sample
from tests.bench.dataset import compare
from tests.cli.filled_home import federation
from tests.cli.test_export_package import Folder
from tests.peoplenode import PeopleNode


def change_one_cell(part):
    """Add one to the last number of a column that some rows know nothing of."""
    table = pq.read_table(part)
    name = next(one for one in table.column_names if table[one].null_count)
    cells = table[name].to_pylist()
    at = next(at for at, cell in enumerate(cells) if cell is not None)
    cells[at] = cells[at] + 1 if isinstance(cells[at], int) else cells[at] + "?"
    changed = pa.array(cells, table.schema.field(name).type)
    column = table.column_names.index(name)
    pq.write_table(table.set_column(column, name, changed), part)


@pytest.mark.parametrize("what", ["stations", "results"])
async def test_other_readers_find_each_row_of_the_api_and_a_changed_cell(
    tmp_path, what
):
    folder, package = sample.make_home(tmp_path), tmp_path / "package"
    with contextlib.closing(sample.build(folder / "data")) as db:
        node = PeopleNode(db)
        words = ("--what", what, "--format", "parquet", "--package", package)
        code, _, err = federation(Folder(folder), "export", *words)
        assert code == 0, err
        async with node.serving() as url:
            asked = URL(url).port, what, package
            found = await asyncio.to_thread(compare, *asked)
            assert found.rows > 5
            assert (found.by_duckdb, found.by_pandas) == (0, 0)
            change_one_cell(package / f"{what}-13.parquet")
            assert await asyncio.to_thread(compare, *asked) == (found.rows, 1, 1)
