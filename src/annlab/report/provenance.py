"""Where the numbers of a report come from: seeds, versions, devices, time, commands, failures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annlab.durations import format_duration
from annlab.report.cells import ranges
from annlab.report.content import StudyPart, TableBlock
from annlab.report.tables import text_table

if TYPE_CHECKING:
    from annlab.lab.results import Results

__all__ = ["facts_of", "failures_table", "overall_facts", "stale_keys"]

_SHOWN_ELSEWHERE = {"command", "data", "device", "profile", "seconds", "seed", "study", "versions"}
_NAMES = {"created": "Last computed", "version": "Version of the study"}


def facts_of(results: "Results") -> tuple[tuple[tuple[str, str], ...], float | None, str, str, str]:
    """Facts as (name, value), then computing seconds, device, command and root seed of a study's results."""
    known = results.provenance
    versions = known.get("versions") or {}
    seconds = known.get("seconds")
    facts = [
        ("Root seed", _text(known.get("seed"))),
        ("Device", _text(known.get("device"))),
        ("Computing time, summed over jobs", format_duration(float(seconds)) if seconds is not None else ""),
        *(
            (_NAMES.get(str(name), str(name).replace("_", " ").capitalize()), _text(value))
            for name, value in known.items()
            if name not in _SHOWN_ELSEWHERE
        ),
        (
            "Versions",
            ", ".join(f"{name} {version}" for name, version in versions.items()) if isinstance(versions, Mapping) else _text(versions),
        ),
    ]
    shown = tuple((name, value) for name, value in facts if value)
    return (
        shown,
        float(seconds) if seconds is not None else None,
        _text(known.get("device")),
        _text(known.get("command")),
        _text(known.get("seed")),
    )


def overall_facts(studies: Sequence[StudyPart], results: Sequence["Results"]) -> tuple[tuple[str, str], ...]:
    """Facts of the whole report: studies, profiles, jobs, device, time, versions."""
    jobs = [sum(part.jobs[kind] for part in studies) for kind in ("stored", "failed", "missing", "stale")]
    troubles = [f"{count} {kind}" for count, kind in zip(jobs[1:], ("failed", "missing", "stale"), strict=True) if count]
    known = [part.seconds for part in studies if part.seconds is not None]
    versions: dict[str, str] = {}
    for one in results:
        found = one.provenance.get("versions")
        versions.update({str(name): str(version) for name, version in found.items()} if isinstance(found, Mapping) else {})
    facts = [
        ("Studies", str(len(studies))),
        ("Profile", _distinct(part.profile for part in studies)),
        ("Replicates stored", ", ".join([f"{jobs[0]:,}", *troubles])),
        ("Device", _distinct(part.device for part in studies)),
        ("Computing time, summed over jobs", format_duration(sum(known)) if known else ""),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
    return tuple((name, value) for name, value in facts if value)


def failures_table(results: "Results", anchor: str) -> tuple[TableBlock | None, int]:
    """Failed jobs with their stage, parameters, replicates and reason, and how many replicates they cost."""
    if not results.failures:
        return None, 0
    varying = set(results.varying)
    rows = []
    for failure in results.failures:
        setting = ", ".join(f"{name}={value}" for name, value in failure.params.items() if name in varying) or "the defaults"
        rows.append([failure.stage, setting, ranges(failure.replicates), _KINDS.get(failure.kind, failure.kind), failure.message])
    table = text_table(["stage", "cell", "replicates", "what happened", "message"], rows)
    return TableBlock("failures", f"{anchor}-failures", "Failed jobs", table), sum(record.failure is not None for record in results.records)


def stale_keys(results: "Results") -> list[str]:
    """Keys of the stale jobs, each once."""
    return list(dict.fromkeys(record.key or f"{record.stage} {record.replicate}" for record in results.stale))


_KINDS = {
    "raised": "raised an error",
    "time": "went over its time limit",
    "memory": "went over its memory limit",
    "died": "its process ended",
    "need": "a job it needs failed",
    "store": "its outcome could not be written",
}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple | set):
        return ", ".join(_text(part) for part in value)
    return str(value)


def _distinct(values: Any) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value))
