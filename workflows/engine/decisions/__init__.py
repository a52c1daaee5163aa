"""Decision tables (DMN 1.1 to 1.5, as dmn-js writes them): read, checked, evaluated, and explained rule by rule."""

from workflows.engine.decisions.checking import PROVED, faults_in, texts_of
from workflows.engine.decisions.entered import gaps_after_forms
from workflows.engine.decisions.evaluation import DecisionFault, evaluate, retrace
from workflows.engine.decisions.explaining import Need, Way, what_would_pass
from workflows.engine.decisions.model import Decision, DecisionTable
from workflows.engine.decisions.reading import read
from workflows.engine.decisions.trace import CellTrace, RuleTrace, Trace
from workflows.engine.decisions.wording import Demand, said

__all__ = [
    "PROVED",
    "CellTrace",
    "Decision",
    "DecisionFault",
    "DecisionTable",
    "Demand",
    "Need",
    "RuleTrace",
    "Trace",
    "Way",
    "evaluate",
    "faults_in",
    "gaps_after_forms",
    "read",
    "retrace",
    "said",
    "texts_of",
    "what_would_pass",
]
