"""Pages for people: one HTML file that asks no other address and needs no script, and the same as Markdown.

blocks.py        what a page is made of          svg.py            drawings, coloured by the page
curves.py        values over days                  strips.py         days on which something was so
distributions.py two of them, side by side
environment.py   the templates' environments     formatting.py     how numbers, moments and names are said
templates/       the page itself, its style, and a macro for each block
"""
