"""Every named query is understood by both engines and used by the program; every used name exists."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import psycopg
import pytest
from aiosql.types import SQLOperationType as Kind

from guestlink.queries import named_queries
from tests.databases import ROOT, Place

FOLDER = ROOT / "guestlink" / "sql"
ENGINES = {"sqlite": "sqlite3", "postgresql": "psycopg"}
VERBS = {
    "all": {Kind.SELECT},
    "one": {Kind.SELECT_ONE},
    "do": {Kind.INSERT_UPDATE_DELETE},
    "do_many": {Kind.INSERT_UPDATE_DELETE_MANY},
}
NAME = re.compile(r"^-- name: *([a-z_]+)", re.MULTILINE)
PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
SOURCES = [
    *ROOT.glob("*.py"),
    *(file for folder in ("guestlink", "generator", "edge_api") for file in (ROOT / folder).rglob("*.py")),
]


class Use(NamedTuple):
    """A call such as `tx.do("touch_property", id=…)`; `values` is None where they come from a dictionary.

    Read by `db`, write by `tx`: a connection of another name is not found, and its queries count as unused.
    """

    place: str
    verb: str
    query: str
    values: frozenset[str] | None


@cache
def names(folder: Path) -> list[str]:
    return [name for file in sorted(folder.glob("*.sql")) for name in NAME.findall(file.read_text())]


@cache
def uses() -> list[Use]:
    return [use for source in SOURCES for use in _uses_in(source)]


def _uses_in(source: Path) -> Iterator[Use]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name("tx" | "db") | ast.Attribute(attr="_tx" | "_db"), attr=verb
                ),
                args=[ast.Constant(value=str(query)), *rest],
                keywords=told,
            ):
                if verb in VERBS:
                    known = not rest and all(word.arg for word in told)
                    values = frozenset(str(word.arg) for word in told) if known else None
                    yield Use(f"{source.relative_to(ROOT)}:{node.lineno}", verb, query, values)


@cache
def read_by_aiosql(adapter: str) -> Any:
    return aiosql.from_path(FOLDER, adapter, mandatory_parameters=False)


def variant(query: str, engine: str) -> Any:
    """The query as aiosql reads it for this engine."""
    queries = read_by_aiosql(ENGINES[engine])
    return getattr(getattr(queries, engine, None), query, None) or getattr(queries, query)


def kind(query: str, engine: str = "sqlite") -> Kind:
    found: Kind = variant(query, engine).operation
    return found


def text(query: str, engine: str) -> str:
    return named_queries(engine)[query]


def parameters(query: str) -> set[str]:
    return set(PARAMETER.findall(text(query, "sqlite")))


# -- what is read ----------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ENGINES)
def test_every_query_is_what_aiosql_reads(engine: str) -> None:
    assert named_queries(engine) == {query: variant(query, engine).sql for query in names(FOLDER)}


# -- names ------------------------------------------------------------------------------------------
def test_every_used_name_is_a_query() -> None:
    unknown = [f"{use.place} {use.query}" for use in uses() if use.query not in names(FOLDER)]
    assert not unknown


def test_every_query_is_used() -> None:
    unused = set(names(FOLDER)) - {use.query for use in uses()}
    assert not unused


def test_no_name_is_given_twice() -> None:
    for folder in (FOLDER, *(FOLDER / engine for engine in ENGINES)):
        assert len(names(folder)) == len(set(names(folder)))


def test_an_engines_own_variant_stands_for_a_query_that_all_engines_have() -> None:
    folders = {folder.name for folder in FOLDER.iterdir() if folder.is_dir()}
    assert folders <= set(ENGINES)
    for engine in folders:
        for query in names(FOLDER / engine):
            assert query in names(FOLDER)
            assert kind(query, engine) == kind(query)
            assert set(re.findall(r"%\((\w+)\)s", text(query, engine))) == parameters(query)


def test_every_query_is_called_by_the_verb_for_its_kind() -> None:
    wrong = [
        f"{use.place} {use.verb} {use.query}" for use in uses() if kind(use.query) not in VERBS[use.verb]
    ]
    assert not wrong


def test_every_query_gets_exactly_the_values_that_it_names() -> None:
    told = [use for use in uses() if use.values is not None and use.verb != "do_many"]
    wrong = [f"{use.place} {use.query}" for use in told if use.values != parameters(use.query)]
    assert not wrong


SQL = re.compile(
    r"(select|insert into|update|delete from|create table)\b.+\b(from|values|set|where)\b", re.DOTALL
)


def test_sql_is_never_assembled_from_strings() -> None:
    """Only guestlink/sql/ and the migrations hold SQL (STYLE.md)."""
    found = [
        f"{source.relative_to(ROOT)}:{node.lineno}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value.strip())
    ]
    assert not found


# -- both engines -----------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["sqlite"])
def test_sqlite_understands_every_query(place: Place) -> None:
    place.open().close()
    with closing(sqlite3.connect(place.home / "data" / "guestlink.db")) as driver:
        for query in names(FOLDER):
            values = dict.fromkeys(parameters(query))
            assert driver.execute(f"explain {text(query, 'sqlite')}", values).fetchall(), query


@pytest.mark.parametrize("engine", ["postgresql"])
def test_postgresql_understands_every_query(place: Place) -> None:
    place.open().close()
    with psycopg.connect(place.url) as server:
        for query in names(FOLDER):
            words = text(query, "postgresql")
            if words.startswith("create table"):
                server.execute(words)  # type: ignore[arg-type]
            else:
                found = server.execute(f"explain {words}", dict.fromkeys(parameters(query)))  # type: ignore[arg-type]
                assert found.fetchall(), query
