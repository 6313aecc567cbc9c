"""The model card of a version. It goes with the bundle to the endpoint, and stays with the version.

contents.py  what is known      measured.py, intervals.py   what is measured for it
parts.py     its sections, as blocks.py                     figures.py, words.py   drawings, and how things are said
markdown.py  card.md            page.py, card.css           card.html
brief.py     what MLflow shows above the version and its run
keep.py      all of it on the version
"""

from components.registry.card.contents import card_contents
from components.registry.card.keep import keep_card
from components.registry.card.measured import Measured

__all__ = ["Measured", "card_contents", "keep_card"]
