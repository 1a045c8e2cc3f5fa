"""What the chapters show of themselves."""

import inspect
import time

_START = time.perf_counter()


def source(thing):
    """The source of a function or class of the module, as it is."""
    from IPython.display import Code  # only notebooks need it

    return Code(inspect.getsource(thing), language="python")


def run_time():
    """Print the wall time since this module was imported: of a whole chapter, if its last cell asks."""
    print(f"This page ran in {time.perf_counter() - _START:.0f} s, every training included.")
