"""Everything of somebody, removed from one place after another; what finds the rest goes last in each."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import Workload
from components.config.passwords import without_password
from components.config.settings import CHAMPIONS, MEMORY, STATE, log_folder, shard_address, tracking_uri
from components.erasure import training
from components.erasure.asked import erase_from_questions
from components.erasure.copies import bundles, erase_from_copies, erase_from_schema, older_bentos, shown_by
from components.erasure.inbox import erase_from_inbox, erase_from_unlabelled
from components.erasure.live import erase_from_live, event_of, is_learnt_from
from components.erasure.source import rows_in_source
from components.erasure.subject import Removed, Subject
from components.erasure.watched import erase_from_watch
from components.prediction_log.erasure import Person, erase, find
from components.prediction_log.event_id import of_text
from components.prediction_log.identities import EVENT, is_buried
from components.registry.made_of import stored_elsewhere
from components.versioning import lock
from components.versioning.cache import cache_folder


@dataclass
class Erasure:
    """What was done."""

    removed: list[Removed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is left, where, and what to do about it; a sentence each."""


def erase_entity(name: str, column: str, value: str, cache: bool) -> Erasure:
    """Remove all records in which `column` is `value`, which names somebody.

    Args:
        name: of the workload.
        column: one of its entities.
        value: as text.
        cache: also from DVC's cache and `artifacts/`.

    Raises:
        ConfigError: no entity is called so; the message names those there are.
        JourneymanError: a place cannot be read or written; doing it again goes on.
    """
    workload = catalogue.workload(name)
    kind = catalogue.erasure(workload.kind)
    known = kind.entities(workload) if kind else ()
    if column not in known:
        there = f"its entities are {', '.join(known)}" if known else "it has none; --key and --event name a record"
        raise ConfigError(f"{name}: {column!r} is no entity of it: {there}")
    return _erase(name, workload, Subject(column, value), Person(column, value), cache)


def erase_key(name: str, key: str, cache: bool) -> Erasure:
    """Remove the record that has the caller's own `key`. Raises as `erase_entity` does.

    A picture that was answered is called by its event id among the raw records: then it is the answer that is erased.
    """
    workload = catalogue.workload(name)
    kind = catalogue.erasure(workload.kind)
    if kind and kind.BY_FILE and (event := event_of(key)):
        return erase_event(name, event, cache)
    column = kind.key(workload) if kind else None
    if column is None:
        raise ConfigError(
            f"{name}: its records have no key of their own (prepare.columns.id); name one with --event, or --entity"
        )
    return _erase(name, workload, Subject(column, key, {key}), Person(column, key, {key}), cache)


def erase_event(name: str, event: str, cache: bool) -> Erasure:
    """Remove one answer, and the record that it was given to, where that has a key. Raises as `erase_entity` does.

    Where it has none, it is found by its id where it was learnt from, with a label or without.
    """
    workload = catalogue.workload(name)
    try:
        of_text(event)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    person, subject = Person(EVENT, event), Subject(EVENT, event)
    in_log = find(log_folder(name), person) or is_buried(log_folder(name), EVENT, event)
    held = training.held(name, workload, subject) if lock.LOCK.exists() else training.Held()
    if not (in_log or held.versions or held.workspace or held.objects or is_learnt_from(name, event)):
        raise ConfigError(
            f"{event}: no answer in {log_folder(name)} has this id; `python -m flows.log {name}` shows those there are"
        )
    kind = catalogue.erasure(workload.kind)
    column = kind.key(workload) if kind else None
    if column is None or len(person.keys) != 1:
        return _erase_answer(name, subject, person, held, cache)
    (key,) = person.keys
    return _erase(name, workload, Subject(column, key, {key}), person, cache)


def _erase_answer(name: str, subject: Subject, person: Person, held: training.Held, cache: bool) -> Erasure:
    """Remove an answer that has no key of its own, from the log and from where it was learnt from."""
    done = Erasure([*_from_log(name, person), *(training.clean(name, held) if cache else ())])
    done.notes += _trained(name, subject, held, cache)
    if held.versions:
        done.notes += _out_of_reach(name, subject)
    return done


