"""One torch thread in every test process: two would fight over the cores."""

import torch

torch.set_num_threads(1)
