"""Raw SQL, safely: what a user typed comes back as a value, or is an error with a code, in every
argument of every function, and never becomes SQL.
"""

import unittest
from typing import Any

from sqlalchemy import BigInteger, Column, Text, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base

import databases
import namedex_sqlalchemy as namedex

DATABASE = "namedex_sqlalchemy"

Base: Any = declarative_base()


class Account(Base):
    __tablename__ = "accounts"

    login = Column(Text, primary_key=True)
    secret = Column(Text, nullable=False)


class Oddity(Base):
    """A table and columns whose names are anything but identifiers."""

    __tablename__ = 'x"; drop table accounts; --'

    id = Column("ID; y", BigInteger, primary_key=True)
    first = Column('a","b', Text)
    second = Column("select (*), $1", Text)
    third = Column("日本 ☃", Text)


HOSTILE = [
    *("'", "''", "'; DROP TABLE accounts; --", "' OR ''='", "\\'; DROP TABLE accounts; --"),
    *('"', '"; DROP TABLE accounts; --', "$1", "$$; DROP TABLE accounts; $$", "%s", "%(keys)s"),
    *(":keys", "/* x", "*/ x", "-- x", "NULL", "{1,2}", "{", "(1)", "(", "\\", "\\000", "\n", ""),
    *("pg_catalog.pg_authid", "accounts; SELECT 1", "select", '"ACCOUNTS"', "\u202e", "🦊" * 100),
]

# One argument of each call is what was typed; the others are in order.
A_KEY = "CAST('{a}' AS text[])"
TYPED = {
    "relation": f"SELECT namedex_fetch_json(CAST(:typed AS regclass), {A_KEY}, 'login')",
    "column": f"SELECT * FROM namedex_load_only(NULL::accounts, {A_KEY}, ARRAY[CAST(:typed AS name)])",
    "tuple's column": f"SELECT * FROM namedex_fetch('accounts', {A_KEY}, ARRAY[CAST(:typed AS name)])"
    " AS t(x text)",
    "key column": f"SELECT namedex_fetch_json('accounts', {A_KEY}, 'login', CAST(:typed AS name))",
    "list": f"SELECT namedex_fetch_json('accounts', {A_KEY}, :typed)",
    "quoted in a list": f"SELECT namedex_fetch_json('accounts', {A_KEY},"
    """ '"' || replace(:typed, '"', '""') || '"')""",
    "relationship": f"SELECT * FROM namedex_related('accounts', {A_KEY}, :typed)",
    "related list": f"SELECT * FROM namedex_related('accounts', {A_KEY}, 'x', :typed)",
}
CODES = {
    "relation": {"42P01", "42602", "42601", "42809", "42501", "42703", "22P02"},
    "column": {"42703"},
    "tuple's column": {"42703"},
    "key column": {"42703"},
    "list": {"42601", "42703", "42704", "0A000"},
    "quoted in a list": {"42601", "42703"},
    "relationship": {"42601", "42704", "0A000"},
    "related list": {"42601", "42704", "0A000"},
}


