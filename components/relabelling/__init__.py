"""Labels that are likely wrong, and what people said of them.

confident.py    which labels are likely wrong, by confident learning    out_of_fold.py   the probabilities it goes by
suspects.py     the list: what each is called, and what is shown        answers.py       what was said, as corrections
"""
