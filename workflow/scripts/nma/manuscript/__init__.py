"""What a manuscript needs of a run: workbooks, a document, references, data for other software."""
