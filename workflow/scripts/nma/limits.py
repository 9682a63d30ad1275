"""How large an input file may be, and the error of a file that cannot be used."""

from nma.findings import Finding, InputError

MAX_TEXT_BYTES = 20_000_000  # ten thousand trials take 10 MB; more is no table of trials
MAX_WORKBOOK_BYTES = 50_000_000  # it may hold pictures as well
MAX_UNPACKED = 200_000_000  # bytes of XML; more takes minutes and gigabytes to parse
MAX_MEMBERS = 2_000  # sheets, pictures and what belongs to them
MAX_PART = 10_000_000  # bytes of any file in it that is no sheet; styles take a few million
MAX_STRINGS = 300_000  # different texts of a workbook; each takes 30 microseconds
MAX_RATIO = 200  # spreadsheets pack 5 to 50 times; a zip bomb packs 1,000 times
MAX_ROWS = 100_000  # later steps hold the table in memory several times
MAX_COLUMNS = 1_000  # a wide sheet of ten arms has about 300
MAX_CELLS = 5_000_000  # blank ones too, as text; ten thousand trials of 300 columns have 3 million
MAX_WORKBOOK_CELLS = 1_000_000  # blank ones with a format too; each takes 20 microseconds
MAX_CHARACTERS = 100_000  # a spreadsheet cell holds 32,767; more is an unclosed quote
MAX_CONFIG_BYTES = 50_000  # the committed config takes 8,000
MAX_CONFIG_DEPTH = 20  # the deepest setting lies 6 levels down
MAX_CONFIG_VALUES = 20_000  # a copy by an anchor counts as if it was written out
MAX_CONFIG_CHARACTERS = 5_000  # of one text
MAX_CONFIG_NUMBER = 10**12  # above, squares and sums lose their digits
MAX_ODD = 100_000  # findings about characters; more is another kind of file

SHRINK = "Delete the blank rows and columns around the table, or split it."


def fail(file: str, rule: str, hint: str, **where) -> InputError:
    """The error of a file that cannot be used."""
    return InputError([Finding("error", file, rule, hint, **where)])


def limit(file: str, what: str, value: int, most: int, advice: str = "", **where) -> None:
    """Raise InputError if the value is above the limit."""
    if value > most:
        hint = f"{value:,} {what}; the limit is {most:,}. {advice}".rstrip()
        raise fail(file, "too_large", hint, **where)
