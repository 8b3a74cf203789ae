"""Durations in words, for the command line and for reports."""

__all__ = ["format_duration"]


def format_duration(seconds: float | None) -> str:
    """Seconds in the unit that reads best: ``0.8 s``, ``42 s``, ``3 min 5 s``, ``2 h 10 min``; a dash where they are not known."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
