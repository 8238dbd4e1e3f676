"""Draws the handwritten digits of the demo: pen strokes along hand-made skeletons, on paper, slate or screen.

    python tools/draw_digits.py [--out demo/digits] [--seed 11]

Needs numpy and Pillow. The same seed draws the same pictures. A picture is named DIGIT-HAND.png; the hands `a` and `b`
have skeletons of their own for every digit, `c` is a third way of writing some of them. None comes from a data set.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

# Strokes by name of the picture. Points are "x,y" in percent of the digit's height, in a box 70 wide and 100 high, y
# downwards; a stroke is a smooth curve through its points, and two strokes that share an end make a corner.
SKELETONS: dict[str, list[str]] = {
    "0-a": ["52,6 25,5 6,35 8,72 30,97 58,85 68,50 57,15 38,3"],
    "0-b": ["42,2 18,20 10,55 22,92 45,96 60,65 56,25 36,5 25,12"],
    "1-a": ["43,2 41,30 39,65 38,98"],
    "1-b": ["22,25 34,14 44,3", "44,3 43,50 44,97"],
    "1-c": ["26,20 36,12 42,3", "42,3 43,50 42,96", "22,97 42,96 62,97"],
    "2-a": ["10,25 22,6 45,2 62,18 55,42 32,70 8,95", "8,95 35,93 70,95"],
    "2-b": ["12,22 30,3 55,8 58,32 42,62 22,86 10,95 4,86 14,79 34,88 52,96 70,88"],
    "2-c": ["14,16 36,2 58,14 52,40 10,92", "10,92 30,86 48,95 72,90"],
    "3-a": ["12,12 30,2 55,8 56,30 28,45", "28,45 55,50 65,72 48,94 22,97 6,86"],
    "3-b": ["10,6 35,5 60,4", "60,4 45,21 30,38", "30,38 55,44 66,68 50,93 25,97 8,84"],
    "3-c": ["10,18 28,3 52,6 58,26 42,42 30,46 44,48 62,62 60,84 36,98 10,88"],
    "4-a": ["20,5 13,32 8,56", "8,56 35,55 68,51", "50,10 48,50 46,98"],
    "4-b": ["48,2 28,33 5,66", "5,66 40,65 70,64", "48,2 49,50 47,98"],
    "4-c": ["16,6 10,28 14,46 34,48 56,38", "58,4 56,40 50,98"],
    "5-a": ["60,4 40,5 20,6", "20,6 16,24 13,42", "13,42 35,36 58,50 62,75 42,95 20,96 6,85"],
    "5-b": ["22,10 18,25 15,43", "15,43 40,40 60,55 60,80 38,97 8,90", "25,8 44,8 67,3"],
    "6-a": ["50,3 28,20 12,50 10,78 28,97 52,90 58,70 42,55 22,61 12,76"],
    "6-b": ["58,8 42,4 18,28 8,62 16,90 40,98 61,82 53,58 30,54 10,70"],
    "7-a": ["8,8 35,7 64,5", "64,5 46,40 30,97"],
    "7-b": ["8,16 10,7", "10,7 36,8 66,6", "66,6 50,35 36,70 30,98", "24,50 42,48 60,48"],
    "7-c": ["6,12 24,5 42,12 64,6", "64,6 50,30 42,60 40,96"],
    "8-a": ["56,14 36,2 16,14 20,34 42,50 60,72 52,93 30,98 10,82 20,60 42,44 58,27 54,12"],
    "8-b": ["36,45 17,34 17,13 35,3 54,12 55,33 36,45", "36,45 10,60 9,85 36,98 62,86 61,60 34,46"],
    "9-a": ["58,18 40,3 16,12 10,34 28,49 50,40 60,18", "60,16 58,50 50,97"],
    "9-b": ["60,14 38,2 14,14 14,36 36,46 56,34 61,14", "61,14 63,50 55,84 36,98 16,92"],
    "9-c": ["54,10 30,4 12,22 20,44 42,42 58,20 59,8 56,40 42,72 26,98"],
}


@dataclass(frozen=True)
class Medium:
    ground: tuple[int, int, int]
    ink: tuple[int, int, int]
    grain: float  # standard deviation of the ground's noise, of 255
    shade: float  # how much darker one corner is, of 255
    rough: float  # how unevenly the ink covers, 0..1
    width: float  # of the pen, of the digit's height

    @property
    def grey(self) -> bool:
        return all(len(set(colour)) == 1 for colour in (self.ground, self.ink))


MEDIA = {
    "marker": Medium((250, 250, 250), (15, 15, 15), 1.5, 6, 0.05, 0.115),
    "ballpoint": Medium((247, 243, 230), (38, 52, 138), 2.5, 14, 0.12, 0.062),
    "pencil": Medium((236, 236, 236), (84, 84, 84), 4.0, 18, 0.45, 0.075),
    "chalk": Medium((38, 58, 48), (226, 232, 222), 4.0, 10, 0.5, 0.1),
    "screen": Medium((0, 0, 0), (255, 255, 255), 0.0, 0, 0.0, 0.105),
    "scan": Medium((214, 214, 214), (46, 46, 46), 6.0, 26, 0.2, 0.085),
}
MEDIUM_ORDER = ["marker", "ballpoint", "chalk", "pencil", "screen", "scan"]
SIZES = [28, 32, 40, 48, 56, 64, 72, 80, 96, 112, 120]


def spline(points: np.ndarray, per_span: int = 40) -> np.ndarray:
    """Centripetal Catmull-Rom curve through the points."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    spans = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:]):
        t0 = 0.0
        t1 = t0 + np.sqrt(np.linalg.norm(p1 - p0))
        t2 = t1 + np.sqrt(np.linalg.norm(p2 - p1))
        t3 = t2 + np.sqrt(np.linalg.norm(p3 - p2))
        t = np.linspace(t1, t2, per_span)[:, None]
        a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        spans.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    return np.vstack(spans)


