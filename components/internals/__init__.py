"""What the project takes from libraries that do not document it: one module for each library.

A name belongs here that bentoml, uvicorn, circus, prefect, lightning or mlflow do not document: one with a leading
underscore, one of a module that has it, or a public-looking one that no page of the library's documentation names.
`components/internals/<library>.py` gives each a name and a type of ours, and says in one line why it is needed and what
would do without it. `tests/unit/internals/test_<library>.py` fails with one clear line where the pinned version has
lost a name; `tests/unit/internals/test_private_names.py` finds such names elsewhere.

A module imports its library when it is imported, and nothing else imports it that does without: what trains never loads
bentoml, what serves never loads lightning.
"""
