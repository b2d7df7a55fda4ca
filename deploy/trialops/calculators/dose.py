"""The dose calculators by name: what `trialops dose batch` answers."""

from deploy.trialops.calculators.calculator import Calculator

_CALCULATORS: tuple[Calculator, ...] = ()
CALCULATORS = {calculator.name: calculator for calculator in _CALCULATORS}
