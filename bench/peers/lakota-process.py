# Lakota, measured from within: reads one JSON object a line, does what it says, and answers with what it
# took. Started by lakota.ts with Lakota on the path.
import json
import resource
import sys
from time import perf_counter

import numpy

from lakota import Repo, Schema, __version__

# As many rows as its own `defrag` makes a segment of.
PAGE = 500_000

columns = {}
schema = None


def series(path, name="s"):
    return Repo(path) / "c" / name


def load(path, kinds):
    """Columns written by lakota.ts: name, type and, for texts, the entries that codes stand for."""
    global schema
    columns.clear()
    for name, kind, entries in kinds:
        file = f"{path}/{name}"
        if entries is not None:
            columns[name] = numpy.array(entries)[numpy.fromfile(file, dtype="u1")]
        else:
            columns[name] = numpy.fromfile(file, dtype=kind)
    first = kinds[0][0]
    types = {name: "str" if entries is not None else kind for name, kind, entries in kinds}
    schema = Schema(**{name: kind + ("*" if name == first else "") for name, kind in types.items()})


def pages(key, size):
    """Cuts between rows of different keys: a write replaces all from its first key to its last."""
    start = 0
    while start < len(key):
        stop = min(start + size, len(key))
        while stop < len(key) and key[stop] == key[stop - 1]:
            stop += 1
        yield start, stop
        start = stop


def write(path, page=PAGE):
    collection = Repo(path).create_collection(schema, "c")
    key = columns[next(iter(columns))]

    def action():
        target = collection / "s"
        with collection.multi():
            for start, stop in pages(key, page):
                target.write({name: values[start:stop] for name, values in columns.items()})

    return action


def read(path, start=None, stop=None):
    """All rows, or those whose keys are of rows start to stop."""
    key = columns[next(iter(columns))]

    def action():
        if start is None:
            return len(series(path).frame())
        return len(series(path).frame(start=key[start], stop=key[stop]))

    return action


def correct(path, start, stop, add):
    """Rows start to stop once more, with values that are larger."""
    key, value = list(columns)[:2]

    def action():
        rows = slice(start, stop)
        series(path).write({key: columns[key][rows], value: numpy.round(columns[value][rows] + add, 2)})

    return action


def replace(path, tables):
    """Whole series from texts, all in one commit; the collection is made where it is not there."""
    types = Schema(Date="M8[D]*", Price="float")
    frames = {}
    for name, (dates, prices) in tables.items():
        key = numpy.array(dates, dtype="M8[D]")
        order = numpy.argsort(key, kind="stable")
        frames[name] = {"Date": key[order], "Price": numpy.array(prices, dtype="f8")[order]}

    def action():
        repo = Repo(path)
        collection = repo.create_collection(types, "c", raise_if_exists=False)
        collection = repo / "c"
        with collection.multi():
            for name, frame in frames.items():
                if len(frame["Date"]):
                    (collection / name).write(frame)

    return action


def many(path, count, rows):
    """A collection of many series, each of a few rows."""
    collection = Repo(path).create_collection(Schema(time="M8[s]*", value="float"), "c")
    times = numpy.datetime64("2026-01-01", "s") + numpy.arange(rows)

    def action():
        with collection.multi():
            for i in range(count):
                (collection / f"s{i:06d}").write({"time": times, "value": times.astype("f8") * 0 + i})

    return action


def append(path, name, at):
    """One row more at the end of one of many series."""
    time = numpy.datetime64("2026-01-01", "s") + numpy.array([at])

    def action():
        series(path, name).write({"time": time, "value": numpy.array([99.5])})

    return action


prepare = {
    "write": write,
    "read": read,
    "correct": correct,
    "replace": replace,
    "many": many,
    "append": append,
}

for line in sys.stdin:
    request = json.loads(line)
    name = request.pop("do")
    try:
        answer = {}
        if name == "version":
            answer["version"] = __version__
        elif name == "load":
            load(**request)
        else:
            action = prepare[name](**request)
            before = resource.getrusage(resource.RUSAGE_SELF)
            began = perf_counter()
            rows = action()
            answer["seconds"] = perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_SELF)
            used = lambda usage: usage.ru_utime + usage.ru_stime
            answer["cpuSeconds"] = used(after) - used(before)
            if rows is not None:
                answer["rows"] = rows
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