def drift(count: int, knots: int, random: np.random.Generator) -> np.ndarray:
    """Slow noise of standard deviation about 1, one value for each point of a stroke."""
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), random.standard_normal(knots))


def write_strokes(name: str, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of the pen's way (x, y in digit heights, centred) and the pen's width there, relative to the medium's."""
    strokes = [stroke.split() for stroke in SKELETONS[name]]
    # Points that strokes share stay shared when they are moved.
    places = {point: np.array(point.split(","), float) / 100 + random.normal(0, 0.012, 2) for point in sum(strokes, [])}
    curves, widths = [], []
    for stroke in strokes:
        curve = spline(np.array([places[point] for point in stroke]))
        count = len(curve)
        fade = np.interp(np.linspace(0, 1, count), [0, 0.12, 0.75, 1], [0.85, 1.05, 1.0, 0.72])
        widths.append(fade * (1 + 0.08 * drift(count, 6, random)))
        middle = np.sin(np.linspace(0, np.pi, count))
        curves.append(curve + 0.006 * np.stack([drift(count, 7, random) * middle, drift(count, 7, random) * middle], 1))
    points = np.vstack(curves) - [0.35, 0.5]
    slant, tilt, stretch = random.uniform(-0.05, 0.28), random.uniform(-0.1, 0.1), random.uniform(0.85, 1.12)
    rotation = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    shape = rotation @ np.array([[stretch, -slant], [0, 1]])
    return points @ shape.T, np.concatenate(widths)


def draw(name: str, medium: Medium, height: int, random: np.random.Generator) -> Image.Image:
    width = int(round(height * random.uniform(0.85, 1.1)))
    points, widths = write_strokes(name, random)
    low, high = points.min(0), points.max(0)
    pen = medium.width * random.uniform(0.85, 1.25)
    fill = random.uniform(0.62, 0.8)
    room = np.array([width, height])
    scale = fill * min(room / (high - low + pen))
    slack = room - scale * (high - low + pen)
    points = (points - low + pen / 2) * scale + slack * random.uniform(0.3, 0.7, 2)
    radius = np.maximum(widths * pen * scale / 2, 0.55)

    y, x = np.mgrid[0:height, 0:width] + 0.5
    distance = np.full((height, width), np.inf)
    for (px, py), r in zip(points, radius):
        np.minimum(distance, np.hypot(x - px, y - py) - r, out=distance)
    cover = np.clip(0.5 - distance, 0, 1)
    fibre = random.standard_normal((height, width))
    cover *= np.clip(1 - medium.rough * (0.25 + 0.35 * np.abs(fibre)), 0, 1)

    slope = (x * random.uniform(0, 1) / width + y * random.uniform(0, 1) / height) * medium.shade
    noise = random.normal(0, 1, (height, width)) * medium.grain - slope
    ground = np.array(medium.ground) + noise[..., None]
    pixels = ground + (np.array(medium.ink) - ground) * cover[..., None]
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if medium.grey else pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the demo's handwritten digits.")
    parser.add_argument("--out", type=Path, default=Path("demo/digits"))
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(SKELETONS):
        random = np.random.default_rng([options.seed, index])
        medium = MEDIA[MEDIUM_ORDER[index % len(MEDIUM_ORDER)]]
        picture = draw(name, medium, SIZES[(index * 4 + 3) % len(SIZES)], random)
        picture.save(options.out / f"{name}.png", optimize=True)
    print(f"{len(SKELETONS)} pictures in {options.out}")


if __name__ == "__main__":
    main()
