"""Classic mistakes: a few wrong lines for right ones, and a copy of the engine that makes one of them."""

import difflib
import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import gymnasium as gym

from course_rl.guard import require

ENGINE = Path(__file__).parent


class Bug(NamedTuple):
    file: str     # of the engine
    edits: tuple  # of (right, wrong) lines
    test: str     # the test that catches it: file::name

    def sources(self):
        """The file as it is, and with the mistake."""
        right = wrong = (ENGINE / self.file).read_text("utf-8")
        for old, new in self.edits:
            assert wrong.count(old) == 1, f"{self.file} has no such lines, or has them twice:\n{old}"
            wrong = wrong.replace(old, new)
        return right, wrong

    def diff(self):
        """What a notebook shows as a unified diff."""
        from IPython.display import Code  # only notebooks need it

        right, wrong = (text.splitlines() for text in self.sources())
        names = f"course_rl/{self.file}", f"course_rl/{self.file} with the mistake"
        return Code("\n".join(difflib.unified_diff(right, wrong, *names, n=1, lineterm="")), language="diff")


def planted(name):
    """A second `course_rl`, whole, with the named mistake of `BUGS`: the engine itself stays as it is."""
    require(name in BUGS, "name", name, f"one of {list(BUGS)}")
    bug = BUGS[name]
    ours = {key: sys.modules.pop(key) for key in list(sys.modules) if key.split(".")[0] == "course_rl"}
    environments = {key: gym.registry.pop(key) for key in list(gym.registry) if key.startswith("course_rl/")}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ENGINE, Path(folder, "course_rl"), ignore=shutil.ignore_patterns("__pycache__"))
        Path(folder, "course_rl", bug.file).write_text(bug.sources()[1], "utf-8")
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("course_rl")
        finally:
            sys.path.remove(folder)
            for key in [key for key in sys.modules if key.split(".")[0] == "course_rl"]:
                del sys.modules[key]
            sys.modules.update(ours)
            gym.registry.update(environments)


