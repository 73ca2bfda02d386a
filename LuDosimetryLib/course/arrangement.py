"""Order of a course's volumes of interest in its report."""

from ..voi.groups import Arrangement, arranged
from .course import Course


def course_arrangement(course: Course) -> Arrangement:
    """Arrange the volumes of a course; volumes above a line that the user set are always shown."""
    volumes: dict[str, float] = {}
    for cycle in course.cycles:
        for name, organ in cycle.organs.items():
            volumes[name] = max(organ.volume_mL, volumes.get(name, 0.0))
    above = [organ.name for organ in course.organs if course.above(organ)]
    return arranged([organ.name for organ in course.organs], (), volumes, above)
