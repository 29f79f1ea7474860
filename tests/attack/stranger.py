"""DuckDB as any other program has it, by its C interface: makes and changes stores behind danggol's back."""

import contextlib
import ctypes


class _Result(ctypes.Structure):
    _fields_ = [
        ("column_count", ctypes.c_uint64),
        ("row_count", ctypes.c_uint64),
        ("rows_changed", ctypes.c_uint64),
        ("columns", ctypes.c_void_p),
        ("error", ctypes.c_char_p),
        ("internal", ctypes.c_void_p),
    ]


class Failed(Exception):
    pass


class Stranger:
    def __init__(self, library):
        self.lib = lib = ctypes.CDLL(library)
        for name in ("column_count", "row_count"):
            getattr(lib, "duckdb_" + name).restype = ctypes.c_uint64
        lib.duckdb_result_error.restype = ctypes.c_char_p
        lib.duckdb_value_varchar.restype = ctypes.c_void_p
        lib.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
        lib.duckdb_value_is_null.restype = ctypes.c_bool
        lib.duckdb_value_is_null.argtypes = lib.duckdb_value_varchar.argtypes
        lib.duckdb_free.argtypes = [ctypes.c_void_p]

    @contextlib.contextmanager
    def open(self, path):
        database, connection, why = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_char_p()
        if self.lib.duckdb_open_ext(path.encode(), ctypes.byref(database), None, ctypes.byref(why)):
            raise Failed(f"{path}: {why.value}")
        self.lib.duckdb_connect(database, ctypes.byref(connection))
        try:
            yield Session(self.lib, connection)
        finally:
            self.lib.duckdb_disconnect(ctypes.byref(connection))
            self.lib.duckdb_close(ctypes.byref(database))

    def change(self, path, *statements):
        with self.open(path) as session:
            for statement in statements:
                session.rows(statement)


class Session:
    def __init__(self, lib, connection):
        self.lib, self.connection = lib, connection

    def rows(self, statement):
        """The rows as lists of texts, None where null."""
        lib, result = self.lib, _Result()
        try:
            if lib.duckdb_query(self.connection, statement.encode(), ctypes.byref(result)):
                raise Failed(f"{statement}: {lib.duckdb_result_error(ctypes.byref(result)).decode()}")
            at = ctypes.byref(result)
            return [
                [self._text(at, column, row) for column in range(lib.duckdb_column_count(at))]
                for row in range(lib.duckdb_row_count(at))
            ]
        finally:
            lib.duckdb_destroy_result(ctypes.byref(result))

    def _text(self, result, column, row):
        if self.lib.duckdb_value_is_null(result, column, row):
            return None
        text = self.lib.duckdb_value_varchar(result, column, row)
        value = ctypes.string_at(text).decode("utf-8", "replace")
        self.lib.duckdb_free(text)
        return value
