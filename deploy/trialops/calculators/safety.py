"""The safety service's calculators by name: what `trialops safety batch` answers."""

from deploy.trialops.calculators.calculator import Calculator

_CALCULATORS: tuple[Calculator, ...] = ()
CALCULATORS = {calculator.name: calculator for calculator in _CALCULATORS}
