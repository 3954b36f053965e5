"""The gallery of a batch: one page over all its reports, that opens from the file system and asks nobody."""

from research.reporting.gallery.page import write_gallery

__all__ = ["write_gallery"]
