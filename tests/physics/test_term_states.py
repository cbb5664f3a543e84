"""Terms that keep state are saved and restored with the environment."""

from __future__ import annotations

from genelab.managers.term import ManagerTerm, Term, load_terms_state, terms_state


class Counter(ManagerTerm):
    """Counts; `start` is where."""

    def __init__(self, start: int) -> None:
        self.count = start

    def __call__(self, env):
        self.count += 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


def test_terms_of_one_name_in_two_groups_each_get_their_own_state_back() -> None:
    terms = [
        Term("cue", None, Counter(3), {}),
        Term("stateless", None, len, {}),
        Term("cue", None, Counter(7), {}),
    ]
    saved = terms_state(terms)
    fresh = [Term(term.name, None, Counter(0) if isinstance(term.call, Counter) else term.call, {}) for term in terms]
    load_terms_state(fresh, saved)
    assert [term.call.count for term in fresh if isinstance(term.call, Counter)] == [3, 7]
