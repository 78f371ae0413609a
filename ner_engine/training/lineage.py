"""Where a retrained version comes from: a plan and what was learnt in, lines for manifest and card out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ner_engine.training.build import Lineage

if TYPE_CHECKING:
    from ner_engine.training.learning import Learnt
    from ner_engine.training.retrain import Plan

__all__ = ["added_data", "lineage"]


def added_data(plan: Plan) -> list[dict[str, Any]]:
    """Each file that was added, in the manifest's form, without what stands in the test set too."""
    kept = {id(sentence) for sentence in plan.held}
    return [
        {
            "name": one.name,
            "path": one.path.as_posix(),
            "sha256": one.sha256,
            "sentences": len(one.sentences),
            "held_out": sum(id(sentence) in kept for sentence in one.sentences),
            "licence": one.licence,
        }
        for one in plan.additions
    ]


def lineage(plan: Plan, learnt: Learnt, *, version: str, created: str) -> Lineage:
    """The manifest's ``version``, ``parent``, ``created``, ``added`` and ``retraining``; the card's section."""
    parent = plan.parent
    added = added_data(plan)
    retraining = {
        "recipe": plan.asked.recipe_name,
        "seed": plan.asked.recipe.training.seed,
        "new_labels": list(plan.new_labels),
        "new_names": dict(learnt.grown),
        "step": learnt.taken.step,
        "steps": [step.to_dict() for step in learnt.steps],
        "not_replayed": list(plan.missing),
    }
    manifest = {
        "version": version,
        "parent": {"name": parent.name, "version": parent.version, "digest": parent.digest},
        "created": created,
        "added": [*plan.bundle.manifest.get("added", ()), *added],
        "retraining": retraining,
    }
    lines = [
        "## Retrained",
        "",
        f"Version {version}, made {created} from {parent.tag} (manifest `{parent.digest[:16]}`), recipe "
        f"{plan.asked.recipe_name}, seed {plan.asked.recipe.training.seed}.",
        "",
        "| added | sentences | held out for the gate | licence | SHA-256 |",
        "|---|---|---|---|---|",
        *(
            f"| {_cell(one['name'])} | {one['sentences']:,} | {one['held_out']:,} | "
            f"{_cell(one['licence']) or 'not stated'} | `{one['sha256'][:16]}` |"
            for one in added
        ),
        "",
    ]
    if plan.new_labels:
        lines += [f"New labels: {', '.join(plan.new_labels)}.", ""]
    if plan.missing:
        lines += [f"Sources of {parent.name} that were not there to be shown again: {_listed(plan.missing)}.", ""]
    lines += [
        f"The weights are a step of {learnt.taken.step:g} from the old ones (0) to the trained ones (1). Strict "
        "span F1 in per cent (added: the sentences trained on):",
        "",
        f"| step | added | {' | '.join(map(_cell, learnt.steps[0].dev))} |",
        f"|{'---|' * (2 + len(learnt.steps[0].dev))}",
    ]
    for step in learnt.steps:
        scores = " | ".join(f"{100 * f1:.2f}" for f1 in (step.added, *step.dev.values()))
        lines.append(f"| {step.step:g} | {scores} |")
    return Lineage(manifest, lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_cell, names))
