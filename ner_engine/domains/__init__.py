"""A new domain: a name and labels in; out, a folder to generate from, train, evaluate and talk to."""

from ner_engine.domains.labels import COMMON, DomainLabel, default_labels, parse_labels
from ner_engine.domains.scaffold import new_domain

__all__ = ["COMMON", "DomainLabel", "default_labels", "new_domain", "parse_labels"]