class Hostile(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls) -> None:
        databases.create(DATABASE)
        cls.engine = create_engine(f"postgresql+psycopg2:///{DATABASE}", future=True)
        cls.addClassCleanup(cls.engine.dispose)
        Base.metadata.create_all(cls.engine)
        cls.accounts = [(login, f"secret of {login}") for login in HOSTILE]
        with Session(cls.engine) as session:
            session.add_all(Account(login=login, secret=secret) for login, secret in cls.accounts)
            session.add_all(
                Oddity(id=n, first=f"first {n}", second=f"second {n}", third=f"third {n}")
                for n in range(1, 4)
            )
            session.commit()

    def setUp(self) -> None:
        self.session = Session(self.engine, future=True)
        self.addCleanup(self.session.close)

    def tearDown(self) -> None:
        """Whatever was tried, the rows are as they were."""
        self.session.rollback()
        rows = self.session.execute(select(Account.login, Account.secret)).all()
        self.assertCountEqual([tuple(row) for row in rows], self.accounts)

    def code(self, statement: str, **parameters: Any) -> str:
        """Of the error that the statement raises, or "value"."""
        try:
            self.session.execute(text(statement), parameters).all()
            return "value"
        except DBAPIError as error:
            return error.orig.pgcode or repr(error.orig)
        finally:
            self.session.rollback()

    def test_what_pasting_does(self) -> None:
        """The way not to do it finds every secret."""
        typed = "' OR ''='"
        pasted = text(f"SELECT secret FROM accounts WHERE login = '{typed}'")
        self.assertEqual(len(self.session.execute(pasted).all()), len(HOSTILE))
        bound = text("SELECT secret FROM accounts WHERE login = :typed")
        self.assertEqual(self.session.scalars(bound, {"typed": typed}).all(), [f"secret of {typed}"])

    def test_keys_are_values(self) -> None:
        keys, expected = HOSTILE[::-1], self.accounts[::-1]
        tuples = self.session.execute(namedex.fetch(keys, Account.login, Account.secret)).all()
        self.assertEqual([tuple(row) for row in tuples], expected)
        objects = self.session.scalars(namedex.load_only(keys, Account.secret)).all()
        self.assertEqual([(account.login, account.secret) for account in objects], expected)
        trees = self.session.scalars(namedex.fetch_json(Account, keys, "login,secret")).all()
        self.assertEqual([(tree["login"], tree["secret"]) for tree in trees], expected)

    def test_keys_of_other_types(self) -> None:
        """Text is read as the key's type reads it, or refused."""
        statement = (
            "SELECT namedex_fetch_json(CAST(:relation AS regclass), CAST(:keys AS text[]), '*')"
        )
        relation = namedex.quoted(Oddity.__tablename__)
        codes = {key: self.code(statement, relation=relation, keys=[key]) for key in HOSTILE}
        self.assertEqual(codes, dict.fromkeys(HOSTILE, "22P02"))
        self.assertEqual(self.code(statement, relation=relation, keys=[" 1 ", "2"]), "value")

    def test_names_are_names(self) -> None:
        for argument, statement in TYPED.items():
            with self.subTest(argument=argument):
                codes = {typed: self.code(statement, typed=typed) for typed in HOSTILE}
                self.assertEqual({t: c for t, c in codes.items() if c not in CODES[argument]}, {})

    def test_right_names_are_accepted(self) -> None:
        """The statements of the test before fail for what was typed, and for nothing else."""
        right = {"relation": "accounts", "relationship": None, "related list": None}
        for argument, statement in TYPED.items():
            typed = right.get(argument, "login")
            if typed is not None:
                with self.subTest(argument=argument):
                    self.assertEqual(self.code(statement, typed=typed), "value")

    def test_odd_names_work(self) -> None:
        with self.subTest("load_only"):
            found = self.session.scalars(namedex.load_only([3, 1], Oddity.first, Oddity.third)).all()
            self.assertEqual(
                [(oddity.id, oddity.first, oddity.third) for oddity in found],
                [(3, "first 3", "third 3"), (1, "first 1", "third 1")],
            )
        with self.subTest("fetch"):
            found = self.session.execute(namedex.fetch([2], Oddity.second, Oddity.id)).all()
            self.assertEqual([tuple(row) for row in found], [("second 2", 2)])
        with self.subTest("fetch_json"):
            columns = [column.name for column in Oddity.__table__.c]
            select_list = ",".join(namedex.quoted(name) for name in columns)
            found = self.session.scalars(namedex.fetch_json(Oddity, [1, 2], select_list)).all()
            self.assertEqual(
                found,
                [dict(zip(columns, (n, f"first {n}", f"second {n}", f"third {n}"))) for n in (1, 2)],
            )
