"""The model card of a version. It goes with the bundle to the endpoint, and stays with the version.

contents.py   what is known                       measurements.py, intervals.py   what is measured for it
sections.py   its sections, of blocks.py          figures.py, formatting.py       drawings; numbers, dates and names
render.py     card.html, card.md and the brief above the version and its run, by templates/
keep.py       all of it on the version
"""

from components.registry.card.contents import card_contents
from components.registry.card.keep import keep_card
from components.registry.card.measurements import Measurements

__all__ = ["Measurements", "card_contents", "keep_card"]
