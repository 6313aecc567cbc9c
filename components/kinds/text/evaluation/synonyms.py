"""English words that may stand for each other in a sentence to an assistant, a shop or a friend: our own short list.

Each word has one that means the same nearly wherever the word stands, in the same form, so that the sentence stays one.
"""

import numpy as np

_PAIRS = """
 answer:reply apartment:flat automobile:car autumn:fall begin:start big:large bike:bicycle bill:invoice buy:purchase
 cab:taxi cheap:inexpensive children:kids choose:pick clever:smart correct:right dad:father difficult:hard
 display:show doctor:physician easy:simple end:finish error:mistake explain:describe fast:quick film:movie find:locate
 fix:repair glad:happy gift:present help:assist hi:hello house:home huge:enormous ill:sick
 incorrect:wrong journey:trip large:big locate:find maybe:perhaps mom:mother mother:mom movie:film need:require
 noise:sound occupation:job perhaps:maybe phone:telephone photo:picture physician:doctor picture:photo present:gift
 purchase:buy quick:fast quickly:rapidly rapidly:quickly repair:fix reply:answer require:need salary:pay shop:store
 shut:close sick:ill simple:easy small:little smart:clever speak:talk start:begin store:shop street:road talk:speak
 taxi:cab telephone:phone television:tv trip:journey tv:television yearly:annual
"""
SYNONYMS = dict(pair.split(":") for pair in _PAIRS.split())


def replaced(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    """Return the words, so many of those that are listed replaced by their synonyms."""
    words = list(words)
    places = [place for place, word in enumerate(words) if word in SYNONYMS]
    for place in random.permutation(places)[:amount].tolist():
        words[place] = SYNONYMS[words[place]]
    return words
