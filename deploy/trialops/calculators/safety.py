"""The safety service's calculators by name: what `trialops safety batch` answers."""

from deploy.trialops.calculators.calculator import Calculator
from deploy.trialops.calculators.safety_classify import CLASSIFY
from deploy.trialops.calculators.safety_dlt import DLT
from deploy.trialops.calculators.safety_due import DUE
from deploy.trialops.calculators.safety_e2b_check import E2B_CHECK
from deploy.trialops.calculators.safety_grade import GRADE
from deploy.trialops.calculators.safety_stopping_rule import STOPPING_RULE

_CALCULATORS: tuple[Calculator, ...] = (GRADE, DUE, CLASSIFY, DLT, STOPPING_RULE, E2B_CHECK)
CALCULATORS = {calculator.name: calculator for calculator in _CALCULATORS}
