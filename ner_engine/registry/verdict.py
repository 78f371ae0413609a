"""Whether what the gate wrote of a version lets it take the place of the one in use."""

from __future__ import annotations

from pathlib import Path

from ner_engine.registry.version import METRICS, REPORTS, Version, read_report

__all__ = ["why_unfit"]


def why_unfit(new: Version, old: Version, folder: Path) -> str:
    """Why ``new`` may not take the place of ``old``, or ``""``. ``folder`` is that of their name in the registry.

    Raises RegistryError for a report that cannot be read.
    """
    place = folder / REPORTS / new.version / METRICS
    report = read_report(folder, new.version)
    if report is None:
        return f"{new.tag}: expected what the gate found against {old.tag}; there is no {place}"
    for key, version in (("old", old), ("new", new)):
        said = report.get(key)
        given = (str(said.get("version")), str(said.get("digest"))) if isinstance(said, dict) else ("", "")
        if given != (version.version, version.digest):
            changed = " in another state" if given[0] == version.version else ""
            return (
                f"{place}: expected a comparison of {new.tag} with {old.tag}, which is in use now; "
                f"its {key} one is {given[0] or 'nameless'}{changed}"
            )
    if report.get("passed") is not True:
        reasons = report.get("reasons")
        why = "; ".join(map(str, reasons)) if isinstance(reasons, list) else "it did not pass"
        return f"{new.tag}: the gate refuses it against {old.tag}: {' '.join(why.split()):.300}"
    return ""
