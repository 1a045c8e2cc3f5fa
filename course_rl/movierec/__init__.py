"""MovieRec-v0: a recommender whose users come from real ratings."""

import gymnasium as gym

from course_rl.movierec.env import MovieRec, MovieRecs, MovieRecVector, Subscribers
from course_rl.movierec.networks import Films, FilmScores, policy_network, q_network, value_network
from course_rl.movierec.planning import GroupPlanner, Planner, expected_return
from course_rl.movierec.policies import (
    Outlook,
    myopic,
    no_third,
    outlook,
    popular,
    split,
    top_rated,
    uniform,
)
from course_rl.movierec.world import GROUP_NAMES, HELD_OUT_USERS, TRAIN_USERS, World, facts, world

ID = "course_rl/MovieRec-v0"
gym.register(ID, entry_point=MovieRec, vector_entry_point=MovieRecVector)
