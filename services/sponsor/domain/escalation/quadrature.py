"""Areas under a curve that is known on an evenly spaced grid, as weights of its values."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def area_below(positions: Floats, size: int) -> Floats:
    """Weights w such that `w @ values` is the area from the first grid point to each position.

    The curve between two grid points is the cubic through its four neighbours (the line at both ends, where a
    density is nought), so an area is good to the fourth power of the spacing.

    Args:
        positions: shape (P,), in grid steps from the first point; anything outside the grid counts as its end.
        size: number of grid points, at least 4.

    Returns:
        Shape (P, size), in units of one grid step.
    """
    inside = np.clip(positions, 0.0, size - 1.0)
    cell = np.minimum(inside.astype(np.int64), size - 2)
    part = inside - cell
    weights = _whole_cells(cell, size)
    rows = np.arange(len(positions))
    curved = (cell >= 1) & (cell <= size - 3)
    for offset, basis in enumerate(_CUBIC_INTEGRALS, start=-1):
        weights[rows[curved], cell[curved] + offset] += basis(part[curved])
    straight = ~curved
    weights[rows[straight], cell[straight]] += part[straight] - part[straight] ** 2 / 2
    weights[rows[straight], cell[straight] + 1] += part[straight] ** 2 / 2
    return weights


def _whole_cells(cells: Ints, size: int) -> Floats:
    """Weights of the area of all cells below each of some, shape (P, size)."""
    below = (np.arange(size - 1) < cells[:, np.newaxis]).astype(np.float64)
    weights = np.zeros((len(cells), size))
    for offset, share in enumerate((-1 / 24, 13 / 24, 13 / 24, -1 / 24)):
        weights[:, offset : size - 3 + offset] += share * below[:, 1 : size - 2]
    weights[:, :2] += below[:, :1] / 2
    return weights


def _lagrange_integral(node: int) -> np.polynomial.Polynomial:
    """Integral from 0 of the cubic that is 1 at a node and 0 at the others of -1, 0, 1, 2."""
    others = [other for other in (-1, 0, 1, 2) if other != node]
    basis = np.polynomial.Polynomial.fromroots(others)
    return (basis / basis(node)).integ()


_CUBIC_INTEGRALS = tuple(_lagrange_integral(node) for node in (-1, 0, 1, 2))