def _erase(name: str, workload: Workload, subject: Subject, person: Person, cache: bool) -> Erasure:
    kind, done = catalogue.erasure(workload.kind), Erasure()
    memory = _memory(name)
    held = training.held(name, workload, subject)
    find(log_folder(name), person)
    if kind:
        person.keys.update(kind.remembered(name, workload, memory, subject.column, subject.value))
    person.keys.update(subject.keys)
    subject.keys.update(person.keys)
    done.removed += _from_log(name, person)
    if kind and (count := kind.erase_remembered(name, workload, memory, subject.column, subject.value)):
        done.removed.append(Removed(_shown(memory), "records of the endpoint's memory", count))
    done.removed += erase_from_inbox(name, subject, bool(kind and kind.BY_FILE))
    done.removed += erase_from_unlabelled(workload, subject)
    done.removed += erase_from_copies(name, workload, subject)
    done.removed += erase_from_schema(name, subject)
    if cache:
        done.removed += training.clean(name, held)
    done.notes += _notes(name, workload, subject, held, cache)
    return done


def _from_log(name: str, person: Person) -> Iterator[Removed]:
    answers, labels = erase(log_folder(name), person)
    for what, count in (("answers of the prediction log", answers), ("labels of the prediction log", labels)):
        if count:
            yield Removed(str(log_folder(name)), what, count)
    yield from erase_from_watch(name)
    yield from erase_from_questions(name, person.events | ({person.value} if person.column == EVENT else set()))
    yield from erase_from_live(name, person.column, person.value)


def _memory(name: str) -> str:
    home = Path(os.environ.get("BENTOML_HOME") or STATE / "bentoml")
    return os.environ.get(MEMORY) or f"sqlite:///{home.absolute() / 'memory' / f'{name}.db'}"


def _shown(address: str) -> str:
    scheme, _, rest = address.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _notes(name: str, workload: Workload, subject: Subject, held: training.Held, cache: bool) -> Iterator[str]:
    yield from _trained(name, subject, held, cache)
    if count := rows_in_source(workload, subject):
        yield (
            f"{workload.source}: {count} rows of it are {subject}; it is yours, and was not changed: "
            "as long as they are there, the next training brings them back into artifacts/ and DVC's cache"
        )
    yield from _out_of_reach(name, subject)


def _trained(name: str, subject: Subject, held: training.Held, cache: bool) -> Iterator[str]:
    """Say which versions were made of it, and what that means."""
    if held.versions:
        then = (
            f"They can no longer be rebuilt: what they were made of is gone from {cache_folder()}"
            if cache
            else "Once DVC's cache is cleaned they can no longer be rebuilt; `--cache` cleans it"
        )
        yield f"trained on {subject}: versions {', '.join(held.versions)} of {name}. {then}"
    elif not cache and (held.workspace or held.objects):
        yield f"artifacts/{name} and DVC's cache hold {subject}; `--cache` cleans both"
    if held.shards and not cache:
        where = without_password(shard_address())
        yield f"{where}: {len(held.shards)} shards of pictures hold {subject}; `--cache` removes them"
    if held.unknown:
        yield f"versions {', '.join(held.unknown)} of {name}: their raw records are not in DVC's cache any more"


def _out_of_reach(name: str, subject: Subject) -> Iterator[str]:
    kind = catalogue.erasure(catalogue.workload(name).kind)
    if kind and kind.BY_FILE and bundles(name):
        yield (f"bundles of {name} hold held-out pictures, by no name: where {subject} is one, delete the version")
    for path in shown_by(name, subject):
        yield f"{path}: shows it as the example of a column, and is known by its hash: delete the version"
    for bento in older_bentos(name):
        yield f"{bento} was made before erasure was: it does not start with a bundle without somebody; package it anew"
    if "://" in (address := os.environ.get(CHAMPIONS) or ""):
        yield f"{without_password(address)}: what is published there is not changed; delete the old versions there"
    if stored := stored_elsewhere(name):
        where = without_password(tracking_uri())
        yield f"{where} stores versions {', '.join(stored)} itself: they are not changed; delete them there"
