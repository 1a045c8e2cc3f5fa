"""Each bug is put into a copy of the engine, and a named test must catch it there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest

import course_rl
from course_rl import bugs

ROOT = Path(__file__).parent.parent

# what the bug is: file, right code, wrong code, the test that catches it; the classic ones are in the engine
MORE = {
    "a sync that makes both the same matrix": (
        "dqn.py",
        "            frozen.copy_(online)",
        "            frozen.set_(online)",
        "test_dqn.py::test_the_target_network_is_another_object_and_equals_the_online_one_only_after_a_sync",
    ),
    "gradient through the target": (
        "dqn.py",
        "    with torch.no_grad():\n        q_next_online",
        "    if True:\n        q_next_online",
        "test_dqn.py::test_td_errors_on_a_constant_network",
    ),
    "no terminal mask in the table": (
        "tabular.py",
        "gamma * ~step.terminated",
        "gamma * torch.ones_like(step.reward)",
        "test_tabular.py::test_one_update_by_hand",
    ),
    "truncation treated as termination in the table": (
        "tabular.py",
        "gamma * ~step.terminated",
        "gamma * ~step.ended",
        "test_tabular.py::test_tables_bootstrap_through_truncation_and_not_through_termination",
    ),
    "one index draw shared by all seeds": (
        "replay.py",
        "index = rng.integers(len(self), batch_size)",
        "index = rng.integers(len(self), batch_size)[:1].expand(len(rng), batch_size)",
        "test_replay.py::test_each_seed_draws_its_own_indices",
    ),
    "one stream for all seeds": (
        "seeds.py",
        "np.random.default_rng(seed) for seed in self.seeds",
        "np.random.default_rng(0) for seed in self.seeds",
        "test_seeds.py::test_every_draw_is_the_seeds_own",
    ),
    "every episode starts from the same seed": (
        "vector.py",
        "        final_obs = obs.copy()\n",
        "        final_obs = obs.copy()\n"
        "        if (ended := terminated | truncated).any():\n"
        "            again = dict(seed=[7] * len(ended), options={'reset_mask': ended})\n"
        "            obs = self._rows(self.envs.reset(**again)[0])\n",
        "test_envs.py::test_initial_observations_differ_between_episodes_seeds_and_sub_environments",
    ),
    "the next episode's first observation taken for the last one": (
        "vector.py",
        'final_obs[k] = rows(self.envs.single_observation_space, info["final_obs"][k])',
        "pass",
        "test_envs.py::test_terminated_truncated_and_the_last_observation",
    ),
    "n steps that run into the next episode": (
        "replay.py",
        'go = ~take("ended", last) & (last',
        "go = (last",
        "test_replay.py::test_against_a_list",
    ),
    "old log-probabilities recomputed with the new policy": (
        "policy_gradient.py",
        "(pi.log_prob(action) - old)",
        "(pi.log_prob(action) - pi.log_prob(action).detach())",
        "test_policy_gradient.py::test_ratios_are_against_the_policy_that_acted",
    ),
    "entropy with the wrong sign": (
        "policy_gradient.py",
        "- entropy_weight * entropy",
        "+ entropy_weight * entropy",
        "test_policy_gradient.py::test_the_entropy_bonus_spreads_the_policy",
    ),
    "entropy with the wrong sign in REINFORCE": (
        "policy_gradient.py",
        "+ entropy_weight * pi.entropy()",
        "- entropy_weight * pi.entropy()",
        "test_policy_gradient.py::test_the_entropy_bonus_spreads_the_policy",
    ),
    "one minibatch permutation for all seeds": (
        "policy_gradient.py",
        "rng.permutation(turn).tensor_split",
        "rng.permutation(turn)[:1].expand(len(rng), turn).tensor_split",
        "test_policy_gradient.py::test_every_epoch_uses_each_step_once_in_an_order_of_each_seeds_own",
    ),
    "the clipped action stored as if it had been drawn": (
        "envs.py",
        "Step(before, action,",
        "Step(before, action.clamp(-1, 1) if self._bounds else action,",
        "test_policy_gradient.py::test_an_environment_gets_what_it_allows_and_the_agent_learns_from_what_it_drew",
    ),
    "the maximum of both surrogates instead of the minimum": (
        "policy_gradient.py",
        "torch.minimum(ratio * advantage,",
        "torch.maximum(ratio * advantage,",
        "test_policy_gradient.py::test_the_clipped_surrogate_by_hand",
    ),
    "steps after the end of an episode learned from": (
        "policy_gradient.py",
        "gain * valid.flatten(1)",
        "gain",
        "test_policy_gradient.py::test_only_valid_steps_are_learned_from",
    ),
    "a log-density without its standard deviation": (
        "distributions.py",
        "(z**2 / 2 + self.log_std + ",
        "(z**2 / 2 + ",
        "test_policy_gradient.py::test_distributions_against_pytorchs_own",
    ),
    "an ignored film enters the history": (
        "movierec/env.py",
        "np.where(clicked[:, None], newer, self.history)",
        "newer",
        "test_movierec.py::test_the_simulator_does_what_the_equations_say",
    ),
    "boredom by the history before the click": (
        "movierec/env.py",
        "1 + same[:, :-1].sum(1)",
        "same.sum(1)",
        "test_movierec.py::test_the_simulator_does_what_the_equations_say",
    ),
    "the next user's first observation as the last of the one who left": (
        "movierec/env.py",
        "terminated, truncated, final_obs",
        "terminated, truncated, obs",
        "test_movierec.py::test_the_last_observation_is_still_of_the_user_who_leaves",
    ),
    "an optimum for users who never leave after ignoring": (
        "movierec/planning.py",
        "(1 - click) * (1 - min(ignoring, 1))",
        "1 - click",
        "test_movierec.py::test_backward_induction_against_a_recursion_without_arrays",
    ),
    "an upper bound that overlooks films": (
        "movierec/planning.py",
        "best = np.maximum.accumulate(self.world.like[user, order])",
        "best = np.minimum.accumulate(self.world.like[user, order])",
        "test_movierec.py::test_the_front_leaves_out_what_another_film_beats",
    ),
}


BUGS = bugs.BUGS | {name: bugs.Bug(file, (edit,), test) for name, (file, *edit, test) in MORE.items()}


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(name, tmp_path):
    bug = BUGS[name]
    shutil.copytree(ROOT / "course_rl", tmp_path / "course_rl", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "course_rl" / bug.file).write_text(bug.sources()[1], "utf-8")
    test = str(ROOT / "tests" / bug.test)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and "1 failed" in run.stdout, run.stdout + run.stderr


def test_a_planted_bug_leaves_the_engine_as_it_is():
    broken = bugs.planted("the same target network")
    assert broken is not course_rl and sys.modules["course_rl"] is course_rl
    assert "deepcopy" not in broken.dqn.__code__.co_names and "deepcopy" in course_rl.dqn.__code__.co_names
    assert gym.spec(course_rl.movierec.ID).entry_point is course_rl.movierec.MovieRec
