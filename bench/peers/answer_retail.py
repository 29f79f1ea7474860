"""The retail peers' files, periods and tables."""

import os

import answer
from answer import Z95, peak_rss_mb, threads  # noqa: F401

FILES = ["2009_2010.csv.gz", "2010_2011.csv.gz"]
FROM, SPLIT, UNTIL = "2010-12-01", "2011-06-01", "2011-12-01"  # H1 = [FROM, SPLIT), H2 = [SPLIT, UNTIL)
RFM, GRADE_CHANGE = list(answer.RFM), list(answer.GRADE_CHANGE)


def arguments(doc):
    return answer.arguments(doc, FILES)


def files(data):
    return [os.path.join(data, name) for name in FILES]


def report(peer, version, threads_used, read_seconds, import_seconds, analyse_seconds, peak_mb, counts, rfm, grade_change, out=None):
    tables = {"rfm": (answer.RFM, rfm), "grade_change": (answer.GRADE_CHANGE, grade_change)}
    answer.report(peer, version, threads_used, read_seconds, import_seconds, analyse_seconds, peak_mb, counts, tables, out)
