"""Reads or writes a CSV table with pandas, beside a file that says each value to the bit.

    pandas-values.py read TABLE.csv VALUES.txt COLUMNS.json
    pandas-values.py write TABLE.csv VALUES.txt COLUMNS.json

VALUES.txt has a line a row and a tab between the columns: `null`, digits, 16 hexadecimal digits of
a double, hexadecimal bytes, or a JSON string.
"""

import base64
import datetime
import json
import struct
import sys

import numpy
import pandas

UNITS = {
    "timestamp_s": 1_000_000_000,
    "timestamp_ms": 1_000_000,
    "timestamp_us": 1_000,
    "timestamp_ns": 1,
}
EPOCH = datetime.date(1970, 1, 1).toordinal()


def dtype_of(kind):
    """What pandas reads a column as; nullable int64 it would read by way of doubles."""
    nullable = {"bool": "boolean"}
    for size in (8, 16, 32):
        nullable[f"int{size}"] = f"Int{size}"
        nullable[f"uint{size}"] = f"UInt{size}"
    plain = ("int64", "uint64", "float32", "float64")
    return nullable.get(kind, kind if kind in plain else str)


def to_exact(kind, series):
    """A column as pandas read it, as exact texts."""
    if kind in UNITS:
        times = pandas.to_datetime(series, utc=True)
        units = times.astype("int64").tolist()
        return [
            "null" if gone else str(unit // UNITS[kind])
            for unit, gone in zip(units, times.isna())
        ]
    return ["null" if value is pandas.NA or value != value else exact(kind, value) for value in series]


def exact(kind, value):
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("float32", "float64"):
        return struct.pack(">d", float(value)).hex()
    if kind == "date":
        return str(datetime.date.fromisoformat(value).toordinal() - EPOCH)
    if kind == "binary":
        return base64.b64decode(value, validate=True).hex()
    if kind in ("string", "json"):
        return json.dumps(value, ensure_ascii=False)
    return str(int(value))


def from_exact(kind, texts):
    """A column of exact texts as one that pandas would hold."""
    if kind in UNITS:
        times = [
            pandas.NaT if text == "null" else pandas.Timestamp(int(text) * UNITS[kind], tz="UTC")
            for text in texts
        ]
        return pandas.Series(times, dtype="datetime64[ns, UTC]")
    values = [None if text == "null" else value_of(kind, text) for text in texts]
    if kind in ("float32", "float64"):
        return pandas.Series(
            [numpy.nan if value is None else value for value in values], dtype=kind
        )
    if kind in ("int64", "uint64"):
        return pandas.Series(numpy.array(values, dtype=kind))
    dtype = dtype_of(kind)
    return pandas.Series(values, dtype=object if dtype is str else dtype)


def value_of(kind, text):
    if kind == "bool":
        return text == "true"
    if kind in ("float32", "float64"):
        return struct.unpack(">d", bytes.fromhex(text))[0]
    if kind == "date":
        return datetime.date.fromordinal(int(text) + EPOCH)
    if kind == "binary":
        return base64.b64encode(bytes.fromhex(text)).decode()
    if kind in ("string", "json"):
        return json.loads(text)
    return int(text)


def main():
    mode, table, values, columns = sys.argv[1:]
    with open(columns, encoding="utf-8") as file:
        kinds = {column["name"]: column["type"] for column in json.load(file)}
    if mode == "read":
        frame = pandas.read_csv(
            table,
            dtype={name: dtype_of(kind) for name, kind in kinds.items()},
            keep_default_na=False,
            na_values=[""],
            float_precision="round_trip",
            encoding="utf-8",
        )
        if list(frame.columns) != list(kinds):
            raise SystemExit(f"columns {list(frame.columns)}")
        exacts = [to_exact(kind, frame[name]) for name, kind in kinds.items()]
        with open(values, "w", encoding="utf-8", newline="\n") as file:
            for row in zip(*exacts):
                file.write("\t".join(row) + "\n")
        return
    with open(values, encoding="utf-8", newline="\n") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    cells = zip(*rows)
    frame = pandas.DataFrame(
        {name: from_exact(kind, texts) for (name, kind), texts in zip(kinds.items(), cells)}
    )
    frame.to_csv(table, index=False)


main()
