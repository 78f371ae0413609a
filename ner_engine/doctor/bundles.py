"""Bundles and the registry: is each whole, and does it meet the analyser it was trained with?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ner_engine.bundle import Bundle, bundle_names, find_bundle, load_bundle
from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OK, WARN, Finding
from ner_engine.doctor.mending import checkout, command, ours, pip_install, reinstall, with_extra
from ner_engine.errors import BundleError, MissingExtra, NerEngineError
from ner_engine.pointer import SHIPPED, registry_root
from ner_engine.registry import Registry, Version
from ner_engine.tokenizers import compare_fingerprints, load_tokenizer

__all__ = ["bundles", "registry"]


def bundles(asked: Asked) -> Iterator[Finding]:
    """Every bundle that has a name, in the version in use, and the one asked for."""
    names = bundle_names(models=asked.models or None)
    for name in dict.fromkeys([asked.bundle, *names]):
        try:
            bundle = load_bundle(name, models=asked.models or None)
        except BundleError as error:
            yield Finding("bundles", FAIL, str(error), subject=name, mend=_whole_again(name, str(error), asked))
            continue
        yield _analysed(name, bundle)


def _analysed(name: str, bundle: Bundle) -> Finding:
    """Whether the analyser here gives a bundle what it was trained on."""
    size = bundle.size_bytes()
    facts = {
        "path": str(bundle.path),
        "size_bytes": size,
        "labels": list(bundle.labels),
        "tokenizer": bundle.tokenizer,
    }
    dictionary = bundle.features.user_dictionary
    try:
        tokenizer = load_tokenizer(
            bundle.tokenizer, user_dictionary=bundle.path / Path(dictionary).name if dictionary else None
        )
    except NerEngineError as error:
        mend = with_extra(error.extra) if isinstance(error, MissingExtra) else ours("doctor", "--thorough")
        return Finding("bundles", FAIL, str(error), subject=name, mend=mend, facts=facts)
    trained, here = dict(bundle.fingerprint), tokenizer.fingerprint()
    different = compare_fingerprints(trained, here)
    if different:
        return Finding(
            "bundles", WARN, "; ".join(different), subject=name, mend=_as_trained(trained, here), facts=facts
        )
    message = f"whole, {size / 1e6:.1f} MB, its analyser is {bundle.tokenizer} as in training, {bundle.path}"
    return Finding("bundles", OK, message, subject=name, facts=facts)


def _as_trained(trained: dict[str, str], here: dict[str, str]) -> str:
    """The command that installs what a bundle was trained with, where pip can."""
    wanted = []
    for key in ("version", "dictionary"):
        words = trained.get(key, "").split()
        if trained.get(key) != here.get(key) and len(words) == 2 and words[1] != "unknown":
            wanted.append(f"{words[0]}=={words[1]}")
    return pip_install(*wanted) if wanted else ours("models", "list")


def _whole_again(name: str, message: str, asked: Asked) -> str:
    """The command that puts a bundle back."""
    registry_options = ["--models", asked.models] if asked.models else []
    if "upgrade ner-engine" in message:
        return pip_install("--upgrade", "ner-engine")
    if "models rollback" in message:
        return ours("models", "rollback", name, *registry_options)
    try:
        place = find_bundle(name, models=asked.models or None).absolute()
    except BundleError:
        return ours("models", "list", *registry_options)
    if place.parent.parent == registry_root(asked.models or None).absolute() and place.name != SHIPPED:
        return ours("models", "rollback", place.parent.name, *registry_options)
    root = checkout()
    if root is not None and (root / ".git").exists() and place.is_relative_to(root / "models"):
        return command(["git", "-C", str(root), "checkout", "--", str(place.relative_to(root))])
    if place.is_relative_to(Path(__file__).resolve().parents[1]):
        return reinstall()
    return ours("models", "export", name.partition("@")[0], "./another-copy")


def registry(asked: Asked) -> Iterator[Finding]:
    """Which version of each name is in use, and whether those it could go back to are whole."""
    shelf = Registry(asked.models or None)
    facts = {"root": str(shelf.root)}
    if not shelf.root.is_dir():
        yield Finding("registry", OK, f"none at {shelf.root}: nothing was retrained yet", facts=facts)
        return
    some = False
    for name in shelf.names():
        try:
            versions = shelf.versions(name)
        except NerEngineError as error:
            some = True
            yield Finding(
                "registry", FAIL, str(error), subject=name, mend=ours("models", "rollback", name, *_at(asked))
            )
            continue
        if all(one.version == SHIPPED for one in versions):
            continue
        some = True
        yield _kept(shelf, name, versions, asked)
    if not some:
        yield Finding("registry", OK, f"{shelf.root}: no version beside the shipped ones", facts=facts)


def _kept(shelf: Registry, name: str, versions: tuple[Version, ...], asked: Asked) -> Finding:
    """One name that has versions."""
    in_use = next((one for one in versions if one.current), None)
    facts = {
        "root": str(shelf.root),
        "versions": [one.version for one in versions],
        "current": "" if in_use is None else in_use.version,
    }
    problems = []
    for one in versions:
        try:
            load_bundle(one.path)
        except BundleError as error:
            problems.append((one, str(error)))
    if in_use is None:
        newest = versions[-1]
        message = f"{len(versions)} versions, none of them in use"
        return Finding("registry", WARN, message, subject=name, facts=facts,
                       mend=ours("models", "promote", newest.tag, *_at(asked)))  # fmt: skip
    for one, problem in problems:
        if one.current:
            return Finding("registry", FAIL, f"{one.tag} is in use: {problem}", subject=name, facts=facts,
                           mend=ours("models", "rollback", name, *_at(asked)))  # fmt: skip
    try:
        history = shelf.history(name)
    except NerEngineError as error:
        return Finding("registry", WARN, str(error), subject=name, facts=facts,
                       mend=ours("models", "show", in_use.tag, *_at(asked)))  # fmt: skip
    if problems:
        broken = ", ".join(one.tag for one, _ in problems)
        message = f"{in_use.tag} is in use; {broken} cannot be gone back to: {problems[0][1]}"
        return Finding("registry", WARN, message, subject=name, facts=facts,
                       mend=command(["rm", "-r", str(problems[0][0].path)]))  # fmt: skip
    last = f", since {history[-1].at}{' by ' + history[-1].by if history[-1].by else ''}" if history else ""
    forced = ", without the gate" if history and history[-1].forced else ""
    message = f"{in_use.tag} is in use{last}{forced}, {len(versions)} versions, {shelf.root}"
    return Finding("registry", OK, message, subject=name, facts=facts)


def _at(asked: Asked) -> list[str]:
    return ["--models", asked.models] if asked.models else []
