"""The same bytes from the same run: Office files are ZIP archives that hold the time."""

import io
import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from nma.whole import whole

EPOCH = (1980, 1, 1, 0, 0, 0)
# The properties of the document: when it was made and changed.
DATED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
# Characters that no XML file can hold.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def legal(text: str) -> str:
    """Text without what XML cannot hold."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def write_office(saved: io.BytesIO, path: str | Path) -> None:
    """Write an XLSX or DOCX whole or not at all, every member dated 1980."""
    out = io.BytesIO()
    with ZipFile(saved) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for member in source.namelist():
            info = ZipInfo(member, EPOCH)
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, DATED.sub(rb"\g<1>1980-01-01T00:00:00Z", source.read(member)))
    with whole(path) as part:
        part.write_bytes(out.getvalue())
