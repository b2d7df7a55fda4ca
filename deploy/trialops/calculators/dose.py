"""The dose calculators by name: what `trialops dose batch` answers."""

from deploy.trialops.calculators.dose_oc import OC
from deploy.trialops.calculators.dose_pathways import PATHWAYS
from deploy.trialops.calculators.dose_recommend import RECOMMEND
from deploy.trialops.calculators.dose_skeleton import SKELETON
from deploy.trialops.calculators.dose_table import TABLE

_CALCULATORS = (TABLE, RECOMMEND, OC, SKELETON, PATHWAYS)
CALCULATORS = {calculator.name: calculator for calculator in _CALCULATORS}
