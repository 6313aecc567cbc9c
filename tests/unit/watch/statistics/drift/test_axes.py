import numpy as np

from components.watch.statistics.drift import along, principal_axes


def test_columns_are_in_standard_deviations_and_what_no_axis_sees_is_beside_them() -> None:
    random = np.random.default_rng(0)
    turned = np.linalg.qr(random.normal(0, 1, (40, 40)))[0]
    rows = (3 + random.normal(0, 1, (800, 40)) * np.geomspace(10, 0.1, 40) @ turned).astype(np.float32)
    axes = principal_axes(rows)
    assert axes is not None
    assert axes.shape == (17, 40)
    found = along(axes, rows)
    deviations = [values.std() for name, values in found.items() if "axis" in name]
    assert np.allclose(deviations, 1, atol=0.01)
    assert len(found) == 17
    odd = along(axes, rows + 5 * turned[-1])  # the direction of the least variance
    assert np.allclose([odd[name].mean() for name in found if "axis" in name], 0, atol=0.2)
    assert odd["embedding: beside the axes"].min() > found["embedding: beside the axes"].max() * 0.6
    assert odd["embedding: beside the axes"].mean() > 1.5 * found["embedding: beside the axes"].mean()


def test_the_last_bits_move_no_row_into_another_bin() -> None:
    random = np.random.default_rng(1)
    rows = np.repeat(random.normal(0, 1, (30, 8)), 10, axis=0).astype(np.float32)
    axes = principal_axes(rows)
    assert axes is not None
    noisy = along(axes, rows * np.float32(1 + 1e-7))
    assert all(np.mean(values == noisy[name]) > 0.95 for name, values in along(axes, rows).items())


def test_what_does_not_vary_or_is_too_little_has_none() -> None:
    assert principal_axes(np.ones((100, 4), np.float32)) is None
    assert principal_axes(np.random.default_rng(0).normal(0, 1, (49, 4)).astype(np.float32)) is None
    flat = principal_axes(np.random.default_rng(0).normal(0, 1, (60, 2)).astype(np.float32))
    assert flat is not None
    assert list(along(flat, np.zeros((1, 2), np.float32))) == ["embedding: axis 1", "embedding: axis 2"]
