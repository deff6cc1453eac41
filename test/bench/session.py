"""One libpq connection, through ctypes: a persistent session whose statements are timed from the
call to the complete result, without a driver in between and with nothing to install but libpq.
"""

import ctypes
import ctypes.util
import time

_pq = ctypes.CDLL("libpq.so.5")
_pq.PQconnectdb.restype = ctypes.c_void_p
_pq.PQexec.restype = ctypes.c_void_p
for _name in ("PQgetvalue", "PQfname", "PQcmdTuples", "PQerrorMessage", "PQresultErrorMessage"):
    getattr(_pq, _name).restype = ctypes.c_char_p
_CONNECTION_OK = 0
_FINE = (0, 1, 2)  # empty query, command ok, tuples ok


class ServerError(Exception):
    pass


class Session:
    """Settings are applied with SET at the start; the environment says where the server is."""

    def __init__(self, settings=None):
        self._connection = ctypes.c_void_p(_pq.PQconnectdb(b""))
        if _pq.PQstatus(self._connection) != _CONNECTION_OK:
            raise ServerError(_pq.PQerrorMessage(self._connection).decode())
        # An error is the caller's to report; notices are nobody's.
        self.rows("SET client_min_messages = error")
        self.set(settings or {})
        self.pid = int(_pq.PQbackendPID(self._connection))

    def set(self, settings):
        for name, value in settings.items():
            self.rows(f"SET {name} = '{value}'")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._connection:
            _pq.PQfinish(self._connection)
            self._connection = None

    def _run(self, statement):
        text = statement.encode()
        started = time.perf_counter()
        result = ctypes.c_void_p(_pq.PQexec(self._connection, text))
        seconds = time.perf_counter() - started
        if _pq.PQresultStatus(result) not in _FINE:
            message = _pq.PQresultErrorMessage(result).decode()
            _pq.PQclear(result)
            raise ServerError(f"{message.strip()}\n    in: {statement}")
        return result, seconds

    def rows(self, statement):
        """All rows as tuples of str or None."""
        result, _ = self._run(statement)
        try:
            columns = range(_pq.PQnfields(result))
            return [
                tuple(
                    None
                    if _pq.PQgetisnull(result, row, column)
                    else _pq.PQgetvalue(result, row, column).decode()
                    for column in columns
                )
                for row in range(_pq.PQntuples(result))
            ]
        finally:
            _pq.PQclear(result)

    def value(self, statement):
        return self.rows(statement)[0][0]

    def timed(self, statement):
        """(milliseconds, the first value, or the number of rows a COPY says it wrote)."""
        result, seconds = self._run(statement)
        try:
            if _pq.PQntuples(result):
                first = _pq.PQgetvalue(result, 0, 0).decode()
            else:
                first = _pq.PQcmdTuples(result).decode()
            return seconds * 1000, first
        finally:
            _pq.PQclear(result)

    def anonymous_memory(self):
        return anonymous_memory(self.pid)


def anonymous_memory(pid):
    """A process's private memory in bytes (RssAnon), None if it is gone or cannot be read."""
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
