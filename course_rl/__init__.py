"""Reinforcement learning on many seeds at once: axis 0 of every tensor is the seed."""

from course_rl import bugs, live, movierec, pixels
from course_rl.acting import epsilon_greedy, random_argmax
from course_rl.check import check, language
from course_rl.curves import Curve, Estimate, claim, difference, iqm, mean, trimmed
from course_rl.distributions import Categorical, Gaussian
from course_rl.dqn import dqn, hard_update, huber, soft_update, squared, td_errors
from course_rl.envs import Envs, Step, deterministic, evaluate, greedy
from course_rl.gradients import clip_norm, clip_value, descend, differentiate, unclipped, weight_matrix
from course_rl.networks import (
    Dueling,
    Linear,
    OneHot,
    Scale,
    dueling_network,
    mlp,
    policy_network,
    q_network,
    value_network,
)
from course_rl.pixels import Conv, pixel_network
from course_rl.plotting import COLORS, band, color, plot
from course_rl.policy_gradient import (
    a2c,
    actor_critic_loss,
    clipped,
    critique,
    episodes,
    no_baseline,
    over_time,
    ppo,
    reinforce,
    rollout,
    standardize,
    unlimited,
    unnormalized,
    value_baseline,
)
from course_rl.replay import Batch, PrioritizedReplay, Replay
from course_rl.returns import double_q_target, gae, q_target, returns_to_go
from course_rl.schedules import exponential, linear
from course_rl.seeds import Seeds
from course_rl.show import run_time, source
from course_rl.tabular import lookup, model, policy_value, q_learning, value_iteration
