"""The exercises' solutions, cases and known wrong answers, one module per chapter."""

import importlib
import pkgutil

EXERCISES = {}
for _module in pkgutil.iter_modules(__path__):
    for _exercise in importlib.import_module(f"{__name__}.{_module.name}").EXERCISES:
        if _exercise.name in EXERCISES:
            raise ValueError(f"two exercises are named {_exercise.name!r}")
        EXERCISES[_exercise.name] = _exercise
