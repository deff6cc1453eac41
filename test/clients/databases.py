"""Databases for the tests, one for each framework, in the server of PGHOST and PGPORT."""

import psycopg2


def create(name: str, extension: bool = True) -> None:
    """Makes the database anew. The connections to it must be closed."""
    run("postgres", f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    if extension:
        run(name, "CREATE EXTENSION namedex CASCADE")


def run(database: str, *statements: str) -> None:
    """Outside of a transaction, as VACUUM and CREATE DATABASE must be."""
    connection = psycopg2.connect(dbname=database)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()
