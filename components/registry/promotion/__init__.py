"""Who is at work, who was, and the way there and back.

promote.py   the protocol, step by step, and what survives a kill      rollback.py   the way back
history.py   what an entry says                                        ledger.py     where the entries are kept
aliases.py   `champion` and `previous`, which follow the last entry
"""

from components.registry.promotion.aliases import champion
from components.registry.promotion.promote import Outcome, note_published, promote, reconciled_champion, unpublished
from components.registry.promotion.rollback import roll_back

__all__ = ["Outcome", "champion", "note_published", "promote", "reconciled_champion", "roll_back", "unpublished"]
