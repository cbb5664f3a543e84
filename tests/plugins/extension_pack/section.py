"""A section of the page about a run."""

from __future__ import annotations

from genelab.reports.content import Section, Table


def lucky_number(subject):
    return Section("Lucky number", [Table(["", "number"], [[label, 7.25] for label in subject.evaluations])])
