"""A new domain: a name and labels in, a folder that can be generated from, trained, evaluated and talked to out."""

from ner_engine.domains.labels import COMMON, DomainLabel, default_labels, parse_labels
from ner_engine.domains.scaffold import new_domain

__all__ = ["COMMON", "DomainLabel", "default_labels", "new_domain", "parse_labels"]