BUGS = {
    "no terminal mask": Bug(
        "replay.py",
        (('        discount = discount * ~take("terminated", last)\n', ""),),
        "test_replay.py::test_terminated_stops_bootstrapping_and_truncated_does_not",
    ),
    "truncation as termination": Bug(
        "replay.py",
        (('discount * ~take("terminated", last)', 'discount * ~take("ended", last)'),),
        "test_replay.py::test_terminated_stops_bootstrapping_and_truncated_does_not",
    ),
    "truncation as termination, advantage": Bug(
        "returns.py",
        (("gamma * ~terminated * next_value", "gamma * ~ended * next_value"),),
        "test_policy_gradient.py::test_advantages_by_hand",
    ),
    "truncation lost": Bug(
        "envs.py",
        (("        ended = terminated | truncated\n", "        ended = terminated\n"),
         ("self._tensor(terminated), self._tensor(ended)",
          "self._tensor(terminated), self._tensor(terminated)")),
        "test_envs.py::test_terminated_truncated_and_the_last_observation",
    ),
    "rewards are noise": Bug(
        "envs.py",
        (("        before, self.obs = self.obs, self._tensor(obs)\n",
          "        before, self.obs = self.obs, self._tensor(obs)\n"
          "        reward = self.rng.normal(self.sub_envs).numpy().reshape(-1)\n"),),
        "test_dqn.py::test_solves_a_tiny_environment",
    ),
    "epsilon counts updates": Bug(
        "dqn.py",
        (("act(q, epsilon(t), rng)", "act(q, epsilon(update), rng)"),),
        "test_dqn.py::test_schedules_are_read_at_every_step",
    ),
    "(B,) against (B, 1)": Bug(
        "dqn.py",
        (("    return y - online(batch.obs).gather(-1, batch.action[..., None]).squeeze(-1)\n",
          "    return y[:, None] - online(batch.obs).gather(-1, batch.action[..., None])  # (S, B, B)\n"),
         ("objective = (batch.weight * loss(td_error)).mean(1)", "objective = loss(td_error).mean((1, 2))")),
        "test_dqn.py::test_td_errors_on_a_constant_network",
    ),
    "the same target network": Bug(
        "dqn.py",
        (("frozen = copy.deepcopy(online)", "frozen = online"),),
        "test_dqn.py::test_the_target_network_is_another_object_and_equals_the_online_one_only_after_a_sync",
    ),
    "the same initial state": Bug(
        "vector.py",
        (("        return (self.rng.uniform(self.sub_envs, 4).numpy() * 0.1 - 0.05)",
          "        again = [np.random.default_rng(seed) for seed in self.rng.seeds]\n"
          "        return (np.stack([rng.random((self.sub_envs, 4)) for rng in again]) * 0.1 - 0.05)"),),
        "test_envs.py::test_initial_observations_differ_between_episodes_seeds_and_sub_environments",
    ),
    "returns across episodes": Bug(
        "returns.py",
        (("gamma * ~ended[:, t] * total", "gamma * total"),),
        "test_policy_gradient.py::test_advantages_by_hand",
    ),
    "returns reset where the reward is 0": Bug(
        "returns.py",
        (("gamma * ~ended[:, t] * total", "gamma * (reward[:, t] != 0) * total"),),
        "test_policy_gradient.py::test_advantages_by_hand",
    ),
    "standardised per episode": Bug(
        "policy_gradient.py",
        (("    n = valid.sum((1, 2), keepdim=True)\n"
          "    mean = (advantage * valid).sum((1, 2), keepdim=True) / n\n"
          "    variance = ((advantage - mean) ** 2 * valid).sum((1, 2), keepdim=True) / n\n",
          "    n = valid.sum(1, keepdim=True)\n"
          "    mean = (advantage * valid).sum(1, keepdim=True) / n\n"
          "    variance = ((advantage - mean) ** 2 * valid).sum(1, keepdim=True) / n\n"),),
        "test_policy_gradient.py::test_standardize_counts_valid_steps_only",
    ),
    "the critic learns through its own bootstrap": Bug(
        "policy_gradient.py",
        (("    with torch.no_grad():\n        value, next_value",
          "    if True:\n        value, next_value"),),
        "test_policy_gradient.py::test_no_gradient_passes_through_the_advantage",
    ),
    "the last advantage left 0": Bug(
        "returns.py",
        (("    delta = reward + gamma * ~terminated * next_value - value\n",
          "    delta = reward + gamma * ~terminated * next_value - value\n    delta[:, -1] = 0\n"),),
        "test_policy_gradient.py::test_advantages_by_hand",
    ),
    "autoreset rows": Bug(
        "vector.py",
        (("        final_obs, reward, terminated, truncated, _ = self.envs.step(action)\n"
          "        ended, start = terminated | truncated, self._initial_states()"
          "  # drawn always: streams stay in step\n",
          "        ended, start = self.envs.prev_done.copy(), self._initial_states()\n"
          "        final_obs, reward, terminated, truncated, _ = self.envs.step(action)\n"),
         ("        self.envs.steps[ended] = 0\n"
          "        self.envs.prev_done[:] = False  # else the next step would reset again\n"
          "        return self.envs.state.T.astype(np.float32), reward, terminated, truncated, final_obs\n",
          "        obs = self.envs.state.T.astype(np.float32)\n"
          "        return obs, reward, terminated, truncated, obs\n")),
        "test_envs.py::test_cart_poles_move_as_gymnasiums_single_cart_pole_does",
    ),
    "the TD error clipped": Bug(
        "dqn.py",
        (("loss(td_error)).mean(1)", "loss(td_error.clamp(-1, 1))).mean(1)"),),
        "test_dqn.py::test_a_large_td_error_still_moves_the_weights",
    ),
    "one norm for all seeds": Bug(
        "gradients.py",
        (("grad.norm(dim=1, keepdim=True)", "grad.norm()"),),
        "test_seeds.py::test_clipping_is_per_seed",
    ),
    "priorities without weights": Bug(
        "replay.py",
        (("return index, ratio ** self.beta(self.added)", "return index, torch.ones_like(ratio)"),),
        "test_replay.py::test_with_full_weights_the_expected_gradient_is_that_of_uniform_replay",
    ),
    "a target that moves with the prediction": Bug(
        "dqn.py",
        (("    return y - online(batch.obs).gather(-1, batch.action[..., None]).squeeze(-1)\n",
          "    q = online(batch.obs).gather(-1, batch.action[..., None]).squeeze(-1)\n"
          "    return (q + (y - q).detach()) - q\n"),),
        "test_dqn.py::test_td_errors_on_a_constant_network",
    ),
    "the wrong sign": Bug(
        "tabular.py",
        (("step_size(t) * td_error", "-step_size(t) * td_error"),),
        "test_tabular.py::test_one_update_by_hand",
    ),
}
