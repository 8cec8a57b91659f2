"""Data for others: tables in the forms that their programs read.

Rule: every form has the same rows, those of `query/table.py`, page by page; which
columns there are and what a cell is stands in `columns`, and nowhere else.

    columns      what a column is called, holds and means
    forms        a table as a stream of bytes: CSV, NDJSON, GeoJSON
    excel        CSV that opens rightly in Excel as Indonesia has it
    workbook     XLSX
    parquet      Parquet, by an optional package
    nist         NIST SP 1500-100, a report of results
    choose       which of them is meant
    package      a folder of parts that leads back to the signed records
    packagefile  what its `datapackage.json` says
    datasette    a contest as a database, for Datasette
    citation     how it is cited
    reading      the rows of such a folder
    checking     whether such a folder is what it says
"""
