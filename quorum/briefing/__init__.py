"""One briefing per supplier for a joint supplier dialogue: what all of its readers may see.

Pure. `for_reader` cuts down what the maker sees to what every reader may see; everything after it
works on the cut alone. A reader's copy is the same whatever else the maker holds: what was left out
is named in words that do not depend on it, and counted for the maker only.
"""

from quorum.briefing.content import MOST_QUESTIONS, Block, Briefing, Section, Table, Text, Trend
from quorum.briefing.paper import briefing, local_time
from quorum.briefing.readers import READERS, Cut, Reader, Sources, attributed, for_reader

__all__ = [
    "MOST_QUESTIONS",
    "READERS",
    "Block",
    "Briefing",
    "Cut",
    "Reader",
    "Section",
    "Sources",
    "Table",
    "Text",
    "Trend",
    "attributed",
    "briefing",
    "for_reader",
    "local_time",
]
