import re

from components.pages.evidence import Evidence


def heights(points: list[tuple[int, float]]) -> tuple[list[float], float]:
    """Return the heights of a drawn course, and of where it is decided: the less, the higher."""
    drawn = str(Evidence("evidence", points, 20.0).draw())
    course = re.search(r'<polyline class="line" points="([^"]+)"', drawn)
    decides = re.search(r'<line class="edge" x1="[^"]+" y1="([^"]+)"', drawn)
    assert course
    assert decides
    return [float(point.split(",")[1]) for point in course[1].split()], float(decides[1])


def test_evidence_is_drawn_on_a_logarithmic_scale_beside_where_it_decides() -> None:
    (one, ten, hundred), decides = heights([(1, 1.0), (5, 10.0), (9, 100.0)])
    assert one - ten == ten - hundred > 0
    assert ten > decides > hundred


def test_one_row_and_what_is_beyond_all_measure_are_drawn() -> None:
    (only,), decides = heights([(1, 1.0)])
    assert only > decides
    (little, much), decides = heights([(1, 0.0), (2, 1e304)])
    assert little > decides > much >= 10  # within the drawing
