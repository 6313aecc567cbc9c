"""The acts of the story, in their order."""

from collections.abc import Callable

from demo.story import BANK, FLOODED, TURNED, Say, Story

_AFTER = 2  # days that the new version is at work before somebody tells wrong labels


def play(story: Story, say: Say) -> None:
    """Have days pass until the loop has learnt what is new, then have two sources tell wrong labels.

    Args:
        story: that has just begun.
        say: is told what happens.
    """
    left = _AFTER
    for day in range(story.work.days):
        if day == story.work.begins:
            say(f"from day {day} on there is {story.work.change}")
        story.day(story.work.day(day))
        say(f"day {day}: {_day(story, day)}")
        left -= _promoted(story)
        if left < 0:
            break
    poisoned(story, say)
    say("they are told right once more, and watch looks for the last time")
    story.watched()


def poisoned(story: Story, say: Say) -> list[str]:
    """Have one source turn the labels of a day round, then one say the same of everything; return what came of it."""
    last = len(story.days) - 1
    story.night(last)
    day, before = last - story.work.delay - 1, len(story.told.refused)  # the last day whose labels are final
    changes = len(story.told.changes)
    say(f"now a source {TURNED!r} tells the labels of day {day} the wrong way round")
    _told_by(story, day, TURNED, story.work.turned)
    say(f"they are told right again, and then a source {FLOODED!r} says {story.work.wrong!r} of everything")
    _told_by(story, day, FLOODED, lambda truth: story.work.wrong)
    moves = [f"version {to} by {what}" for _, what, to in story.told.changes[changes:]]
    return [*story.told.refused[before:], *moves]


def _told_by(story: Story, day: int, source: str, label: Callable[[str], str]) -> None:
    story.tell(day, source, label)
    story.watched()
    story.learnt(day)
    story.tried(day)
    story.tell(day, BANK)


def _promoted(story: Story) -> bool:
    return any(what == "promoted" for _, what, _ in story.told.changes)


def _day(story: Story, day: int) -> str:
    asked, traffic = story.days[day], story.traffic
    new = [each for each in asked if each.example.changed]
    found = sum(each.said == each.example.truth for each in new)
    right = sum(each.said == each.example.truth for each in asked) / max(len(asked), 1)
    versions = sorted({str(each.answer["model_version"]) for each in asked})
    said = f"{len(asked):,} answers by version {' and '.join(versions)}, {right:.1%} right"
    lost = f"{len(traffic.dropped)} dropped" + (f" (the last one: {traffic.dropped[-1]})" if traffic.dropped else "")
    return (
        said
        + (f"; of {len(new)} that are new {found} right" if new else "")
        + f"; cost {story.told.costs[day]:,.0f}; of {traffic.requests:,} requests so far {lost}"
    )
